"""Detector of connection-held."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import ClassVar

from subsecond.diagnose.deeply import OF_DATABASES, computed, in_libraries
from subsecond.diagnose.detector import detector, place, seconds, spot
from subsecond.diagnose.evidence import checkouts, grouped, waited
from subsecond.durations import text as shown
from subsecond.model.facts import Facts
from subsecond.model.finding import Suspicion
from subsecond.model.trace import Span, Trace
from subsecond_agent import protocol

MIN_IDLE_SHARE = 0.5
"""Of the time the connection is held, and of the request: a pool then serves half of the requests that it could."""
MIN_IDLE = 0.05
"""Seconds. Below it other requests hardly notice, whatever the share."""
PER_ROW = 100e-6
"""Seconds that making an object of a row may take, and the most that is left out where a profile saw less: 20 to 50 µs
with SQLAlchemy, twice that on a busy machine."""


@detector
class ConnectionHeld:
    """A connection is kept while the request computes, logs, or waits for something else.

    Why it matters: a request alone does not feel it. Under load the pool is what everybody waits for: with 5
    connections held for a second each, a worker answers 5 requests a second, though the database is idle.

    What to do: fetch, close the session, then build the response (`with Session() as s:` around the fetching alone);
    no call of another service inside; in Flask-SQLAlchemy `db.session.remove()` before a long rest. What is read lazily
    afterwards has to be loaded before.

    When it is fine: the work in between belongs to the transaction, such as holding a lock meanwhile.

    Rule: one check-out, at least half of whose time no statement of its own was running, that idle time being half of
    the request or more, and 50 ms. What the making of objects took by the profiling runs, in functions that send its
    statements, is left out of it: 100 µs a row at most, and that much without a profile. Call site: the place that
    opened it. It has no seconds of its own: a request alone does not pay for it.
    """

    phase: ClassVar[int | None] = 2

    def find(self, traces: Sequence[Trace], facts: Facts) -> Iterator[Suspicion]:
        for trace in traces:
            held = [(taken, idle) for taken in checkouts(trace) if (idle := _idle(trace, taken, facts)) is not None]
            for opener, group in grouped([taken for taken, _ in held], trace.opener).items():
                worst, idle = max(((one, wasted) for one, wasted in held if one in group), key=lambda pair: pair[1])
                statements = _statements(trace, worst)
                last = max((span.end for span in statements), default=worst.start)
                yield Suspicion(
                    kind="connection-held",
                    phase=self.phase,
                    request=trace.request,
                    title=f"held for {shown(worst.seconds - waited(worst))}, idle for {shown(idle)} of it",
                    site=place(opener),
                    fingerprint=opener.function if opener else "",
                    seconds=0.0,
                    evidence=(
                        f"opened at {spot(opener)}",
                        f"{len(statements)} statements in it took {shown(seconds(statements))}",
                        f"kept for {shown(max(0.0, worst.end - last))} after the last one",
                    ),
                    untestable="a request alone does not feel it: what it gives shows under load, where others wait",
                )


def _statements(trace: Trace, taken: Span) -> list[Span]:
    """Statements that this very connection ran."""
    number = next(place for place, span in enumerate(trace.spans) if span is taken)
    return [span for span in trace.spans if span.name == protocol.SPAN_QUERY and _within(trace, span, number)]


def _within(trace: Trace, span: Span, number: int) -> bool:
    while span.parent is not None:
        if span.parent == number:
            return True
        span = trace.spans[span.parent]
    return False


def _idle(trace: Trace, taken: Span, facts: Facts) -> float | None:
    """Seconds without a statement, None where they are too few to speak of."""
    held = taken.seconds - waited(taken)
    own = _statements(trace, taken)
    idle = held - seconds(own) - _making(trace, own, facts)
    enough = idle >= MIN_IDLE_SHARE * held and idle >= MIN_IDLE_SHARE * trace.seconds and idle >= MIN_IDLE
    return idle if enough else None


def _making(trace: Trace, statements: Sequence[Span], facts: Facts) -> float:
    """Seconds in which the rows of some statements were made into objects."""
    rows = sum(told for span in statements if isinstance(told := span.attributes.get(protocol.DB_ROWS), int))
    most = PER_ROW * rows
    if computed(trace.request, facts) == 0.0:
        return most
    senders = {(span.stack[0].file, span.stack[0].function) for span in statements if span.stack}
    took = in_libraries(trace, facts, OF_DATABASES)
    return min(most, sum(sum(by.values()) for at, by in took.items() if (at.file, at.function) in senders))
