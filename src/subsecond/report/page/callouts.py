"""The boxes beside a flow: sessions, N+1 loops, bottlenecks, wins. Each line from a recording, a finding or a trial."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from subsecond.model.finding import Finding
from subsecond.model.report_overview import Comparison
from subsecond.model.report_views import Callout, CalloutLine
from subsecond.model.trace import Span, shown_file
from subsecond.report.page.flow import Flow, boxes_by_finding
from subsecond.report.page.marks import CONNECTIONS, loops
from subsecond.report.page.units import faster, many, ms, shown_ms
from subsecond.sql.fingerprint import abridged
from subsecond.sql.fingerprint import tables as tables_of
from subsecond_agent import protocol

MOST = 5
"""Lines of one box."""
LONGEST = 90
_FIGURES = ("time", "queries", "sessions", "loops", "rows")


def callouts(flow: Flow, compared: Comparison | None) -> tuple[Callout, ...]:
    """Those that have something to say."""
    boxes = boxes_by_finding(flow.draft)
    found = (
        Callout(sort="sessions", title="Sessions", lines=tuple(_sessions(flow, boxes))),
        Callout(sort="loops", title="N+1 loops", lines=tuple(_loops(flow))),
        Callout(sort="bottlenecks", title="Bottlenecks", lines=tuple(_bottlenecks(flow, boxes))),
        Callout(
            sort="wins",
            title="Wins" if flow.scene.side != "now" else "Wins within reach",
            lines=tuple(_wins(flow, compared, boxes)),
        ),
    )
    return tuple(one for one in found if one.lines)


def _sessions(flow: Flow, boxes: Mapping[str, tuple[str, ...]]) -> list[CalloutLine]:
    drawn = [box for box in flow.draft.boxes.values() if box.kind == "session" and box.change != "removed"]
    opened = flow.scene.run.counts.get(protocol.COUNT_CHECKOUTS, 0)
    if not opened:
        return [CalloutLine(text="No connection was taken")]
    ids = tuple(box.id for box in drawn)
    lines = [CalloutLine(text=f"{many(opened, 'check-out')} from {many(flow.openers, 'place')}", boxes=ids)]
    for one in flow.scene.findings:
        if one.kind in CONNECTIONS:
            lines.append(CalloutLine(text=f"{one.kind}: {one.title}", finding=one.id, boxes=boxes.get(one.id, ())))
    return lines[:MOST]


def _loops(flow: Flow) -> list[CalloutLine]:
    groups = sorted(loops(flow.scene.run), key=lambda spans: -sum(span.seconds for span in spans))
    lines = [_loop(flow, spans) for spans in groups[:MOST]]
    if len(groups) > MOST:
        lines[-1] = CalloutLine(text=f"and {len(groups) - MOST + 1} more loops")
    return lines


def _loop(flow: Flow, spans: Sequence[Span]) -> CalloutLine:
    number = flow.scene.run.spans.index(spans[0])
    fingerprint = str(spans[0].attributes.get(protocol.FINGERPRINT, ""))
    named = ", ".join(tables_of(fingerprint)[:2]) or abridged(fingerprint)[:LONGEST]
    site = spans[0].site
    place = f" at {shown_file(site.file)}:{site.line}" if site else ""
    finding = next((name for name, marks in flow.marks.items() if number in marks), None)
    seconds = sum(span.seconds for span in spans)
    arrows = [arrow for arrow in flow.draft.arrows.values() if number in arrow.spans]
    return CalloutLine(
        text=f"{len(spans):,} × {named}, {shown_ms(ms(seconds))}{place}",
        finding=finding,
        boxes=tuple(dict.fromkeys(box for arrow in arrows for box in (arrow.source, arrow.target) if box != "client")),
    )


def _bottlenecks(flow: Flow, boxes: Mapping[str, tuple[str, ...]]) -> list[CalloutLine]:
    found = [one for one in flow.scene.findings if one.kind not in CONNECTIONS and not _refuted(one)]
    found.sort(key=lambda one: -(one.share or 0.0) if one.request == flow.scene.request else 0.0)
    return [
        CalloutLine(text=f"{one.kind}: {one.title}", finding=one.id, boxes=boxes.get(one.id, ()))
        for one in found[:MOST]
    ]


def _refuted(one: Finding) -> bool:
    return bool(one.trials) and all(trial.verdict == "refuted" for trial in one.trials)


def _wins(flow: Flow, compared: Comparison | None, boxes: Mapping[str, tuple[str, ...]]) -> list[CalloutLine]:
    """Of two sides the optimised one has what was measured; a single one what trials confirmed for this request."""
    if flow.scene.side == "legacy":
        return []
    if flow.scene.side == "optimised":
        return [_row_line(compared, key) for key in _FIGURES if _won(compared, key)]
    lines = []
    for one in flow.scene.findings:
        best = max(
            (t for t in one.trials if t.verdict == "confirmed" and t.request == flow.scene.request),
            key=lambda trial: trial.proven_seconds, default=None,
        )  # fmt: skip
        if best is not None:
            saves = f"saves {shown_ms(ms(best.proven_seconds))}, " if best.proven_seconds else ""
            line = CalloutLine(text=f"{one.kind}: {saves}{best.why}", finding=one.id, boxes=boxes.get(one.id, ()))
            lines.append((best.proven_seconds, line))
    return [line for _, line in sorted(lines, key=lambda item: -item[0])][:MOST]


def _won(compared: Comparison | None, key: str) -> bool:
    row = next((one for one in compared.rows if one.key == key), None) if compared else None
    return row is not None and row.before is not None and row.after is not None and row.after < row.before


def _row_line(compared: Comparison | None, key: str) -> CalloutLine:
    assert compared is not None
    row = next(one for one in compared.rows if one.key == key)
    assert row.before is not None and row.after is not None
    if row.unit == "ms":
        times = f" ({faster(row.before, row.after)})" if row.after else ""
        return CalloutLine(text=f"{row.label}: {shown_ms(row.before)} → {shown_ms(row.after)}{times}")
    return CalloutLine(text=f"{row.label}: {row.before:,.0f} → {row.after:,.0f}")
