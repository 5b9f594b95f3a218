"""Before and after, for a reader at a terminal."""

from __future__ import annotations

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from subsecond.errors import printable
from subsecond.model.optimized import Optimized
from subsecond.report.durations import duration
from subsecond.report.ledger import ledger_text


def optimized_text(done: Optimized, goal: float | None) -> RenderableType:
    """The attempts, then each request before and after."""
    parts: list[RenderableType] = [ledger_text(done.attempts, ())]
    if not done.after:
        parts.append(Text("Nothing was kept, so nothing has changed."))
        return Group(*parts)
    table = Table(box=None, pad_edge=False)
    for name in ("request", "before", "after", "statements", "check-outs", "rows"):
        table.add_column(name, justify="left" if name == "request" else "right")
    for one in done.after:
        counts = [
            f"{one.counts_before.get(n, '?')} → {one.counts_after.get(n, '?')}"
            for n in ("queries", "checkouts", "rows")
        ]
        style = "green" if goal is not None and one.seconds_after <= goal else ""
        table.add_row(
            printable(one.request), duration(one.seconds_before), Text(duration(one.seconds_after), style), *counts
        )
    parts += [
        table,
        Text(
            f"kept on top of {done.base[:10]}: {done.result[:10]}  (git log {done.base[:10]}..{done.result[:10]})",
            "dim",
        ),
    ]
    return Group(*parts)
