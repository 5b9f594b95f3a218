"""Where the boxes of a diagram stand and how its arrows run: layered, with nested frames, correct by construction.

Boxes and frames form a tree. The children of a frame get ranks by the longest path over the calls between them; those
of one rank share columns and stand above each other as bands that never overlap, whatever is inside them. So no two
boxes overlap and no box stands in a foreign frame. An arrow turns in the gaps between columns only; where it passes
a rank that it has no end in, it has a thin band of its own there. So no arrow runs over a box. Order and places follow
from barycentres and isotonic regression in a fixed number of rounds: no clock, no chance, the same picture each time.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

from subsecond.report.page.lanes import Turn, ordered
from subsecond.report.page.placing import crossings, isotonic, within

BOX_GAP = 12
FRAME_GAP = 18
CORRIDOR = 8
CORRIDOR_GAP = 6
PAD = 14
HEAD = 42
"""Room for a frame's title and technology."""
LANE = 7
TAIL = 14
"""From a box to the first turn."""
TIP = 26
"""From the last turn to the head of an arrow without a badge."""
BADGE_EDGE = 10
"""Left free before and after a badge."""
PORT = 16
"""Between two heads at one side of a box: the height of a badge."""
TAILS = 9
"""Between two arrows that leave at one side of a box."""
STRAIGHT = 6
"""How much more two corridors of one arrow want to be in line than two boxes do."""
PORT_MARGIN = 8
ORDER_ROUNDS = 16
PLACE_ROUNDS = 24
PORT_ROUNDS = 4

Lane = Literal["start", "main", "end"]
"""`start`: people, left of all; `end`: what the system depends on, right of all. In a frame: of what it holds."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """A box of that size in a frame (None: outside of all, in its `lane`). It may come out higher, for its arrows."""

    id: str
    width: int
    height: int
    frame: str | None = None
    lane: Lane = "main"


@dataclass(frozen=True, slots=True, kw_only=True)
class Frame:
    """A boundary, perhaps within another."""

    id: str
    parent: str | None = None
    lane: Lane = "main"


@dataclass(frozen=True, slots=True, kw_only=True)
class Link:
    """An arrow between two different boxes; `badge`: width of what stands at its head, 0 for nothing."""

    id: str
    source: str
    target: str
    badge: int = 0


@dataclass(frozen=True, slots=True)
class Area:
    """A rectangle."""

    x: int
    y: int
    width: int
    height: int


@dataclass(frozen=True, slots=True)
class Route:
    """An arrow's corners, head last, and the middle of its badge."""

    points: tuple[tuple[int, int], ...]
    badge: tuple[int, int]


@dataclass(frozen=True, slots=True)
class Picture:
    """Everything by id, from (0, 0) on."""

    boxes: dict[str, Area]
    frames: dict[str, Area]
    routes: dict[str, Route]
    width: int
    height: int


@dataclass(eq=False)
class _Node:
    """A box, a frame (with `stacks`: its children by rank), or the corridor of an arrow through a rank."""

    id: str
    sort: Literal["box", "frame", "corridor", "root"]
    lane: Lane = "main"
    width: int = 0
    height: int = 0
    parent: _Node | None = None
    children: list[_Node] = field(default_factory=list)
    stacks: list[list[_Node]] = field(default_factory=list)
    rank: int = 0
    start: int = 0
    end: int = 0
    """First and last column."""
    top: float = 0.0
    """Of boxes and corridors."""
    outside: list[tuple[_Node, _Node, int]] = field(default_factory=list)
    """(leaf within, leaf outside, -1 where that is further left, else 1): where arrows leave it."""

    @property
    def middle(self) -> float:
        return self.top + self.height / 2

    def extent(self) -> tuple[float, float]:
        """Top and bottom, of a frame with its title and padding."""
        if not self.children and self.sort != "root":
            return self.top, self.top + self.height
        inner = [child.extent() for stack in self.stacks for child in stack]
        head, pad = (0, 0) if self.sort == "root" else (HEAD, PAD)
        return min(top for top, _ in inner) - head, max(bottom for _, bottom in inner) + pad

    def leaves(self) -> Iterable[_Node]:
        if self.sort in ("box", "corridor"):
            yield self
        for stack in self.stacks:
            for child in stack:
                yield from child.leaves()

    def shift(self, by: float) -> None:
        for leaf in self.leaves():
            leaf.top += by

    def line(self) -> list[_Node]:
        """Itself and what it stands in, outermost last."""
        found: list[_Node] = [self]
        while found[-1].parent is not None:
            found.append(found[-1].parent)
        return found


