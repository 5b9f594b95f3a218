"""The ledger for a reader at a terminal."""

from __future__ import annotations

from collections.abc import Sequence

from rich.console import Group, RenderableType
from rich.text import Text

from subsecond.errors import printable
from subsecond.model.attempt import Attempt
from subsecond.model.constraint import Constraint

_STYLES = {"kept": "green", "reverted": "red", "refused": "yellow", "lost": "dim", "running": "cyan"}


def ledger_text(attempts: Sequence[Attempt], constraints: Sequence[Constraint]) -> RenderableType:
    """All attempts, newest last, then the constraints."""
    lines: list[Text] = []
    for one in attempts:
        line = Text(f"{one.number:>3} ")
        line.append(f"{one.outcome:<9}", _STYLES[one.outcome])
        line.append(printable(f"{one.step} {one.kind} ({one.finding}), by {one.proposer}: {one.why}"))
        lines.append(line)
        if one.culprit:
            added = [part for part in one.culprit.splitlines() if part[:1] in "+-" and part[:3] not in ("+++", "---")]
            lines += [Text(f"    {printable(part)}", "dim") for part in added[:6]]
    if not attempts:
        lines.append(Text("No attempt so far."))
    lines += [Text(printable(f"constraint: {one.text}  ({one.because})")) for one in constraints]
    return Group(*lines)
