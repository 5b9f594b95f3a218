"""Detector of n-plus-one-query."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import ClassVar

from subsecond.diagnose.code import over_constants
from subsecond.diagnose.detector import chain, detector, place, seconds
from subsecond.diagnose.evidence import grouped, places, print_of, selects, shape, shortened, values
from subsecond.model.experiment import Experiment, Learn
from subsecond.model.facts import Facts
from subsecond.model.finding import Suspicion
from subsecond.model.trace import Span, Trace
from subsecond_agent import protocol

MIN_REPEATS = 3
"""Two look-ups from one line are as often a pair (a parent and its own parent) as a loop; three are a loop."""
AGAIN = (
    "the ORM sends it for an attribute of an object that it has: the column is deferred, or commit(), rollback(), "
    "expire() or expire_all() came between; undefer() it in the query, or do not expire what is still used"
)
MOST_CONSTANTS = 12
"""Repeats of a loop over constants that cannot grow: months are the longest list that is common."""
BATCH_VALUES = 50
"""A statement that carries so many values is a batch already, sent in chunks; ORMs chunk at 500 or 1,000."""


@detector
class NPlusOneQuery:
    """The same statement is sent once per row, each time with other values.

    Why it is slow: each statement pays a round trip, the driver, the ORM and a plan, and the number of
    statements grows with the number of rows, so that the page which was fast with 10 rows is slow with 1,000.

    What to do: fetch the rows of all keys with one statement before the loop: `WHERE key IN (…)` and a
    dictionary by key, or a GROUP BY where the loop only counts or sums. In SQLAlchemy
    `select(Booking).where(Booking.item_id.in_(ids))`; in Django `filter(item_id__in=ids)` or `in_bulk`.

    Where the ORM itself reads an object's attributes again, that finding says so: the column is deferred (`undefer` in
    the query loads it with the rest), or the object was expired since (`expire_all`, a commit in the middle, without
    `expire_on_commit=False`).

    When it is fine: the number of repeats is small and can't grow (a loop over three constants).

    Rule: statements are grouped by fingerprint and by the whole chain of own frames (those of a recursion once),
    at least 3 in one request, with at least two different sets of values. Statements that a relationship sent
    belong to `lazy-load`, those with equal values to `duplicate-query`, and those that carry 50 values or more
    are batches already. A loop over constants (written out, or a name in capitals) of at most 12 is left in peace.
    """

    phase: ClassVar[int | None] = 2

    def find(self, traces: Sequence[Trace], facts: Facts) -> Iterator[Suspicion]:
        for trace in traces:
            loops = [group for group in grouped(_candidates(trace), shape).values() if _is_loop(group)]
            by_line = grouped((span for group in loops for span in group), lambda span: (print_of(span), span.site))
            for (fingerprint, site), spans in by_line.items():
                if len(spans) <= MOST_CONSTANTS and over_constants(spans[0].stack, facts.root):
                    continue
                again = spans[0].attributes.get(protocol.COLUMN_LOAD)
                what = f"a {again} is read again" if again else "one statement"
                yield Suspicion(
                    kind="n-plus-one-query",
                    phase=self.phase,
                    request=trace.request,
                    title=f"{len(spans)} × {what}, {len({values(span) for span in spans})} different values",
                    site=place(site),
                    fingerprint=fingerprint,
                    queries=len(spans),
                    seconds=seconds(spans),
                    evidence=(shortened(fingerprint), f"called by {chain(spans[0])}", *([AGAIN] if again else [])),
                    experiments=_experiments(trace.request, fingerprint, spans)[-1 if again else 0 :],
                )


def _experiments(request: str, fingerprint: str, spans: Sequence[Span]) -> tuple[Experiment, ...]:
    """By primary key, by another column, else as if the function around it cost nothing."""
    chain_of = places(spans[0])
    statement = Learn(what="statements", fingerprint=fingerprint)
    keys = Learn(what="keys", fingerprint=fingerprint)
    all_but_one = {request: {protocol.COUNT_QUERIES: len(spans) - 1}}
    by_key = {"model": Learn(what="model", fingerprint=fingerprint), "keys": keys}
    return (
        Experiment(fix="batch", learn=by_key, saves=all_but_one),
        Experiment(
            fix="batch-equality", learn={"statements": statement, "keys": keys}, saves=all_but_one,
            fidelity="lower bound", note="the statements are still built one by one",
        ),
        Experiment(
            fix="memoise", parameters={"scope": "process"}, learn={"function": Learn(what="function", chain=chain_of)},
            saves={request: {protocol.COUNT_QUERIES: len(spans)}}, fidelity="estimate",
            note="as if the function cost nothing",
        ),
    )  # fmt: skip


def _candidates(trace: Trace) -> Iterator[Span]:
    for span in selects(trace):
        carried = span.attributes.get(protocol.VALUES)
        is_batch = isinstance(carried, int) and carried >= BATCH_VALUES
        if not is_batch and protocol.LAZY_LOAD not in span.attributes and protocol.EAGER_LOAD not in span.attributes:
            yield span


def _is_loop(group: list[Span]) -> bool:
    return len(group) >= MIN_REPEATS and len({values(span) for span in group}) > 1
