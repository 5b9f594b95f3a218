"""Detector of slow-serialisation."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import ClassVar

from subsecond.diagnose.deeply import SERIALISERS, callers, computed, in_libraries
from subsecond.diagnose.detector import detector, place, spot
from subsecond.durations import text as shown
from subsecond.model.facts import Facts
from subsecond.model.finding import Suspicion
from subsecond.model.trace import Frame, Trace

MIN_SHARE = 0.1
"""Of the request's CPU, below one function of the app's: at a sample each 5 ms and a second of profile, known to a
quarter (as `hot-loop`)."""
MIN_CPU = 0.005
"""Seconds of one request."""
MIN_SAMPLED = 0.02
"""Seconds over all profiled runs: with fewer than four samples of 5 ms nothing is measured."""


@detector
class SlowSerialisation:
    """The processor is busy turning objects into JSON (or parsing it), field by field, in Python.

    Why it is slow: a schema library looks at each field of each row; `json.dumps` with `indent`, a `default=` that is
    called for every date, or an encoder class of one's own falls back from C to Python and takes ten times as long; a
    part is dumped, parsed and dumped again.

    What to do: fewer rows and fields first. Leave `indent` and `sort_keys` to people's own tools; hand the encoder
    plain values (`isoformat()`, `str(price)`) instead of a `default=`; plain dictionaries instead of a schema on lists
    that are only sent; a serialiser in C or Rust (`orjson`, `msgspec`, pydantic 2). Let the database make JSON where it
    goes out as it is. Compare the bytes before and after: floats, dates and the order of keys may differ.

    When it is fine: it is an export, and nobody waits for it.

    Rule: by the profiling runs, a tenth of the request's CPU or more, and 5 ms, was taken by packages that serialise,
    below the lines of one of the app's functions. Lines that write log records are left out: `excessive-logging` tells
    of them. Where all of it is the work of a function that need not be called as often, `static-lookup` or
    `repeated-call` says it. Call site: the line that takes most. The seconds are CPU of a profiled run: an estimate,
    and an upper bound of what another serialiser could give.
    """

    phase: ClassVar[int | None] = 5

    def find(self, traces: Sequence[Trace], facts: Facts) -> Iterator[Suspicion]:
        told: set[str] = set()
        for trace in traces:
            if trace.request in told:
                continue
            told.add(trace.request)
            runs = sum(one.request == trace.request for one in facts.profiled)
            least = max(MIN_CPU, MIN_SAMPLED / max(1, runs), MIN_SHARE * computed(trace.request, facts))
            by_function: dict[tuple[str, str], dict[Frame, dict[str, float]]] = {}
            for frame, libraries in in_libraries(trace, facts, SERIALISERS).items():
                by_function.setdefault((frame.file, frame.function), {})[frame] = libraries
            for (_, function), busy in by_function.items():
                lines = {frame: sum(libraries.values()) for frame, libraries in busy.items()}
                cost = sum(lines.values())
                if cost < least:
                    continue
                names = sorted({name for libraries in busy.values() for name in libraries})
                ordered = sorted(lines, key=lambda frame: -lines[frame])
                yield Suspicion(
                    kind="slow-serialisation",
                    phase=self.phase,
                    request=trace.request,
                    title=f"{shown(cost)} of CPU in {', '.join(names)}",
                    site=place(ordered[0]),
                    fingerprint=function,
                    seconds=cost,
                    evidence=tuple(f"{shown(lines[frame])} at {spot(frame)}" for frame in ordered[:5]),
                    untestable="another serialiser has to take its place; its CPU is the most that this could give",
                    inside=callers(trace.request, lines, facts, SERIALISERS),
                )
