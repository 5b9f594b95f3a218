"""The ledger for a reader at a terminal."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from subsecond import durations
from subsecond.errors import printable
from subsecond.model.attempt import Attempt
from subsecond.model.constraint import Constraint
from subsecond.model.effort import Effort

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


_HEADS = ("attempts", "kept", "reverted", "refused", "time", "each", "known")
_MEANT = "time: of the gates; each: for each kept step; known: constraints there before the request's first attempt"


def efforts_text(ledgers: Mapping[str, Sequence[Effort]]) -> RenderableType:
    """What each request took, by ledger; `ledgers` names them. A request stands beside itself in the other one."""
    table = Table(box=None, pad_edge=False, header_style="dim")
    several = len(ledgers) > 1
    for head in ("request", *(["ledger"] if several else [])):
        table.add_column(head, overflow="fold")
    for head in _HEADS:
        table.add_column(head, justify="right", no_wrap=True)
    for request in dict.fromkeys(one.request for efforts in ledgers.values() for one in efforts):
        for name, efforts in ledgers.items():
            for one in (one for one in efforts if one.request == request):
                table.add_row(printable(request) or "-", *([printable(name)] if several else []), *_cells(one))
    return Group(Text(), table, Text(_MEANT, "dim"))


def _cells(one: Effort) -> list[str]:
    each = durations.text(one.seconds / one.kept) if one.kept else "-"
    return [
        str(one.attempts), str(one.kept), str(one.reverted), str(one.refused), durations.text(one.seconds), each,
        str(one.known),
    ]  # fmt: skip
