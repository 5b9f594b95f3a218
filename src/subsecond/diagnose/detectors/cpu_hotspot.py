"""Detector of cpu-hotspot."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import ClassVar

from subsecond.diagnose.code import in_loop
from subsecond.diagnose.deeply import MANY, OF_DATABASES, SERIALISERS, callers, computed, functions, pairs
from subsecond.diagnose.detector import detector, place, spot
from subsecond.durations import text as shown
from subsecond.model.facts import Facts
from subsecond.model.finding import Suspicion
from subsecond.model.trace import Frame, Trace

TOLD_ELSEWHERE = SERIALISERS | OF_DATABASES | frozenset({
    "logging", "redis", "valkey", "urllib3", "requests", "httpx", "http", "flask", "werkzeug", "django", "starlette",
    "fastapi", "jinja2", "markupsafe", "gunicorn", "gevent", "greenlet", "threading", "socket", "ssl", "selectors",
})  # fmt: skip
"""Statements, calls and records have their own findings; a framework's part is what answering costs."""
MIN_SHARE = 0.2
"""Of the request's CPU, in one library or one line: with a second of profile, known to a sixth."""
MIN_CPU = 0.01
"""Seconds of one request."""
MIN_SAMPLED = 0.03
"""Seconds over all profiled runs: six samples of 5 ms."""


@detector
class CpuHotspot:
    """One library, or one line that calls into C, takes much of the processor, and no loop of the app's is why.

    Why it is slow: a password is hashed on each request because the client sends it each time; a development tool
    that watches the ORM was left on in production; a document is rendered, a picture scaled, a schema compiled for an
    answer that was the same a minute ago. No statement shows it, and no worker can do anything else meanwhile.

    What to do: ask for it less often (check the password once, then a signed token; keep what was rendered with what
    it was made of), have it done before or after the request, take the tool out of production, or give it less to do.

    When it is fine: it is the work that the request is for.

    Rule: by the profiling runs, at least a fifth of the request's CPU, and 10 ms, was taken below the app's lines by
    one library that neither serialises, nor talks to a database or a service, nor is the framework; or by one line
    that stands in no loop (what it calls is written in C). Loops are `hot-loop`'s, serialisers `slow-serialisation`'s.
    Where all of it is the work of a function that need not be called as often, `static-lookup` or `repeated-call` says
    it. Call site: the line that takes most. The seconds are CPU of a profiled run: an estimate, and the most that
    leaving it out could give.
    """

    phase: ClassVar[int | None] = 5

    def find(self, traces: Sequence[Trace], facts: Facts) -> Iterator[Suspicion]:
        for trace, run in pairs(traces, facts):
            runs = sum(one.request == trace.request for one in facts.profiled)
            least = max(MIN_CPU, MIN_SAMPLED / max(1, runs), MIN_SHARE * computed(trace.request, facts))
            for (name, line), lines in _busy(trace, run, facts).items():
                library = "" if line else name
                cost = sum(lines.values())
                if cost < least:
                    continue
                ordered = sorted(lines, key=lambda frame: -lines[frame])
                function = ordered[0].function
                yield Suspicion(
                    kind="cpu-hotspot",
                    phase=self.phase,
                    request=trace.request,
                    title=f"{shown(cost)} of CPU in {library or f'one line of {function}'}",
                    site=place(ordered[0]),
                    fingerprint=library or function,
                    seconds=cost,
                    evidence=tuple(f"{shown(lines[frame])} at {spot(frame)}" for frame in ordered[:5]),
                    untestable="it has to be asked for less often, or done elsewhere: its CPU is the most that gives",
                    inside=callers(trace.request, lines, facts, (library or None,)),
                )


def _busy(trace: Trace, run: Trace, facts: Facts) -> dict[tuple[str, int], dict[Frame, float]]:
    """(library, 0) or (file, line) -> CPU seconds of one request by the app's line above."""
    runs = [one.profile for one in facts.profiled if one.request == trace.request and one.profile is not None]
    sites = {(span.stack[0].file, span.stack[0].line) for span in trace.spans if span.stack}
    often = {(one.file, one.function) for one in functions(run) if one.calls >= MANY}
    found: dict[tuple[str, int], dict[Frame, float]] = {}
    for one in (one for profile in runs for one in profile.stacks if one.stack):
        frame = one.stack[0]
        if one.library in TOLD_ELSEWHERE:
            continue
        looped = (frame.file, frame.function) in often or in_loop(frame, facts.root)
        if one.library is None and (looped or (frame.file, frame.line) in sites):
            continue
        key = (one.library, 0) if one.library else (frame.file, frame.line)
        lines = found.setdefault(key, {})
        lines[frame] = lines.get(frame, 0.0) + one.seconds / len(runs)
    return found
