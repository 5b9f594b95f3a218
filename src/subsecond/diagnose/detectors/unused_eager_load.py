"""Detector of unused-eager-load."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import ClassVar

from subsecond.diagnose.deeply import Fetched, fetched
from subsecond.diagnose.detector import chain, detector, place, seconds
from subsecond.diagnose.evidence import shortened
from subsecond.model.experiment import Experiment
from subsecond.model.facts import Facts
from subsecond.model.finding import Suspicion
from subsecond.model.trace import Trace
from subsecond_agent import protocol

MIN_ROWS = 10
"""Fewer related objects cost less than the lazy load that would come in their place."""


@detector
class UnusedEagerLoad:
    """A relationship is loaded with its parents, and nobody looks at it.

    Why it is slow: a join multiplies the rows, or one more statement brings them; each becomes an object.

    What to do: take the option out of this statement; where the relationship's own `lazy=` says it, make that
    `"select"` (or `"raise"`) and name it in the statements that need it.

    When it is fine: other requests of the same route read it; the objects are handed on to what does.

    Rule: in the deep run, what a loader option or a relationship's `lazy=` brought (at least 10 rows), where neither a
    column of the related objects was read nor the relationship of any parent. Call site: the statement; cause: the
    relationship. The seconds are those of its own statement, or of the whole one that it is joined to: what the
    ORM makes of the rows comes on top.
    """

    phase: ClassVar[int | None] = 2

    def find(self, traces: Sequence[Trace], facts: Facts) -> Iterator[Suspicion]:
        every = list(fetched(traces, facts))
        for one in every:
            relation = _relation(one)
            if relation is None or protocol.LAZY_LOAD in one.span.attributes or one.reads.rows < MIN_ROWS:
                continue
            if any(one.reads.columns.values()) or one.reads.relations or _is_read(relation, one, every):
                continue
            own = protocol.EAGER_LOAD in one.span.attributes
            spans = one.spans
            yield Suspicion(
                kind="unused-eager-load",
                phase=self.phase,
                request=one.trace.request,
                title=f"{relation} loaded along ({one.reads.rows:,} rows) and never read",
                site=place(one.span.site),
                cause_symbol=relation,
                fingerprint=relation,
                queries=len(spans) if own else 0,
                seconds=seconds(spans),
                evidence=(shortened(one.fingerprint), f"called by {chain(one.span)}"),
                experiments=(
                    Experiment(
                        fix="drop-eager-load",
                        parameters={"relation": relation},
                        saves={one.trace.request: {protocol.COUNT_QUERIES: len(spans)}} if own else {},
                    ),
                ),
            )


def _relation(one: Fetched) -> str | None:
    """What it was loaded along for; a statement of its own (`selectin`) has the related class for its first entity."""
    along = one.span.attributes.get(protocol.EAGER_LOAD)
    own = str(along) if along is not None and one.reads.entity is not None else None
    return one.reads.relation or own


def _is_read(relation: str, one: Fetched, every: Sequence[Fetched]) -> bool:
    """Whether the relationship of a parent was accessed in the same request."""
    parent, _, key = relation.rpartition(".")
    return any(
        other.trace is one.trace
        and (other.reads.entity or "").rpartition(":")[2].rpartition(".")[2] == parent
        and key in other.reads.relations
        for other in every
    )
