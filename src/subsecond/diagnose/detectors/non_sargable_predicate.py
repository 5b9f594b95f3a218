"""Detector of non-sargable-predicate."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import ClassVar

from subsecond.diagnose.detector import detector, place, seconds
from subsecond.diagnose.evidence import shortened
from subsecond.diagnose.indexes import PHASE, advice_on, spans_of, suspicion
from subsecond.model.facts import Facts
from subsecond.model.finding import Suspicion
from subsecond.model.trace import Span, Trace
from subsecond.sql.advice import Proposal


@detector
class NonSargablePredicate:
    """A condition wraps the column in a function, so that an ordinary index on the column cannot serve it.

    Why it is slow: for `date(starts_at) = ?` or `lower(email) = ?` the database computes the function for every row
    of the table, whatever index the column has. The same goes for a LIKE that begins with a wildcard.

    What to do: ask for the bare column. A day is a range: `starts_at >= :day AND starts_at < :day + 1`, served by an
    index on `starts_at`; in SQLAlchemy two comparisons in place of `func.date(...)`, in Django `__gte` and `__lt` in
    place of `__date`. Where the wrapping is meant (a search without case), index the expression itself:
    `CREATE INDEX … ((lower(email)))`, and run ANALYZE, since the database keeps statistics of an expression only
    once it has an index. What depends on the session's time zone cannot be indexed: only the range is left. For a
    pattern with a wildcard in front, a trigram index (`pg_trgm`).

    When it is fine: another condition already leaves few rows, or the table is small.

    Rule: as for `missing-index`, where the condition that leaves few rows compares an expression over one column.
    The trial builds the index on the expression: what the range would give is the same or better.
    Call site: the place whose statements take longest.
    """

    phase: ClassVar[int | None] = PHASE

    def find(self, traces: Sequence[Trace], facts: Facts) -> Iterator[Suspicion]:
        if facts.database is None:
            return
        advice = advice_on(facts.database)
        for trace in traces:
            for one in advice.wrapped:
                if spans := spans_of(trace, one.proposals, advice):
                    found = suspicion("non-sargable-predicate", trace, spans, one, advice)
                    yield replace(found, title=_title(one.proposals[0]), evidence=_evidence(one.proposals[0], found))
            for hopeless in advice.hopeless:
                if spans := spans_of(trace, [hopeless], advice):
                    yield self.without_index(trace, spans, hopeless)

    def without_index(self, trace: Trace, spans: Sequence[Span], one: Proposal) -> Suspicion:
        """A condition that no index can hold as it is written."""
        worst = max(spans, key=lambda span: span.seconds)
        found = Suspicion(
            kind="non-sargable-predicate",
            phase=self.phase,
            request=trace.request,
            title=_title(one),
            site=place(worst.site),
            fingerprint=one.fingerprint,
            queries=len(spans),
            seconds=seconds(spans),
            evidence=(shortened(one.fingerprint), f"now: {one.now}"),
            untestable=f"no index can hold it as it is written, so none can be tried: {one.why}",
        )
        return replace(found, evidence=_evidence(one, found))


def _title(one: Proposal) -> str:
    assert one.wrapped is not None
    what = one.wrapped.expression or f"a pattern on {one.wrapped.inside}"
    return f"{one.table}: {one.read:,.0f} rows read for {one.needed:,.0f}, because {what} is compared"


def _evidence(one: Proposal, found: Suspicion) -> tuple[str, ...]:
    why = (f"{one.defeated} on the bare column is of no use to it",) if one.defeated else ()
    return (*found.evidence, *why)
