"""The report's data put into the built page: one file that opens from disk, the same bytes for the same data."""

from __future__ import annotations

import base64
import gzip
from collections.abc import Iterator
from html import escape
from importlib import resources

from subsecond import store
from subsecond.errors import SubsecondError
from subsecond.model.report import Report
from subsecond.model.report_overview import Comparison, Row
from subsecond.report.page.units import shown_ms

DATA, PLAIN = "__SUBSECOND_DATA__", "__SUBSECOND_NOSCRIPT__"
_CLOSED, _SERVED = "default-src 'none';", "default-src 'none'; connect-src 'self';"


def page(report: Report) -> bytes:
    """The whole page as UTF-8. `report.live`: for a reader of our server, who may ask it for news.

    Raises SubsecondError where the built page is not there or is not ours.
    """
    # split and joined, never a replacement pattern: code holds `\\` and `$` (reference: report, trap 5)
    whole = _filled(_built(), PLAIN, _plain(report))
    if report.live:
        whole = _filled(whole, _CLOSED, _SERVED)
    return _filled(whole, DATA, _packed(report)).encode()


def _built() -> str:
    path = resources.files("subsecond.report") / "static" / "report.html"
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as problem:
        text = f"the built page {path} cannot be read ({problem}); install subsecond again, or run `make page`"
        raise SubsecondError("no-page", text) from None


def _filled(text: str, mark: str, filling: str) -> str:
    parts = text.split(mark)
    if len(parts) != 2:
        raise SubsecondError(
            "no-page", f"the built page holds {mark} {len(parts) - 1} times, wanted once; run `make page` to build it"
        )
    return filling.join(parts)


def _packed(report: Report) -> str:
    """Base64 of gzip of JSON: holds no `<`, so nothing in it needs an escape."""
    packed = gzip.compress(store.to_json(report, indent=0).encode(), compresslevel=9, mtime=0)
    return base64.b64encode(packed).decode()


def _plain(report: Report) -> str:
    """What can be read without script: mail viewers and build servers block it."""
    return "".join(_lines(report))


def _lines(report: Report) -> Iterator[str]:
    yield f"<h1>{escape(report.name)}</h1><p>{escape(report.overview.headline)}</p>"
    names = {one.id: one.name for one in report.requests}
    for one in report.overview.comparisons:
        yield _table(names.get(one.request, one.request), one)
    if report.findings:
        yield "<h2>Findings</h2><ol>"
        for found in report.findings:
            place = report.places[found.place]
            verdict = f", {found.verdict}" if found.verdict else ""
            text = f"{found.id} {found.kind}{verdict}: {found.title} ({place.file}:{place.line})"
            yield f"<li>{escape(text)}</li>"
        yield "</ol>"
    yield "<p>Diagrams, waterfalls and all the rest need JavaScript; nothing is asked of any network.</p>"


def _table(name: str, one: Comparison) -> str:
    head = f"<tr><th>{escape(name)}</th><th>before</th><th>after ({one.basis})</th></tr>"
    rows = (
        f"<tr><td>{escape(row.label)}</td><td>{_cell(row, row.before)}</td><td>{_cell(row, row.after)}</td></tr>"
        for row in one.rows
    )
    return f"<table>{head}{''.join(rows)}</table>"


def _cell(row: Row, value: float | None) -> str:
    if value is None:
        return "–"
    return shown_ms(value) if row.unit == "ms" else f"{value:,.0f}"
