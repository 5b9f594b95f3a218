"""The life of a request for a reader at a terminal: what happens in which order, and what would remain of it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from rich.console import Console
from rich.text import Text

from subsecond.errors import printable
from subsecond.model.lifecycle import Lifecycle, Step
from subsecond.report.durations import duration
from subsecond.sql.fingerprint import abridged

SHOWN_LIVES = 3
"""The slowest: of many requests the lives alone would be hundreds of lines. `subsecond report` and --json have all."""
SHOWN_STEPS = 40
SHOWN_DEPENDENCIES = 6
DETAIL = 0.01
"""Of the request's seconds: steps below it are told in findings.json only."""


def show_lifecycles(lives: Sequence[Lifecycle], console: Console) -> None:
    """Print those of the slowest requests: steps in order, dependencies, and the design that would remain."""
    slowest = sorted(lives, key=lambda life: -life.seconds)[:SHOWN_LIVES]
    for life in (one for one in lives if one in slowest):
        console.print(Text(printable(f"The life of {life.request}, in order"), style="bold"))
        for line in _lines(life):
            console.print(Text(printable(line)), no_wrap=True, overflow="ellipsis")
        console.print()
    if len(lives) > len(slowest):
        told = f"the lives of {len(lives) - len(slowest)} quicker requests are in the report (subsecond report)"
        console.print(Text(told, style="dim"))


def _lines(life: Lifecycle) -> Iterator[str]:
    told = [step for step in life.steps if step.seconds >= DETAIL * life.seconds or step.depth == 0]
    for step in told[:SHOWN_STEPS]:
        yield _step(step)
    left_out = len(life.steps) - min(len(told), SHOWN_STEPS)
    if left_out:
        yield f"  {left_out} shorter steps stand in findings.json"
    if life.dependencies:
        named = [f"{one.name} ({one.kind}, {one.calls} ×)" for one in life.dependencies[:SHOWN_DEPENDENCIES]]
        more = len(life.dependencies) - len(named)
        yield f"  depends on {', '.join(named)}{f' and {more} more' if more > 0 else ''}"
    yield f"  would remain if all findings were mended: {_remaining(life)}"
    for one in life.statements:
        if one.then:
            yield f"    {one.then} × {abridged(one.title)} at {one.file}:{one.line}"


def _step(step: Step) -> str:
    place = f"{step.file}:{step.line}" if step.file else ""
    times = f"{step.times} × " if step.times > 1 else ""
    rows = "" if step.rows is None or step.what == "function" else f", {step.rows} rows"
    title = abridged(step.title)
    indent = "  " * (step.depth + 1)
    return f"  +{duration(step.start):>8} {duration(step.seconds):>8} {indent}{times}{title}{rows}  {place}"


def _remaining(life: Lifecycle) -> str:
    parts = [
        f"{life.statements_now} → {life.statements_then} statements",
        f"{life.sessions_now} → {life.sessions_then} check-outs",
    ]
    if life.logs_now:
        parts.append(f"{life.logs_now} → {life.logs_then} log records")
    if life.calls_now:
        parts.append(f"{life.calls_now} calls of other services and stores")
    return ", ".join(parts)