@dataclass
class _Path:
    """An arrow through its columns: the box further left, corridors, the box further right."""

    link: Link
    slots: list[_Node]
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


def arrange(
    items: Sequence[Item], frames: Sequence[Frame], links: Sequence[Link], hint: Mapping[str, float] | None = None
) -> Picture:
    """The picture of a diagram. `hint`: y of boxes in a picture that this one should resemble.

    Links whose ends are one box or are not among the items are left out, frames without boxes too.
    """
    known = {item.id for item in items}
    links = [link for link in links if link.source != link.target and {link.source, link.target} <= known]
    root, boxes = _tree(items, frames)
    _rank(root, _between(boxes, links))
    _columns(root, 0)
    paths = [_path(link, boxes) for link in links]
    _grow(boxes.values(), paths)
    for path in paths:
        for before, after in zip(path.slots, path.slots[1:], strict=False):
            _join(before, after, 1)
            _join(after, before, -1)
    _order(root, paths, hint or {})
    for _ in range(PLACE_ROUNDS):
        _settle(root, 0, sort=False)
    top, _ = root.extent() if root.stacks else (0.0, 0.0)
    root.shift(-top)
    for leaf in root.leaves():
        leaf.top = round(leaf.top)
    _ports(paths)
    for path in paths:
        _straighten(path)
    return _drawn(root, paths)


def _tree(items: Sequence[Item], frames: Sequence[Frame]) -> tuple[_Node, dict[str, _Node]]:
    root = _Node("", "root")
    made = {frame.id: _Node(frame.id, "frame", lane=frame.lane) for frame in frames}
    boxes: dict[str, _Node] = {}
    for item in items:
        boxes[item.id] = _Node(item.id, "box", lane=item.lane, width=item.width, height=item.height)
        _put(boxes[item.id], made.get(item.frame or "", root))
    for frame in frames:
        _put(made[frame.id], made.get(frame.parent or "", root))
    _prune(root)
    return root, boxes


def _put(node: _Node, parent: _Node) -> None:
    node.parent = parent
    parent.children.append(node)


def _prune(node: _Node) -> None:
    for child in node.children:
        _prune(child)
    node.children = [child for child in node.children if child.sort == "box" or child.children]


def _between(boxes: Mapping[str, _Node], links: Sequence[Link]) -> dict[_Node, list[tuple[_Node, _Node]]]:
    """Calls between the children of each frame."""
    found: dict[_Node, list[tuple[_Node, _Node]]] = defaultdict(list)
    for link in links:
        parent, one, other = _fork(boxes[link.source], boxes[link.target])
        found[parent].append((one, other))
    return found


def _fork(one: _Node, other: _Node) -> tuple[_Node, _Node, _Node]:
    """The innermost frame that holds both, and its children towards each."""
    mine, theirs = one.line()[::-1], other.line()[::-1]
    depth = next(number for number, pair in enumerate(zip(mine, theirs, strict=False)) if pair[0] is not pair[1])
    return mine[depth - 1], mine[depth], theirs[depth]


def _rank(node: _Node, between: Mapping[_Node, list[tuple[_Node, _Node]]]) -> None:
    """Children by the longest path over calls that do not run backwards; lanes at the ends have ranks of their own."""
    for child in node.children:
        _rank(child, between)
    after: dict[_Node, list[_Node]] = {child: [] for child in node.children}
    for one, other in between.get(node, ()):
        if other not in after[one]:
            after[one].append(other)
    ranks = _by_lane(node.children, after)
    dense = {rank: number for number, rank in enumerate(sorted(set(ranks.values())))}
    node.stacks = [[] for _ in dense]
    for child in node.children:
        child.rank = dense[ranks[child]]
        node.stacks[child.rank].append(child)


def _by_lane(nodes: Sequence[_Node], after: Mapping[_Node, list[_Node]]) -> dict[_Node, int]:
    """Lanes beside each other, each with ranks by the calls within it."""
    found: dict[_Node, int] = {}
    for lane in ("start", "main", "end"):
        own = [node for node in nodes if node.lane == lane]
        inner = {node: [other for other in after[node] if other.lane == lane] for node in own}
        first = max(found.values(), default=-1) + 1
        found |= {node: first + rank for node, rank in _longest(own, inner).items()}
    return found


