"""Arrows through the columns: their corridors, and where they touch their boxes."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from subsecond.report.page.placing import within
from subsecond.report.page.shapes import Link
from subsecond.report.page.tree import HEAD, PAD, Node, fork

CORRIDOR = 8
CORRIDOR_GAP = 6
PORT = 16
"""Between two heads at one side of a box: the height of a badge."""
TAILS = 9
"""Between two arrows that leave at one side of a box."""
PORT_MARGIN = 8
PORT_ROUNDS = 4


@dataclass
class Path:
    """An arrow through its columns: the box further left, corridors, the box further right."""

    link: Link
    slots: list[Node]
    flipped: bool
    """Drawn from right to left."""
    leave: float = 0.0
    enter: float = 0.0
    """y at the box further left and at the one further right."""

    @property
    def bends(self) -> int:
        """How often it turns."""
        return sum(round(before) != round(after) for _, before, after in self.turns())

    def turns(self) -> list[tuple[int, float, float]]:
        """(gap, y before, y after); gap n lies before column n."""
        heights = [self.leave, *(slot.middle for slot in self.slots[1:-1]), self.enter]
        return [
            (after.start, heights[number], heights[number + 1])
            for number, after in enumerate(self.slots[1:])
        ]  # fmt: skip


def path_between(link: Link, boxes: Mapping[str, Node]) -> Path:
    """With a corridor made in each rank that the arrow passes."""
    one, other = boxes[link.source], boxes[link.target]
    flipped = one.start > other.start
    if flipped:
        one, other = other, one
    parent, left, right = fork(one, other)
    slots = [one]
    for node in one.line()[: one.line().index(left)]:
        slots += _corridors(link, node.parent, range(node.rank + 1, len(node.parent.stacks) if node.parent else 0))
    slots += _corridors(link, parent, range(left.rank + 1, right.rank))
    for node in reversed(other.line()[: other.line().index(right)]):
        slots += _corridors(link, node.parent, range(node.rank))
    return Path(link, [*slots, other], flipped)


def _corridors(link: Link, parent: Node | None, ranks: range) -> list[Node]:
    made = []
    for rank in ranks if parent else ():
        assert parent is not None
        stack = parent.stacks[rank]
        corridor = Node(link.id, "corridor", height=CORRIDOR, parent=parent, rank=rank)
        corridor.start, corridor.end = stack[0].start, max(child.end for child in stack)
        stack.append(corridor)
        made.append(corridor)
    return made


def grow(boxes: Iterable[Node], paths: Sequence[Path]) -> None:
    """Boxes become as high as the arrows at their sides need."""
    sides: dict[Node, list[int]] = {box: [0, 0] for box in boxes}
    for path in paths:
        sides[path.slots[0]][0] += PORT if path.flipped else TAILS
        sides[path.slots[-1]][1] += TAILS if path.flipped else PORT
    for box, needed in sides.items():
        box.height = max(box.height, max(needed) + 2 * PORT_MARGIN - TAILS)


def join(leaf: Node, other: Node, side: int) -> None:
    theirs = other.line()
    for node in leaf.line():
        if node in theirs:
            return
        node.outside.append((leaf, other, side))


def place_ports(paths: Sequence[Path]) -> None:
    """Where arrows touch their boxes: as straight as the side allows, in the order of their other ends."""
    leaving: dict[Node, list[Path]] = defaultdict(list)
    entering: dict[Node, list[Path]] = defaultdict(list)
    for path in paths:
        leaving[path.slots[0]].append(path)
        entering[path.slots[-1]].append(path)
        path.leave, path.enter = path.slots[0].middle, path.slots[-1].middle
    for _ in range(PORT_ROUNDS):
        for box, found in leaving.items():
            wanted = {id(one): one.enter if len(one.slots) == 2 else one.slots[1].middle for one in found}
            found.sort(key=lambda one: (wanted[id(one)], -one.slots[1].start))
            for one, y in zip(found, _spread(box, [wanted[id(one)] for one in found]), strict=True):
                one.leave = y
        for box, found in entering.items():
            wanted = {id(one): one.leave if len(one.slots) == 2 else one.slots[-2].middle for one in found}
            found.sort(key=lambda one: (wanted[id(one)], one.slots[-2].end))
            for one, y in zip(found, _spread(box, [wanted[id(one)] for one in found]), strict=True):
                one.enter = y
    for path in paths:
        path.leave, path.enter = round(path.leave), round(path.enter)


def straighten(path: Path) -> None:
    """Move its corridors in line with their neighbours where there is room and it then turns less often."""
    corridors = path.slots[1:-1]
    for order, start in ((corridors, path.leave), (corridors[::-1], path.enter)):
        before, tops = path.bends, [corridor.top for corridor in corridors]
        y = start
        for corridor in order:
            if _free(corridor, y):
                corridor.top = y - corridor.height / 2
            y = corridor.middle
        if path.bends > before:
            for corridor, top in zip(corridors, tops, strict=True):
                corridor.top = top


def _free(corridor: Node, y: float) -> bool:
    """Whether a corridor may run at `y`: between its neighbours, and within what its frame takes up anyway."""
    assert corridor.parent is not None
    stack = corridor.parent.stacks[corridor.rank]
    at = stack.index(corridor)
    top, bottom = corridor.parent.extent()
    if corridor.parent.sort == "frame":
        top, bottom = top + HEAD, bottom - PAD
    low = stack[at - 1].extent()[1] + CORRIDOR_GAP if at else top
    high = stack[at + 1].extent()[0] - CORRIDOR_GAP if at + 1 < len(stack) else bottom
    return low <= y - corridor.height / 2 and y + corridor.height / 2 <= high


def _spread(box: Node, wanted: Sequence[float]) -> list[float]:
    low, high = box.top + PORT_MARGIN, box.top + box.height - PORT_MARGIN
    step = min(PORT, (high - low) / (len(wanted) - 1)) if len(wanted) > 1 else 0
    return within(wanted, low, high, step)
