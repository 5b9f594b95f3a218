"""A diagram before it has places: boxes, arrows and steps, and how they become a view."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from subsecond.model.report_common import Side
from subsecond.model.report_views import Arrow, Boundary, Box, BoxKind, Callout, Change, View, ViewStep
from subsecond.report.page.layout import arrange
from subsecond.report.page.marks import first_and_last
from subsecond.report.page.shapes import Frame, Item, Lane, Link
from subsecond.report.page.units import ms, shown_ms

SIZES: Mapping[BoxKind, tuple[int, int]] = {
    "person": (128, 58),
    "external": (138, 50),
    "container": (166, 58),
    "component": (150, 50),
    "session": (118, 32),
    "database": (166, 58),
    "cache": (150, 50),
    "table": (132, 34),
}


LETTER = 6
"""Mean width of a letter on an arrow, in px."""


def badge_width(caption: str) -> int:
    """In px, 0 without a caption."""
    return LETTER * len(caption) + 6 if caption else 0


@dataclass
class DraftBox:
    """A box that grows while a run is read. Times in seconds."""

    id: str
    kind: BoxKind
    title: str
    word: str
    detail: str = ""
    frame: str | None = None
    lane: Lane = "main"
    description: str = ""
    calls: int | None = None
    seconds: float | None = None
    place: int | None = None
    code: str | None = None
    statements: dict[int, None] = field(default_factory=dict)
    findings: dict[str, None] = field(default_factory=dict)
    folded: dict[str, None] = field(default_factory=dict)
    optional: bool = False
    change: Change = "same"
    note: str = ""


@dataclass
class DraftArrow:
    """An arrow between two boxes, with the indices of the spans that stand for it."""

    id: str
    source: str
    target: str
    labels: dict[str, None] = field(default_factory=dict)
    count: int = 0
    seconds: float | None = None
    spans: list[int] = field(default_factory=list)
    statements: dict[int, None] = field(default_factory=dict)
    findings: dict[str, None] = field(default_factory=dict)
    leaf: bool = False
    """It ends where the time goes: then its milliseconds stand on it too."""
    optional: bool = False
    change: Change = "same"

    @property
    def caption(self) -> str:
        """`×12 · 36 ms`, `×227`, `3 ms`."""
        times = f"×{self.count:,}" if self.count > 1 else ""
        time = shown_ms(ms(self.seconds)) if self.leaf and self.seconds is not None else ""
        return " · ".join(part for part in (times, time) if part)


@dataclass
class Draft:
    """Boxes and arrows by id, in the order in which they were first seen."""

    boxes: dict[str, DraftBox] = field(default_factory=dict)
    arrows: dict[tuple[str, str], DraftArrow] = field(default_factory=dict)
    frames: dict[str, tuple[Frame, str, str]] = field(default_factory=dict)
    """id -> (frame, title, technology)"""
    steps: list[ViewStep] = field(default_factory=list)

    def box(self, box: DraftBox) -> DraftBox:
        """The box of that id: the one that is there already, if any."""
        return self.boxes.setdefault(box.id, box)

    def arrow(self, source: str, target: str) -> DraftArrow:
        """The arrow between two boxes, made if need be."""
        return self.arrows.setdefault((source, target), DraftArrow(f"a{len(self.arrows) + 1}", source, target))

    def frame(self, name: str, title: str, technology: str, *, parent: str | None = None, lane: Lane = "main") -> str:
        """A boundary; returns its id."""
        self.frames.setdefault(name, (Frame(id=name, parent=parent, lane=lane), title, technology))
        return name

    def view(
        self,
        name: str,
        kind: Literal["context", "containers", "flow"],
        title: str,
        *,
        side: Side,
        request: str | None = None,
        seconds: float | None = None,
        callouts: tuple[Callout, ...] = (),
        left_out: str = "",
        hint: Mapping[str, float] | None = None,
    ) -> View:
        """The diagram with places."""
        items = [
            Item(id=box.id, width=SIZES[box.kind][0], height=SIZES[box.kind][1], frame=box.frame, lane=box.lane)
            for box in self.boxes.values()
        ]
        links = [
            Link(
                id=one.id, source=one.source, target=one.target, badge=LETTER * len(one.caption) + 6 * bool(one.caption)
            )
            for one in self.arrows.values()
        ]
        picture = arrange(items, [frame for frame, _, _ in self.frames.values()], links, hint)
        boundaries = [
            Boundary(
                id=name, title=label, technology=technology, parent=frame.parent, x=area.x, y=area.y,
                width=area.width, height=area.height,
            )
            for name, (frame, label, technology) in self.frames.items()
            if (area := picture.frames.get(name)) is not None
        ]  # fmt: skip
        boxes = []
        for box in self.boxes.values():
            area = picture.boxes[box.id]
            boxes.append(_box(box, area.x, area.y, area.width, area.height))
        arrows = [
            _arrow(one, picture.routes[one.id].points, picture.routes[one.id].badge)
            for one in self.arrows.values()
            if one.id in picture.routes
        ]
        drawn = {one.id for one in arrows}
        return View(
            id=name,
            kind=kind,
            title=title,
            side=side,
            request=request,
            width=picture.width,
            height=picture.height,
            boundaries=tuple(boundaries),
            boxes=tuple(boxes),
            arrows=tuple(arrows),
            steps=tuple(step for step in self.steps if step.arrow in drawn),
            ms=None if seconds is None else ms(seconds),
            callouts=callouts,
            left_out=left_out,
        )


def _box(box: DraftBox, x: int, y: int, width: int, height: int) -> Box:
    return Box(
        id=box.id, kind=box.kind, title=box.title, word=box.word, detail=box.detail, boundary=box.frame, x=x, y=y,
        width=width, height=height, description=box.description, calls=box.calls,
        ms=None if box.seconds is None else ms(box.seconds), place=box.place, code=box.code,
        statements=tuple(box.statements), findings=tuple(box.findings), folded=tuple(box.folded),
        optional=box.optional, change=box.change, note=box.note,
    )  # fmt: skip


def _arrow(one: DraftArrow, points: tuple[tuple[int, int], ...], badge: tuple[int, int]) -> Arrow:
    return Arrow(
        id=one.id, source=one.source, target=one.target, label=", ".join(one.labels), count=one.count,
        ms=None if one.seconds is None else ms(one.seconds), points=points, badge=badge,
        spans=first_and_last(sorted(one.spans)), statements=tuple(one.statements), findings=tuple(one.findings),
        optional=one.optional, change=one.change, caption=one.caption,
    )  # fmt: skip
