"""Index advice as suspicions: what the two kinds about indexes share."""

from __future__ import annotations

import functools
from collections.abc import Iterator, Sequence

from subsecond.diagnose.detector import chain, place, seconds
from subsecond.diagnose.evidence import grouped, print_of, selects, shortened
from subsecond.model.database import DatabaseFacts
from subsecond.model.experiment import Experiment
from subsecond.model.finding import Suspicion
from subsecond.model.index import IndexSpec
from subsecond.model.trace import Span, Trace
from subsecond.sql.advice import Proposal, Rejection, advise
from subsecond.sql.dialect import create_index_sql
from subsecond.sql.workload import Wanted, wanted

MIN_SHARE = 0.01
"""Of the request's time; below it an index is not worth its writes (the greedy choice of AutoAdmin stops there too)."""
MAX_EXPERIMENTS = 3
PHASE = 1


class Advice:
    """Index advice for one database, made once for all routes."""

    def __init__(self, database: DatabaseFacts) -> None:
        self.system = database.system
        self.proposals, self.rejections = advise(database)
        self.ordinary = wanted([one for one in self.proposals if one.wrapped is None])
        wrapped = [one for one in self.proposals if one.wrapped is not None]
        self.wrapped = wanted(wrapped)
        self.hopeless = [one for one in wrapped if not one.specs]

    def rejected(self, proposals: Sequence[Proposal]) -> list[Rejection]:
        """What else was thought of for the same tables of the same statements."""
        about = {(one.fingerprint, one.table) for one in proposals}
        return [one for one in self.rejections if (one.fingerprint, one.table) in about]


class _Held:
    """Facts as a key of the cache: equal only to themselves."""

    def __init__(self, facts: DatabaseFacts) -> None:
        self.facts = facts

    def __hash__(self) -> int:
        return id(self.facts)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Held) and other.facts is self.facts


@functools.lru_cache(maxsize=1)
def _advice(held: _Held) -> Advice:
    return Advice(held.facts)


def advice_on(database: DatabaseFacts) -> Advice:
    """The advice for a database, remembered from route to route."""
    return _advice(_Held(database))


def spans_of(trace: Trace, proposals: Sequence[Proposal], advice: Advice) -> list[Span]:
    """The recorded statements that proposals are about, where they cost a share of the request that counts.

    SQLite finds its rows while they are fetched: the time of a statement says nothing there.
    """
    prints = {one.fingerprint for one in proposals}
    spans = [span for span in selects(trace) if print_of(span) in prints]
    return spans if advice.system == "sqlite" or seconds(spans) >= MIN_SHARE * trace.seconds else []


def experiments(specs: Sequence[IndexSpec]) -> tuple[Experiment, ...]:
    """Each way to build the index, as an experiment of its own."""
    return tuple(
        Experiment(fix="index", parameters=spec.parameters(), note=spec.text) for spec in specs[:MAX_EXPERIMENTS]
    )


def suspicion(kind: str, trace: Trace, spans: Sequence[Span], one: Wanted, advice: Advice) -> Suspicion:
    """An index that recorded statements of this request want."""
    worst = max(one.proposals, key=lambda proposal: proposal.read - proposal.needed)
    sites = sorted(grouped(spans, lambda span: span.stack).values(), key=seconds, reverse=True)
    return Suspicion(
        kind=kind,
        phase=PHASE,
        request=trace.request,
        title=f"{worst.table}: {worst.read:,.0f} rows read for {worst.needed:,.0f}; an index on "
        f"({', '.join(key.text for key in one.spec.keys)}) is missing",
        site=place(sites[0][0].site),
        fingerprint=one.spec.text,
        queries=len(spans),
        seconds=seconds(spans),
        evidence=(
            *_statements(spans),
            f"now: {worst.now}",
            *_costs(worst),
            f"{create_index_sql(one.spec, advice.system, concurrently=True)};",
            *(f"or: {create_index_sql(spec, advice.system, concurrently=True)};" for spec in one.alternatives),
            *(f"not proposed: {other.what}: {other.why}" for other in advice.rejected(one.proposals)[:5]),
        ),
        experiments=experiments((one.spec, *one.alternatives)),
    )


def _statements(spans: Sequence[Span]) -> Iterator[str]:
    for fingerprint, group in list(grouped(spans, print_of).items())[:3]:
        yield f"{len(group)} × {shortened(fingerprint)}"
        yield f"called by {chain(group[0])}"


def _costs(one: Proposal) -> Iterator[str]:
    if one.before is not None and one.after is not None:
        yield f"planner's cost {one.before:,.0f}, with the index {one.after:,.0f} (HypoPG; no time of anything)"
