"""A view as a static SVG for a README or a pull request: light colours on white, no script, no outside font."""

from __future__ import annotations

import re
from collections.abc import Iterator
from html import escape

from subsecond.model.report_views import Arrow, Boundary, Box, BoxKind, View
from subsecond.report.page.draft import badge_width
from subsecond.report.page.units import shown_ms

EDGE = 16
TITLE = 34
_FORBIDDEN = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff\ufffe\uffff]")
_FONT = "font-family=\"'IBM Plex Sans Condensed','Arial Narrow','Helvetica Neue',Arial,sans-serif\""
_COLOURS: dict[BoxKind, tuple[str, str]] = {
    "person": ("#3f4f8c", "#e8ebf7"),
    "external": ("#5c5a55", "#ecebe7"),
    "container": ("#1f6390", "#e3eff7"),
    "component": ("#2b5f75", "#ffffff"),
    "session": ("#1f6390", "#e3eff7"),
    "database": ("#6b4a8e", "#f1eaf7"),
    "table": ("#6b4a8e", "#f1eaf7"),
    "cache": ("#1f6390", "#e3eff7"),
}
"""Line and ground of each kind (reference: report, section 7)."""
_REMOVED, _ADDED = ("#a8381f", "#fbe9e4"), ("#1c6b45", "#e2f3ea")
_IDLE, _INK, _DIM = "#8f8d86", "#1b1b19", "#55534d"
MANY = 4
"""Calls of one arrow from which on its badge is red."""


def svg(view: View) -> str:
    """The whole picture as text; deterministic."""
    width, height = view.width + 2 * EDGE, view.height + 2 * EDGE + TITLE
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" height="{height}" '
        f'role="img" {_FONT}>',
        f"<title>{_inert(_title(view))}</title>",
        '<defs><marker id="head" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="7" markerHeight="7" orient="auto">'
        f'<path d="M0 0 8 4 0 8z" fill="{_IDLE}"/></marker></defs>',
        f'<rect width="{width}" height="{height}" fill="#ffffff"/>',
        _text(EDGE, EDGE + 12, _title(view), width - 2 * EDGE, size=15, weight=600),
        f'<g transform="translate({EDGE} {EDGE + TITLE})">',
        *(_boundary(one) for one in view.boundaries),
        *(_arrow(one) for one in view.arrows),
        *(part for box in view.boxes for part in _box(box)),
        *(part for one in view.arrows for part in _badge(one)),
        "</g></svg>",
    ]
    return "\n".join(parts) + "\n"


def _title(view: View) -> str:
    side = "" if view.side == "now" else f", {view.side}"
    return f"{view.title}{side}" + (f", {shown_ms(view.ms)}" if view.ms is not None else "")


def _text(x: float, y: float, text: str, room: float, *, size: int, weight: int = 400, fill: str = _INK) -> str:
    shown = _fit(text, room, size)
    return f'<text x="{x:g}" y="{y:g}" font-size="{size}" font-weight="{weight}" fill="{fill}">{shown}</text>'


def _fit(text: str, room: float, size: int) -> str:
    """Cut to the room, by the mean width of a condensed letter."""
    most = max(1, int(room / (size * 0.47)))
    return _inert(text if len(text) <= most else f"{text[: most - 1]}…")


def _inert(text: str) -> str:
    """Text of XML: no markup, and none of the characters that XML does not allow at all."""
    return escape(_FORBIDDEN.sub("�", text))


def _boundary(one: Boundary) -> str:
    return (
        f'<rect x="{one.x}" y="{one.y}" width="{one.width}" height="{one.height}" rx="10" fill="none" '
        f'stroke="#b5b3ac"/>'
        + _text(one.x + 12, one.y + 18, one.title, one.width - 24, size=13, weight=600, fill=_DIM)
        + (
            _text(one.x + 12, one.y + 33, f"[{one.technology}]", one.width - 24, size=11, fill=_DIM)
            if one.technology
            else ""
        )
    )


def _box(box: Box) -> Iterator[str]:
    line, ground = _REMOVED if box.change == "removed" else _ADDED if box.change == "added" else _COLOURS[box.kind]
    radius = {"person": 22, "session": 16}.get(box.kind, 6)
    dashed = ' stroke-dasharray="5 4"' if box.optional or box.change == "removed" or box.kind == "external" else ""
    opacity = ' opacity="0.65"' if box.change == "removed" else ""
    yield f"<g{opacity}><title>{_inert(_spoken(box))}</title>"
    yield (
        f'<rect x="{box.x}" y="{box.y}" width="{box.width}" height="{box.height}" rx="{radius}" fill="{ground}" '
        f'stroke="{line}"{dashed}/>'
    )
    if box.kind in ("database", "table"):
        yield f'<path d="M{box.x + 4} {box.y + 4}v{box.height - 8}" stroke="{line}"/>'
    centre, left, room = box.y + box.height / 2, box.x + 10, box.width - 20
    second = _second(box)
    yield _text(left, centre + (-2 if second else 5), box.title, room, size=13, weight=600, fill=line)
    if second:
        yield _text(left, centre + 12, second, room, size=11, fill=_DIM)
    yield "</g>"


def _second(box: Box) -> str:
    """The C4 word and what else fits."""
    if box.note:
        return box.note
    if box.change != "same":
        return f"{'−' if box.change == 'removed' else '+'} {box.word}, {box.change}"
    parts = [box.detail or f"[{box.word}]", shown_ms(box.ms) if box.ms is not None else ""]
    return " · ".join(part for part in parts if part)


def _spoken(box: Box) -> str:
    parts = [f"{box.title} [{box.word}]", box.detail, box.description, box.note, ", ".join(box.findings)]
    return ", ".join(part for part in parts if part)


def _arrow(one: Arrow) -> str:
    points = " ".join(f"{x},{y}" for x, y in one.points)
    colour = _REMOVED[0] if one.change == "removed" else _IDLE
    dashed = ' stroke-dasharray="5 4"' if one.optional or one.change == "removed" else ""
    return (
        f'<polyline points="{points}" fill="none" stroke="{colour}" stroke-width="1.25" stroke-linejoin="round"'
        f'{dashed} marker-end="url(#head)"><title>{_inert(one.label)}</title></polyline>'
    )


def _badge(one: Arrow) -> Iterator[str]:
    if not one.caption:
        return
    x, y = one.badge
    width = badge_width(one.caption)
    colour = _REMOVED[0] if one.count > MANY or one.change == "removed" else _DIM
    edge = f' stroke="{colour}"' if one.count > 1 else ""
    yield f'<rect x="{x - width / 2:g}" y="{y - 7}" width="{width}" height="14" rx="3" fill="#ffffff"{edge}/>'
    yield (
        f'<text x="{x}" y="{y + 4}" font-size="11" font-weight="600" text-anchor="middle" fill="{colour}">'
        f"{_inert(one.caption)}</text>"
    )