def _longest(nodes: Sequence[_Node], after: Mapping[_Node, list[_Node]]) -> dict[_Node, int]:
    """Longest path from any start; a call back to what is still being walked does not count."""
    called = {other for others in after.values() for other in others}
    starts = [node for node in nodes if node not in called]
    finished: list[_Node] = []
    state: dict[_Node, int] = {}
    backward: set[tuple[_Node, _Node]] = set()
    for start in [*starts, *nodes]:
        stack = [(start, iter(after[start]))] if start not in state else []
        if stack:
            state[start] = 1
        while stack:
            node, rest = stack[-1]
            following = next(rest, None)
            if following is None:
                state[node] = 2
                finished.append(node)
                stack.pop()
            elif state.get(following) == 1:
                backward.add((node, following))
            elif following not in state:
                state[following] = 1
                stack.append((following, iter(after[following])))
    ranks = dict.fromkeys(nodes, 0)
    for node in reversed(finished):
        for following in after[node]:
            if (node, following) not in backward:
                ranks[following] = max(ranks[following], ranks[node] + 1)
    return ranks


def _columns(node: _Node, start: int) -> None:
    node.start = node.end = start
    for stack in node.stacks:
        for child in stack:
            _columns(child, start)
        node.end = max(child.end for child in stack)
        start = node.end + 1


def _path(link: Link, boxes: Mapping[str, _Node]) -> _Path:
    """With a corridor made in each rank that the arrow passes."""
    one, other = boxes[link.source], boxes[link.target]
    flipped = one.start > other.start
    if flipped:
        one, other = other, one
    parent, left, right = _fork(one, other)
    slots = [one]
    for node in one.line()[: one.line().index(left)]:
        slots += _corridors(link, node.parent, range(node.rank + 1, len(node.parent.stacks) if node.parent else 0))
    slots += _corridors(link, parent, range(left.rank + 1, right.rank))
    for node in reversed(other.line()[: other.line().index(right)]):
        slots += _corridors(link, node.parent, range(node.rank))
    return _Path(link, [*slots, other], flipped)


def _corridors(link: Link, parent: _Node | None, ranks: range) -> list[_Node]:
    made = []
    for rank in ranks if parent else ():
        assert parent is not None
        stack = parent.stacks[rank]
        corridor = _Node(link.id, "corridor", height=CORRIDOR, parent=parent, rank=rank)
        corridor.start, corridor.end = stack[0].start, max(child.end for child in stack)
        stack.append(corridor)
        made.append(corridor)
    return made


def _grow(boxes: Iterable[_Node], paths: Sequence[_Path]) -> None:
    """Boxes become as high as the arrows at their sides need."""
    sides: dict[_Node, list[int]] = {box: [0, 0] for box in boxes}
    for path in paths:
        sides[path.slots[0]][0] += PORT if path.flipped else TAILS
        sides[path.slots[-1]][1] += TAILS if path.flipped else PORT
    for box, needed in sides.items():
        box.height = max(box.height, max(needed) + 2 * PORT_MARGIN - TAILS)


def _join(leaf: _Node, other: _Node, side: int) -> None:
    theirs = other.line()
    for node in leaf.line():
        if node in theirs:
            return
        node.outside.append((leaf, other, side))


def _order(root: _Node, paths: Sequence[_Path], hint: Mapping[str, float]) -> None:
    """Sweep to the right and back; the order with the fewest crossings stays."""
    _stack_up(root, hint)
    _settle(root, -1, sort=not hint)
    best, left = _orders(root), _crossed(paths)
    for number in range(0 if hint and not left else ORDER_ROUNDS):
        _settle(root, (-1, 1, 0, 0)[number % 4], sort=True)
        now = _crossed(paths)
        if now < left:
            best, left = _orders(root), now
        if not left:
            break
    for stack, order in best:
        stack[:] = [node for node, _ in order]
        for node, tops in order:
            for leaf, top in zip(node.leaves(), tops, strict=True):
                leaf.top = top


def _orders(node: _Node) -> list[tuple[list[_Node], list[tuple[_Node, list[float]]]]]:
    """Each stack with its order and the tops of its leaves, inner ones last."""
    found = [(stack, [(child, [leaf.top for leaf in child.leaves()]) for child in stack]) for stack in node.stacks]
    for child in node.children:
        found = [*_orders(child), *found]
    return found


def _stack_up(node: _Node, hint: Mapping[str, float]) -> None:
    """A first valid place for everything, in the order given or hinted."""
    for child in node.children:
        _stack_up(child, hint)
    for stack in node.stacks:
        if hint:
            stack.sort(key=lambda child: _hinted(child, hint))
        edge = 0.0
        for number, child in enumerate(stack):
            child.shift(edge + (_gap(stack[number - 1], child) if number else 0) - child.extent()[0])
            edge = child.extent()[1]


