"""The picture of a tree whose leaves have their heights: columns, lanes between them, frames, corners of arrows."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Literal

from subsecond.report.page.lanes import Turn, ordered
from subsecond.report.page.paths import Path
from subsecond.report.page.shapes import Area, Picture, Route
from subsecond.report.page.tree import PAD, Node

LANE = 7
TAIL = 14
"""From a box to the first turn."""
TIP = 26
"""From the last turn to the head of an arrow without a badge."""
BADGE_EDGE = 10
"""Left free before and after a badge."""


def drawn(root: Node, paths: Sequence[Path]) -> Picture:
    columns = root.end + 1
    turns: dict[int, list[Turn]] = defaultdict(list)
    for number, path in enumerate(paths):
        for gap, before, after in path.turns():
            if round(before) != round(after):
                turns[gap].append(Turn(number, before, after))
    nodes = list(_all(root))
    widths = [
        max((one.width for one in nodes if one.sort == "box" and one.start == n), default=0) for n in range(columns)
    ]
    opening = [_depth(nodes, n, "start") * PAD for n in range(columns)]
    closing = [_depth(nodes, n, "end") * PAD for n in range(columns)]
    heads, tails = _room(paths)
    xs: list[int] = []
    lanes: dict[tuple[int, int], int] = {}
    edge = 0
    for column in range(columns):
        if column:
            edge += closing[column - 1] + heads[column]
            for number, turn in enumerate(ordered(turns[column])):
                lanes[turn.path, column] = edge + number * LANE
            edge += max(0, len(turns[column]) - 1) * LANE + tails[column]
        edge += opening[column]
        xs.append(edge)
        edge += widths[column]
    boxes = {one.id: Area(xs[one.start], round(one.top), one.width, one.height) for one in nodes if one.sort == "box"}
    frames: dict[str, Area] = {}
    for one in reversed(nodes):
        if one.sort == "frame":
            frames[one.id] = _around([boxes.get(child.id) or frames[child.id] for child in one.children], one)
    routes = {path.link.id: _route(path, boxes, lanes, number) for number, path in enumerate(paths)}
    width = edge + (closing[-1] if columns and closing else 0)
    _, bottom = root.extent() if root.stacks else (0, 0)
    return Picture(boxes, frames, routes, width, round(bottom))


def _room(paths: Sequence[Path]) -> tuple[dict[int, int], dict[int, int]]:
    """Room in each gap before its first and after its last lane: the heads there have their badges in it."""
    before: dict[int, int] = defaultdict(lambda: TAIL)
    after: dict[int, int] = defaultdict(lambda: TAIL)
    for path in paths:
        needed = path.link.badge + 2 * BADGE_EDGE if path.link.badge else TIP
        if path.flipped:
            before[path.slots[0].end + 1] = max(before[path.slots[0].end + 1], needed)
        else:
            after[path.slots[-1].start] = max(after[path.slots[-1].start], needed)
    return before, after


def _all(node: Node) -> Iterable[Node]:
    for child in node.children:
        yield child
        yield from _all(child)


def _depth(nodes: Sequence[Node], column: int, side: Literal["start", "end"]) -> int:
    """How many frames begin or end at a column, one in the other."""
    frames = [one for one in nodes if one.sort == "frame" and getattr(one, side) == column]
    return max((sum(inner in frames for inner in one.line()) for one in frames), default=0)


def _around(inner: Sequence[Area], frame: Node) -> Area:
    top, bottom = frame.extent()
    left, right = min(area.x for area in inner) - PAD, max(area.x + area.width for area in inner) + PAD
    return Area(left, round(top), right - left, round(bottom) - round(top))


def _route(path: Path, boxes: Mapping[str, Area], lanes: Mapping[tuple[int, int], int], number: int) -> Route:
    first, last = boxes[path.slots[0].id], boxes[path.slots[-1].id]
    points = [(first.x + first.width, round(path.leave))]
    for gap, before, after in path.turns():
        if round(before) != round(after):
            x = lanes[number, gap]
            points += [(x, round(before)), (x, round(after))]
    points.append((last.x, round(path.enter)))
    if path.flipped:
        points.reverse()
    (x, y), away = points[-1], (-1 if points[-1][0] > points[-2][0] else 1)
    return Route(tuple(points), (x + away * (BADGE_EDGE + path.link.badge // 2), y))
