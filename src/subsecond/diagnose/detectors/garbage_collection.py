"""Detector of garbage-collection."""

from __future__ import annotations

import statistics
from collections.abc import Iterator, Sequence
from typing import ClassVar

from subsecond.diagnose.detector import detector, place, spot
from subsecond.durations import text as shown
from subsecond.model.facts import Facts
from subsecond.model.finding import Suspicion
from subsecond.model.trace import Frame, Trace

MIN_SHARE = 0.1
"""Of a request's seconds, in most of its runs: a single long collection may be a neighbour's garbage (a light request
rose from 5 to 42 ms after a heavy one: reference, measuring, section 3)."""
MIN_SECONDS = 0.005
"""In one run; a trial's smallest margin."""
MIN_RUNS = 3
"""Recorded and profiling ones; of fewer none is the middle one."""


@detector
class GarbageCollection:
    """Python's garbage collector stops the request again and again to look at objects that are all still in use.

    Why it is slow: each time some hundreds of new lists, dictionaries or objects are there, the collector goes through
    the young ones, and now and then through every object of the process. A request that builds 100,000 objects pays
    for that as long as it builds, and finds nothing to throw away.

    What to do: fewer objects: rows instead of ORM objects, only the columns and rows that are needed, a generator
    instead of lists of lists. For what the process keeps for ever: `gc.collect(); gc.freeze()` when the application has
    been loaded, before workers are forked. A higher first threshold (`gc.set_threshold(50_000, 20, 20)`) makes it look
    less often; measure the memory.

    When it is fine: the objects are needed, and the share is small.

    Rule: the collector took a tenth of the request's seconds or more, and 5 ms, in most of its recorded and profiling
    runs (three at least), and in most of the profiling ones alone, which make no objects but the app's. Call site: the
    line of the app that took most of the CPU: where the objects are made, mostly. The seconds are those of the middle
    run: an estimate, and an upper bound.
    """

    phase: ClassVar[int | None] = 5

    def find(self, traces: Sequence[Trace], facts: Facts) -> Iterator[Suspicion]:
        for name in dict.fromkeys(trace.request for trace in traces):
            profiled = [trace for trace in facts.profiled if trace.request == name]
            runs = [*profiled, *(trace for trace in traces if trace.request == name)]
            if not profiled or len(runs) < MIN_RUNS:
                continue
            cost = min(_middle([run.gc_seconds for run in some]) for some in (profiled, runs))
            share = min(_middle([run.gc_seconds / max(run.seconds, 1e-6) for run in some]) for some in (profiled, runs))
            if cost < MIN_SECONDS or share < MIN_SHARE:
                continue
            busy = _busy(profiled)
            hottest = max(busy, key=lambda frame: busy[frame], default=None)
            yield Suspicion(
                kind="garbage-collection",
                phase=self.phase,
                request=name,
                title=f"{shown(cost)} of each request goes into collecting garbage, {share:.0%} of it",
                site=place(hottest),
                fingerprint=traces[0].route or traces[0].path,
                seconds=cost,
                evidence=(
                    f"in {len(runs)} runs: {shown(min(run.gc_seconds for run in runs))} "
                    f"to {shown(max(run.gc_seconds for run in runs))}",
                    *((f"busiest meanwhile: {spot(hottest)}",) if hottest is not None else ()),
                ),
                untestable="how objects are made has to be changed; what the collector takes is the most it could give",
            )


def _middle(values: Sequence[float]) -> float:
    """The median; of an even number the lower one, so that most are as large."""
    return statistics.median_low(values)


def _busy(runs: Sequence[Trace]) -> dict[Frame, float]:
    """CPU seconds by line of the app, over all runs."""
    found: dict[Frame, float] = {}
    for run in runs:
        for frame, spent in run.profile.by_line().items() if run.profile is not None else ():
            found[frame] = found.get(frame, 0.0) + spent
    return found
