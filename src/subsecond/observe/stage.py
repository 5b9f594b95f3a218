"""The stage: requests -> traces. Sends each request of the target, timed and recorded in turn."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Protocol

from subsecond.harness.send import Answer, RequestFailed
from subsecond.harness.session import TRACE_SECONDS, AuditedApp
from subsecond.model.database import RecordedStatement
from subsecond.model.sent import Sent
from subsecond.model.target import RequestSpec
from subsecond.model.trace import Mode, Trace
from subsecond.observe.schedule import LONGEST_DEEP, Schedule, schedule
from subsecond.observe.sent import sent_of
from subsecond.observe.statements import statements_of
from subsecond.observe.traces import Redaction, trace_of

UNTRACED_SECONDS = 0.25
"""How long a trace is waited for where an earlier run of the same request left none."""


class Progress(Protocol):
    """Who wants to know how far the work is."""

    def __call__(self, request: str, done: int, of: int, /) -> None: ...


@dataclass
class Observation:
    """One request as observed."""

    spec: RequestSpec
    traces: list[Trace] = field(default_factory=list)
    answers: list[float] = field(default_factory=list)
    """Client seconds of the timed runs."""
    status: int | None = None
    failure: str | None = None
    location: str | None = None
    """Where a redirection leads."""
    sent: tuple[Sent, ...] = ()
    """What one recorded run sent, with its values: never written."""
    deep_line: Mapping[str, Any] | None = None
    """What the deep run told, with its values: never written."""
    unlooked: str | None = None
    """Why there is no deep or no profiling run, None where there are both."""
    untraced: int = 0
    """Runs that were answered but left no trace."""
    statements: list[RecordedStatement] = field(default_factory=list)
    """SELECTs of one recorded run, with their values: never written."""

    def of(self, mode: Mode) -> list[Trace]:
        """Its traces of one mode."""
        return [trace for trace in self.traces if trace.mode == mode]


def observe(
    app: AuditedApp, root: Path, redaction: Redaction, repeat: int | None, progress: Progress
) -> list[Observation]:
    """Send all requests (but the setup ones, which `app` sends when needed) and collect their traces."""
    marks = (f"r{number}" for number in itertools.count(1))
    return [
        _one(app, spec, root=root, redaction=redaction, repeat=repeat, progress=progress, marks=marks)
        for spec in app.requests
    ]


def _one(
    app: AuditedApp,
    spec: RequestSpec,
    *,
    root: Path,
    redaction: Redaction,
    repeat: int | None,
    progress: Progress,
    marks: Iterator[str],
) -> Observation:
    seen = Observation(spec=spec)

    def send(mode: Mode) -> Answer | None:
        mark = next(marks)
        answer = app.send(spec, mode, mark)
        if isinstance(answer, RequestFailed):
            seen.failure = answer.why
            return None
        seen.status, seen.location = answer.status, answer.header("Location")
        if answer.status >= 400:
            said = app.app.logged_failure() if answer.status >= 500 else None
            seen.failure = f"answered {answer.status}" + (f"; first in its log: {said}" if said else "")
            return None
        line = app.trace_of(mark, UNTRACED_SECONDS if seen.untraced else TRACE_SECONDS)
        if line is None:
            seen.untraced += 1
        else:
            trace = trace_of(line, spec.name, answer.seconds, root, redaction)
            seen.traces.append(replace(trace, body_bytes=len(answer.body)))
            if mode == "recording" and not seen.statements:
                seen.statements = statements_of(line, spec.name)
                seen.sent = sent_of(line)
            if mode == "deep":
                seen.deep_line = line
        return answer

    progress(spec.name, 0, 1)
    first = send("timed")
    if first is None:
        return seen
    plan = schedule(first.seconds, repeat)
    order: list[Mode | None] = [None] * plan.warm_ups
    order += _interleaved(plan.timed, plan.recorded)
    seen.traces.clear()
    for number, mode in enumerate(order, 1):
        progress(spec.name, number, len(order) + 1)
        answer = send(mode or "timed")
        if answer is None:
            return seen
        if mode is None:
            seen.traces.clear()
        elif mode == "timed":
            seen.answers.append(answer.seconds)
    _look_into(seen, plan, send)
    progress(spec.name, len(order) + 1, len(order) + 1)
    return seen


def _look_into(seen: Observation, plan: Schedule, send: Callable[[Mode], Answer | None]) -> None:
    """The deep and the profiling runs, after all that is timed. One that fails does not make the request a failure."""
    if not seen.traces:
        return
    if not plan.deep:
        seen.unlooked = f"it takes longer than {LONGEST_DEEP:.0f} s"
        return
    status, location = seen.status, seen.location
    modes: list[Mode] = ["profiling"] * plan.profiled
    modes += ["deep"] * plan.deep
    for mode in modes:
        if send(mode) is None:
            seen.unlooked = f"a {mode} run failed: {seen.failure}"
            seen.failure, seen.status, seen.location = None, status, location
            return


def _interleaved(timed: int, recorded: int) -> list[Mode]:
    """Recorded runs spread among the timed ones, so that a drift of the machine meets both."""
    order: list[Mode] = ["timed"] * timed
    for number in range(recorded):
        order.insert((number + 1) * (len(order) + 1) // (recorded + 1), "recording")
    return order
