"""The audit for a reader at a terminal: where each request's time went, its statements, the findings by cost."""

from __future__ import annotations

from collections.abc import Sequence

from rich.console import Console, Group, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from subsecond.errors import printable
from subsecond.model.audit import Audit, Interval, QueryGroup, RequestResult, Shares
from subsecond.model.finding import Finding, Place
from subsecond.model.trace import shown_file
from subsecond.report.durations import duration
from subsecond.report.trials import trial_text, verdict_text
from subsecond.sql.fingerprint import abridged

SHOWN_GROUPS = 8
SHOWN_REQUESTS = 2
"""Names of requests beside a finding."""
_FOOT = (
    "Times at the left are the database's alone: the ORM's work around each statement comes on top, and a trial's gain "
    "has it. `subsecond show F1` has all trials, `subsecond explain KIND` says more."
)
_UNTRIED = "Suspected from traces; no trial has confirmed them. "
BAR = 48
_PARTS = (
    ("database", "database", "red"),
    ("pool", "waiting for a connection", "magenta"),
    ("calls", "other services", "bright_magenta"),
    ("logs", "logs", "yellow"),
    ("garbage", "garbage collection", "cyan"),
    ("python", "Python (code, ORM, framework)", "blue"),
)


def show_audit(audit: Audit, console: Console) -> None:
    """Print the whole audit."""
    for result in audit.requests:
        console.print(_request(result, console.width))
    if audit.findings:
        console.print(Text("Findings, the largest share of its request first", style="bold"))
        for finding in audit.findings:
            console.print(finding_text(finding))
        tried = any(finding.trials for finding in audit.findings)
        console.print(Text(_FOOT if tried else _UNTRIED + _FOOT, style="dim"))
    elif any(result.seconds for result in audit.requests):
        console.print("No finding: no detector saw anything in these requests.")
    for note in audit.notes:
        console.print(_plain(f"note: {note}", "dim"))


def _plain(text: str, style: str = "") -> Text:
    """Text that came from the app, its database or its requests: it may not steer the terminal."""
    return Text(printable(text), style=style)


def _request(result: RequestResult, width: int) -> RenderableType:
    address = f"{result.method} {result.url}"
    title = _plain(result.name, "bold")
    if result.name != address:
        title.append_text(_plain(f"  {address}"))
    if result.seconds is None:
        return Group(title, Padding(_plain(f"failed: {result.error}", "red"), (0, 0, 1, 2)))
    parts: list[RenderableType] = [Text(_summary(result, result.seconds))]
    if result.shares:
        parts += _bar(result.shares)
    if result.groups:
        parts.append(_groups(result.groups, width * 2 // 5))
    return Group(title, Padding(Group(*parts), (0, 0, 1, 2)))


def _summary(result: RequestResult, seconds: Interval) -> str:
    counts = (
        f"{_many(result.queries, 'query', 'queries')}, {_many(result.rows, 'row')}, "
        f"{_many(result.sessions, 'session')} from {_many(result.session_sites, 'place')}"
    )
    spread = f"{duration(seconds.low)} to {duration(seconds.high)} in {result.runs} runs"
    added = "" if result.recording_added is None else f"; recording added {result.recording_added:+.0%}"
    return f"{duration(seconds.median)} (median; {spread}{added}): {counts}"


def _many(number: int | None, one: str, more: str | None = None) -> str:
    if number is None:
        return f"? {more or one + 's'}"
    return f"{number} {one if number == 1 else more or one + 's'}"


def _bar(shares: Shares) -> list[RenderableType]:
    amounts = [(getattr(shares, field), label, colour) for field, label, colour in _PARTS]
    whole = sum(amount for amount, _, _ in amounts) or 1.0
    bar, legend = Text(), Text()
    for amount, label, colour in amounts:
        bar.append("█" * round(BAR * amount / whole), style=colour)
        if amount / whole >= 0.005:
            legend.append("■ ", style=colour)
            legend.append(f"{label} {duration(amount)} ({amount / whole:.0%})   ")
    return [bar, legend]


def _groups(groups: tuple[QueryGroup, ...], room: int) -> RenderableType:
    table = Table(box=None, padding=(0, 2, 0, 0), show_edge=False, header_style="dim", expand=True)
    for name in ("queries", "rows", "time"):
        table.add_column(name, justify="right", no_wrap=True)
    table.add_column("from", no_wrap=True)
    table.add_column("statement", no_wrap=True, overflow="ellipsis", ratio=1)
    for group in groups[:SHOWN_GROUPS]:
        rows = "" if group.rows is None else str(group.rows)
        where = _tail(f"{shown_file(group.file)}:{group.line}", room)
        statement = abridged(group.fingerprint)
        if group.lazy_load:
            statement = f"[{group.lazy_load}] {statement}"
        table.add_row(str(group.count), rows, duration(group.seconds), _plain(where), _plain(statement))
    rest = groups[SHOWN_GROUPS:]
    if rest:
        seconds = duration(sum(group.seconds for group in rest))
        table.add_row(str(sum(group.count for group in rest)), "", seconds, "", Text(f"{len(rest)} more", style="dim"))
    return table


def _tail(text: str, room: int) -> str:
    """The end of a long path: what tells one place from another."""
    return text if len(text) <= room else f"…{text[len(text) - room + 1 :]}"


def _spot(place: Finding | Place) -> str:
    return f"{shown_file(place.file)}:{place.line} {place.function}"


def _few(names: Sequence[str]) -> str:
    more = len(names) - SHOWN_REQUESTS
    return ", ".join(names[:SHOWN_REQUESTS]) + (f" and {more} more" if more > 0 else "")


def finding_text(finding: Finding, *, whole: bool = False) -> RenderableType:
    """A finding: where, what, what it costs; with `whole` all its evidence."""
    share = "" if finding.share is None else f"{finding.share:5.1%}"
    cost = "under load" if finding.seconds is None else duration(finding.seconds) if finding.seconds else "no seconds"
    head = Text.assemble(
        (f"{finding.id:>4}  ", "bold"),
        (f"{share:>6} {cost:>10}  ", ""),
        (finding.kind, "bold yellow"),
        _plain(f"  {finding.title}"),
    )
    lines = [_plain(f"at {_spot(finding)}, in {_few(finding.requests)}")]
    if verdict := verdict_text(finding):
        lines.insert(0, verdict)
    if finding.cause:
        lines.append(_plain(f"because of {_spot(finding.cause)}"))
    if whole:
        lines += [_plain(line, "dim") for line in finding.evidence]
        lines += [trial_text(trial) for trial in finding.trials]
        lines.append(_plain(f"seen in {', '.join(finding.requests)}; phase {finding.phase}; key {finding.key}", "dim"))
    return Group(head, Padding(Group(*lines), (0, 0, 0, 6)))
