"""The report for a pull request: what changed in numbers, what was found, what was tried."""

from __future__ import annotations

import re
from collections.abc import Iterator

from subsecond.model.report import Report
from subsecond.model.report_findings import Finding
from subsecond.model.report_overview import Comparison, Row
from subsecond.report.page.units import many, shown_ms

MOST_FINDINGS = 15


def markdown(report: Report) -> str:
    """GitHub's Markdown; recorded text is escaped."""
    return "\n".join(_lines(report)) + "\n"


def _lines(report: Report) -> Iterator[str]:
    yield f"## {_text(report.name)}"
    yield ""
    yield _text(report.overview.headline)
    names = {one.id: one.name for one in report.requests}
    for one in report.overview.comparisons:
        yield ""
        yield from _table(names.get(one.request, one.request), one)
    if report.findings:
        yield ""
        yield f"### {many(len(report.findings), 'finding')}"
        yield ""
        yield "| | kind | where | cost | experiment |"
        yield "|---|---|---|---:|---|"
        yield from (_finding(report, one) for one in report.findings[:MOST_FINDINGS])
        if len(report.findings) > MOST_FINDINGS:
            yield ""
            yield f"{len(report.findings) - MOST_FINDINGS} more: `subsecond findings`"
    if report.ledger and report.ledger.attempts:
        yield ""
        yield "### Attempts"
        yield ""
        for attempt in report.ledger.attempts:
            about = _text(attempt.finding) or "no longer found"
            head = f"**{attempt.outcome}** {attempt.number}: {_text(attempt.kind)} ({about})"
            yield f"- {head}, {_text(attempt.why)}"


def _table(name: str, one: Comparison) -> Iterator[str]:
    yield f"| {_text(name)} | before | after ({one.basis}) |"
    yield "|---|---:|---:|"
    for row in one.rows:
        yield f"| {_text(row.label)} | {_cell(row, row.before)} | {_cell(row, row.after)} |"
    yield ""
    yield f"<sub>{_text(one.source)}</sub>"


def _cell(row: Row, value: float | None) -> str:
    if value is None:
        return "–"
    return shown_ms(value) if row.unit == "ms" else f"{value:,.0f}"


def _finding(report: Report, one: Finding) -> str:
    place = report.places[one.place]
    cost = "under load" if one.ms is None else shown_ms(one.ms)
    tried: str = one.verdict or "not run"
    if one.verdict == "confirmed" and one.gain is not None:
        tried += f", saves {shown_ms(one.gain.median)} ({shown_ms(one.gain.low)} to {shown_ms(one.gain.high)})"
    elif one.queries_saved:
        tried += f", {one.queries_saved} statement{'' if one.queries_saved == 1 else 's'} fewer"
    where = f"{place.file}:{place.line}".replace("`", "'").replace("|", "/")
    return f"| {one.id} | {_text(one.kind)}: {_text(one.title)} | `{where}` | {cost} | {tried} |"


def _text(text: str) -> str:
    """On one line, and nothing of it is markup: not of Markdown, not of HTML, no mention of anybody."""
    line = re.sub(r"\s+", " ", text)
    line = line.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;").replace("@", "&#64;")
    return re.sub(r"([\\`*_{}\[\]#|~])", r"\\\1", line)