def _hinted(node: _Node, hint: Mapping[str, float]) -> float:
    known = [hint[leaf.id] for leaf in node.leaves() if leaf.id in hint]
    return sum(known) / len(known) if known else float("inf")


def _gap(one: _Node, other: _Node) -> int:
    sorts = {one.sort, other.sort}
    if "corridor" in sorts:
        return CORRIDOR_GAP
    return FRAME_GAP if "frame" in sorts else BOX_GAP


def _settle(node: _Node, side: int, *, sort: bool) -> None:
    """Move everything in `node` towards what it is joined with (`side` -1: at its left, 1: right, 0: both)."""
    for child in node.children:
        if child.stacks:
            _settle(child, side, sort=sort)
    stacks = node.stacks if side <= 0 else reversed(node.stacks)
    for stack in stacks:
        wanted = {child: _wanted(child, side) for child in stack}
        if sort:
            stack.sort(key=lambda child: wanted[child][0] + (child.extent()[1] - child.extent()[0]) / 2)
        extents = [child.extent() for child in stack]
        offsets = [0.0]
        for number, child in enumerate(stack[1:]):
            height = extents[number][1] - extents[number][0]
            offsets.append(offsets[-1] + height + _gap(stack[number], child))
        tops = isotonic(
            [wanted[child][0] - offset for child, offset in zip(stack, offsets, strict=True)],
            [wanted[child][1] for child in stack],
        )
        for child, (top, _), place, offset in zip(stack, extents, tops, offsets, strict=True):
            child.shift(place + offset - top)


def _wanted(node: _Node, side: int) -> tuple[float, float]:
    """The top that it would like best, and how much it would."""
    top, whole, sum_of_moves = node.extent()[0], 0.0, 0.0
    for inner, outer, where in node.outside:
        if side in (0, where):
            weight = STRAIGHT if "corridor" in (inner.sort, outer.sort) else 1
            whole += weight
            sum_of_moves += weight * (outer.middle - inner.middle)
    return (top + sum_of_moves / whole, whole) if whole else (top, 0.05)


def _crossed(paths: Sequence[_Path]) -> int:
    gaps: dict[int, list[tuple[float, float]]] = defaultdict(list)
    for path in paths:
        for one, other in zip(path.slots, path.slots[1:], strict=False):
            for gap in range(one.end + 1, other.start):
                gaps[gap].append((one.middle, one.middle))
            gaps[other.start].append((one.middle, other.middle))
    return sum(crossings(found) for found in gaps.values())


def _ports(paths: Sequence[_Path]) -> None:
    """Where arrows touch their boxes: as straight as the side allows, in the order of their other ends."""
    leaving: dict[_Node, list[_Path]] = defaultdict(list)
    entering: dict[_Node, list[_Path]] = defaultdict(list)
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


def _straighten(path: _Path) -> None:
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


def _free(corridor: _Node, y: float) -> bool:
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


def _spread(box: _Node, wanted: Sequence[float]) -> list[float]:
    low, high = box.top + PORT_MARGIN, box.top + box.height - PORT_MARGIN
    step = min(PORT, (high - low) / (len(wanted) - 1)) if len(wanted) > 1 else 0
    return within(wanted, low, high, step)


def _drawn(root: _Node, paths: Sequence[_Path]) -> Picture:
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


def _room(paths: Sequence[_Path]) -> tuple[dict[int, int], dict[int, int]]:
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


def _all(node: _Node) -> Iterable[_Node]:
    for child in node.children:
        yield child
        yield from _all(child)


def _depth(nodes: Sequence[_Node], column: int, side: Literal["start", "end"]) -> int:
    """How many frames begin or end at a column, one in the other."""
    frames = [one for one in nodes if one.sort == "frame" and getattr(one, side) == column]
    return max((sum(inner in frames for inner in one.line()) for one in frames), default=0)


def _around(inner: Sequence[Area], frame: _Node) -> Area:
    top, bottom = frame.extent()
    left, right = min(area.x for area in inner) - PAD, max(area.x + area.width for area in inner) + PAD
    return Area(left, round(top), right - left, round(bottom) - round(top))


def _route(path: _Path, boxes: Mapping[str, Area], lanes: Mapping[tuple[int, int], int], number: int) -> Route:
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
