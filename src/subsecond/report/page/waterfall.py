"""A recorded run -> columns of spans; profiling runs -> a flame graph."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field

from subsecond.model.finding import Finding
from subsecond.model.frame import Frame
from subsecond.model.report_common import Side
from subsecond.model.report_waterfall import Flame, Spans, Waterfall
from subsecond.model.trace import Span, Trace
from subsecond.report.page.marks import called, marked, what
from subsecond.report.page.tables import Tables
from subsecond.report.page.units import us
from subsecond_agent import protocol

MOST_SPANS = 100_000
"""A page of 50,000 is 0.7 MB and draws in half a second; of more the first are kept, in recorded order."""
SMALLEST_FLAME = 0.001
"""Share of the profile below which a chain of calls is not drawn: it would be less than a pixel."""


def waterfall(
    trace: Trace, side: Side, request: str, *, findings: Sequence[Finding], profiled: Sequence[Trace], tables: Tables
) -> Waterfall:
    """One run with the marks of its findings and the flame graph of the profiling runs of the same request."""
    spans = trace.spans[:MOST_SPANS]
    marks = {one.id: tuple(number for number in marked(trace, one) if number < MOST_SPANS) for one in findings}
    return Waterfall(
        request=request,
        side=side,
        total_us=us(trace.seconds),
        spans=_columns(spans, tables),
        marks={name: numbers for name, numbers in marks.items() if numbers},
        left_out=len(trace.spans) - len(spans),
        flame=flame(profiled, tables),
    )


def _columns(spans: Sequence[Span], tables: Tables) -> Spans:
    rows = [_row(span, tables) for span in spans]
    name, label, start, duration, parent, place, statement, fetched = zip(*rows, strict=True) if rows else [()] * 8
    return Spans(
        name=name, label=label, start_us=start, duration_us=duration, parent=parent, place=place, statement=statement,
        rows=fetched,
    )  # fmt: skip


def _row(span: Span, tables: Tables) -> tuple[int, int, int, int, int, int, int, int]:
    site, label = span.site, _label(span)
    rows = span.attributes.get(protocol.DB_ROWS)
    return (
        tables.word(span.name),
        tables.word(label) if label else -1,
        us(span.start),
        us(span.seconds),
        -1 if span.parent is None else span.parent,
        tables.place(site.file, site.line, site.function) if site else -1,
        tables.statement(span) if span.name == protocol.SPAN_QUERY else -1,
        rows if isinstance(rows, int) else -1,
    )


def _label(span: Span) -> str:
    attributes = span.attributes
    if span.name in (protocol.SPAN_HTTP, protocol.SPAN_KEY_VALUE):
        return f"{called(span)} {what(span)}"
    if span.name == protocol.SPAN_LOG:
        return f"{attributes.get(protocol.LOG_LEVEL, '')} {attributes.get(protocol.LOG_LOGGER, '')}".strip()
    if span.name == protocol.SPAN_CHECKOUT:
        return str(attributes.get(protocol.DB_POOL, ""))
    for name, word in ((protocol.LAZY_LOAD, "lazy load"), (protocol.EAGER_LOAD, "eager load")):
        if name in attributes:
            return f"{word} of {attributes[name]}"
    return ""


@dataclass
class _Node:
    """A function as one caller calls it, or a package below it."""

    word: str
    frame: Frame | None
    seconds: float = 0.0
    own: float = 0.0
    children: dict[object, _Node] = field(default_factory=dict)


def flame(profiled: Sequence[Trace], tables: Tables) -> Flame | None:
    """Stacks of all profiling runs added up, the largest first among siblings; None where nothing was sampled."""
    profiles = [trace.profile for trace in profiled if trace.profile is not None and trace.profile.seconds > 0]
    if not profiles:
        return None
    root = _Node("all", None)
    for profile in profiles:
        for one in profile.stacks:
            _add(root, one.stack, one.library, one.seconds / len(profiles))
    drawing = _Drawing(tables, root.seconds * SMALLEST_FLAME)
    drawing.draw(root, -1, 0.0)
    how = {"timer": "sampled by a timer of CPU time", "thread": "sampled by a thread"}.get(profiles[0].how, "sampled")
    runs = f", the mean of {len(profiles)} runs" if len(profiles) > 1 else ""
    return Flame(
        how=f"{how}, every {profiles[0].period * 1e3:.0f} ms{runs}",
        total_us=us(root.seconds),
        **{name: tuple(numbers) for name, numbers in drawing.columns.items()},
    )


def _add(root: _Node, stack: Sequence[Frame], library: str | None, seconds: float) -> None:
    node = root
    node.seconds += seconds
    for frame in reversed(stack):
        key = (frame.file, frame.function)
        node = node.children.setdefault(key, _Node(frame.function, frame))
        node.seconds += seconds
    if library:
        node = node.children.setdefault(library, _Node(library, None))
        node.seconds += seconds
    node.own += seconds


class _Drawing:
    """Columns of a flame graph, grown from the outermost calls inwards; what takes less than `least` is left out."""

    def __init__(self, tables: Tables, least: float) -> None:
        self.columns: dict[str, list[int]] = defaultdict(list)
        self._tables = tables
        self._least = least

    def draw(self, caller: _Node, parent: int, start: float) -> None:
        """What `caller` calls, the largest first, from `start` seconds on."""
        for node in sorted(caller.children.values(), key=lambda one: -one.seconds):
            if node.seconds < self._least:
                return
            number, frame = len(self.columns["word"]), node.frame
            self.columns["word"].append(self._tables.word(node.word))
            place = self._tables.place(frame.file, frame.line, frame.function) if frame else -1
            self.columns["place"].append(place)
            self.columns["parent"].append(parent)
            self.columns["start_us"].append(us(start))
            self.columns["duration_us"].append(us(node.seconds))
            self.columns["own_us"].append(us(node.own))
            self.draw(node, number, start)
            start += node.seconds
