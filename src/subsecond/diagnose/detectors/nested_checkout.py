"""Detector of nested-checkout."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import ClassVar

from subsecond.diagnose.detector import detector, place, spot
from subsecond.diagnose.evidence import checkouts
from subsecond.model.finding import Suspicion
from subsecond.model.trace import Frame, Span, Trace
from subsecond_agent import protocol


@detector
class NestedCheckout:
    """A request takes a second connection while it still holds one.

    Why it matters: it is a dead-lock, not a queue. As soon as as many requests run in one worker as the pool
    has connections, each holds one and waits for a second that nobody gives back, until the pool's time-out
    answers them all with an error. Measured with a pool of 5: no error at 4 requests in flight, 12 of 15
    answers were errors at 5. Batching the statements does not help; one session does.

    What to do: pass the open session to the helper, or close the outer one first.

    When it is fine: never with one pool; with a second pool it is a cost, not a danger.

    Rule: two check-outs of one pool overlap within one request; seen from one trace, without any load.
    Call site: the place that opens the inner one; cause: the place that holds the outer one. It has no
    seconds: a request alone hardly pays for it.
    """

    phase: ClassVar[int | None] = 2
    title: ClassVar[str] = "a second connection while one is held"

    def find(self, traces: Sequence[Trace]) -> Iterator[Suspicion]:
        for trace in traces:
            for (inner, outer), spans in _nested(trace).items():
                pool = spans[0].attributes.get(protocol.DB_POOL_SIZE)
                limit = f"{pool} or more" if pool else "as many as the pool holds"
                yield Suspicion(
                    kind="nested-checkout",
                    phase=self.phase,
                    request=trace.request,
                    title=f"{len(spans)} × while another is held: dead-lock possible with {limit} requests in a worker",
                    site=place(inner),
                    cause=place(outer),
                    fingerprint=spot(outer),
                    evidence=(f"inner opened at {spot(inner)}", f"outer held since {spot(outer)}"),
                )


def _nested(trace: Trace) -> dict[tuple[Frame | None, Frame | None], list[Span]]:
    """Inner check-outs by (place that opened it, place that holds the outermost one of the same pool)."""
    found: dict[tuple[Frame | None, Frame | None], list[Span]] = {}
    taken = checkouts(trace)
    for number, inner in enumerate(taken):
        for outer in taken[:number]:
            same_pool = outer.attributes.get(protocol.DB_POOL) == inner.attributes.get(protocol.DB_POOL)
            if same_pool and outer.start + outer.seconds > inner.start:
                found.setdefault((trace.opener(inner), trace.opener(outer)), []).append(inner)
                break
    return found
