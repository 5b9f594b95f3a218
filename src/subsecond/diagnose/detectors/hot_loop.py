"""Detector of hot-loop."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import ClassVar

from subsecond.diagnose.code import in_loop
from subsecond.diagnose.deeply import MANY, callers, computed, functions, lines, pairs
from subsecond.diagnose.detector import chain_of, detector, place, spot
from subsecond.diagnose.evidence import queries
from subsecond.durations import text as shown
from subsecond.model.deep import FunctionCalls
from subsecond.model.facts import Facts
from subsecond.model.finding import Place, Suspicion
from subsecond.model.trace import Frame, Trace

MIN_SHARE = 0.1
"""Of the request's CPU, in the lines of one function alone. At a sample each 5 ms and a second of profile, twenty
samples: known to a quarter."""
MIN_CPU = 0.005
"""Seconds of one request."""
MIN_SAMPLED = 0.02
"""Seconds over all profiled runs: with fewer than four samples of 5 ms nothing is measured."""


@detector
class HotLoop:
    """The app's own lines take the processor, in a loop.

    Why it is slow: for each of 200 rooms and 12 slots, all bookings of all rooms are gone through: half a million
    comparisons for a few hundred answers. Twice the data takes four times as long.

    What to do: group once before the loop (`by_room.setdefault(booking.room_id, []).append(booking)`) and look up in
    it; sort once and walk along; let the database join. Then make the loop's body cheap.

    When it is fine: the loop is the work that the request is for.

    Rule: by the profiling runs, lines of one function that stand in a loop, or in a function called 100 times or more,
    take at least a tenth of the request's CPU, and 5 ms; what the ORM computes when a line reads attributes counts,
    other libraries and lines that send statements, log or call out do not, nor does a function that sends one each time
    (`n-plus-one-query`). Where all of it is the work of a function that need not be called as often, `static-lookup`
    or `repeated-call` says it. Call site: the hottest line; cause: the loop that calls its function again and again,
    where that stands elsewhere. The seconds are CPU of a profiled run: an estimate, and an upper bound of what any
    rewriting could give.
    """

    phase: ClassVar[int | None] = 5

    def find(self, traces: Sequence[Trace], facts: Facts) -> Iterator[Suspicion]:
        for trace, run in pairs(traces, facts):
            called = {(one.file, one.function): one for one in functions(run)}
            whole = computed(trace.request, facts)
            by_function: dict[tuple[str, str], dict[Frame, float]] = {}
            runs = sum(profiled.request == trace.request for profiled in facts.profiled)
            for frame, cost in lines(trace, facts).items():
                by_function.setdefault((frame.file, _around(frame.function)), {})[frame] = cost
            for key, hot in by_function.items():
                cost = sum(hot.values())
                told = called.get(key)
                if told is not None and told.calls >= MANY and _sends(trace, key) >= told.calls:
                    continue
                if cost < max(MIN_CPU, MIN_SAMPLED / max(1, runs), MIN_SHARE * whole) or not _repeats(hot, told, facts):
                    continue
                found = self.suspicion(trace, key[1], hot, told)
                yield replace(found, inside=callers(trace.request, hot, facts), cause=_called_in(told, facts))

    def suspicion(self, trace: Trace, function: str, hot: dict[Frame, float], told: FunctionCalls | None) -> Suspicion:
        """One function whose own lines are hot."""
        ordered = sorted(hot.items(), key=lambda item: -item[1])
        cost = sum(hot.values())
        calls = f", called {told.calls:,} times" if told is not None and told.calls > 1 else ""
        return Suspicion(
            kind="hot-loop",
            phase=self.phase,
            request=trace.request,
            title=f"{shown(cost)} of CPU in the lines of {function.rpartition('.')[2]}{calls}",
            site=place(ordered[0][0]),
            fingerprint=function,
            seconds=cost,
            evidence=(
                *(f"{shown(spent)} at {spot(frame)}" for frame, spent in ordered[:5]),
                *((f"first called at {chain_of(told.stack)}",) if told is not None else ()),
            ),
            untestable="a loop has to be written anew; its CPU is the most that this could give",
        )


def _around(function: str) -> str:
    """The named function whose lines a comprehension or a lambda stands among."""
    name = function
    while name.rpartition(".")[2].startswith("<"):
        name = name.rpartition(".")[0].removesuffix(".<locals>") or function
        if name == function:
            break
    return name


def _repeats(hot: dict[Frame, float], told: FunctionCalls | None, facts: Facts) -> bool:
    hottest = max(hot, key=lambda frame: hot[frame])
    return (told is not None and told.calls >= MANY) or in_loop(hottest, facts.root)


def _sends(trace: Trace, function: tuple[str, str]) -> int:
    """Statements of one recorded request that a function itself sends."""
    sites = (span.stack[0] for span in queries(trace) if span.stack)
    return sum((site.file, _around(site.function)) == function for site in sites)


def _called_in(told: FunctionCalls | None, facts: Facts) -> Place | None:
    """The nearest line that calls, in a loop, what was called many times; None where none of the chain is in a loop."""
    if told is None or told.calls < MANY:
        return None
    return next((place(frame) for frame in told.stack if in_loop(frame, facts.root)), None)
