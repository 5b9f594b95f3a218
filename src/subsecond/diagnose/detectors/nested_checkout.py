"""Detector of nested-checkout."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import ClassVar

from subsecond.diagnose.detector import detector, place, spot
from subsecond.diagnose.evidence import checkouts, grouped
from subsecond.model.experiment import Experiment
from subsecond.model.facts import Facts
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

    Rule: two check-outs of one pool overlap within one request, in one thread or while the request's own thread
    holds the outer one (threads that each take a single connection do not count); seen without any load. One
    finding for each place that holds the outer connection (the cause). Call site: the place that opens an
    inner one most often; all are listed. It has no seconds: a request alone hardly pays for it.
    """

    phase: ClassVar[int | None] = 2

    def find(self, traces: Sequence[Trace], facts: Facts) -> Iterator[Suspicion]:
        for trace in traces:
            for outer, inner in _nested(trace).items():
                places = sorted(grouped(inner, trace.opener).items(), key=lambda item: -len(item[1]))
                limit = inner[0].attributes.get(protocol.DB_POOL_SIZE)
                when = f"{limit} requests at once" if limit else "as many requests at once as the pool has connections"
                times = (
                    "a second connection is taken" if len(inner) == 1 else f"{len(inner)} more connections are taken"
                )
                yield Suspicion(
                    kind="nested-checkout",
                    phase=self.phase,
                    request=trace.request,
                    title=f"{times} while one is held: {when} in one worker block each other till the pool gives up",
                    site=place(places[0][0]),
                    cause=place(outer),
                    fingerprint=spot(outer),
                    evidence=(
                        f"outer held since {spot(outer)}",
                        *(f"{len(spans)} × inner opened at {spot(frame)}" for frame, spans in places),
                    ),
                    experiments=(
                        Experiment(
                            fix="one-connection",
                            saves={trace.request: {protocol.COUNT_CHECKOUTS: len(inner)}},
                            note="what it saves shows under load, where it removes a dead-lock",
                        ),
                    ),
                )


def _nested(trace: Trace) -> dict[Frame | None, list[Span]]:
    """Inner check-outs by each place that holds an open one of the same pool."""
    found: dict[Frame | None, list[Span]] = {}
    taken = checkouts(trace)
    for number, inner in enumerate(taken):
        for outer in taken[:number]:
            same_pool = outer.attributes.get(protocol.DB_POOL) == inner.attributes.get(protocol.DB_POOL)
            if same_pool and outer.end > inner.start and _waits(outer, inner):
                held = found.setdefault(trace.opener(outer), [])
                if inner not in held:
                    held.append(inner)
    return found


def _waits(outer: Span, inner: Span) -> bool:
    """Does who holds the outer connection wait for the inner one? The request's own thread waits for its threads."""
    holder = outer.attributes.get(protocol.THREAD)
    return holder is None or holder == inner.attributes.get(protocol.THREAD)
