"""Boxes and frames as a tree, its ranks by the longest path over calls, and their columns."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

from subsecond.report.page.shapes import Frame, Item, Lane, Link

PAD = 14
HEAD = 42
"""Room for a frame's title and technology."""


@dataclass(eq=False)
class Node:
    """A box, a frame (with `stacks`: its children by rank), or the corridor of an arrow through a rank."""

    id: str
    sort: Literal["box", "frame", "corridor", "root"]
    lane: Lane = "main"
    width: int = 0
    height: int = 0
    parent: Node | None = None
    children: list[Node] = field(default_factory=list)
    stacks: list[list[Node]] = field(default_factory=list)
    rank: int = 0
    start: int = 0
    end: int = 0
    """First and last column."""
    top: float = 0.0
    """Of boxes and corridors."""
    outside: list[tuple[Node, Node, int]] = field(default_factory=list)
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

    def leaves(self) -> Iterable[Node]:
        if self.sort in ("box", "corridor"):
            yield self
        for stack in self.stacks:
            for child in stack:
                yield from child.leaves()

    def shift(self, by: float) -> None:
        for leaf in self.leaves():
            leaf.top += by

    def line(self) -> list[Node]:
        """Itself and what it stands in, outermost last."""
        found: list[Node] = [self]
        while found[-1].parent is not None:
            found.append(found[-1].parent)
        return found


def tree(items: Sequence[Item], frames: Sequence[Frame]) -> tuple[Node, dict[str, Node]]:
    root = Node("", "root")
    made = {frame.id: Node(frame.id, "frame", lane=frame.lane) for frame in frames}
    boxes: dict[str, Node] = {}
    for item in items:
        boxes[item.id] = Node(item.id, "box", lane=item.lane, width=item.width, height=item.height)
        _put(boxes[item.id], made.get(item.frame or "", root))
    for frame in frames:
        _put(made[frame.id], made.get(frame.parent or "", root))
    _prune(root)
    return root, boxes


def _put(node: Node, parent: Node) -> None:
    node.parent = parent
    parent.children.append(node)


def _prune(node: Node) -> None:
    for child in node.children:
        _prune(child)
    node.children = [child for child in node.children if child.sort == "box" or child.children]


def calls_between(boxes: Mapping[str, Node], links: Sequence[Link]) -> dict[Node, list[tuple[Node, Node]]]:
    """Calls between the children of each frame."""
    found: dict[Node, list[tuple[Node, Node]]] = defaultdict(list)
    for link in links:
        parent, one, other = fork(boxes[link.source], boxes[link.target])
        found[parent].append((one, other))
    return found


def fork(one: Node, other: Node) -> tuple[Node, Node, Node]:
    """The innermost frame that holds both, and its children towards each."""
    mine, theirs = one.line()[::-1], other.line()[::-1]
    depth = next(number for number, pair in enumerate(zip(mine, theirs, strict=False)) if pair[0] is not pair[1])
    return mine[depth - 1], mine[depth], theirs[depth]


def assign_ranks(node: Node, between: Mapping[Node, list[tuple[Node, Node]]]) -> None:
    """Children by the longest path over calls that do not run backwards; lanes at the ends have ranks of their own."""
    for child in node.children:
        assign_ranks(child, between)
    after: dict[Node, list[Node]] = {child: [] for child in node.children}
    for one, other in between.get(node, ()):
        if other not in after[one]:
            after[one].append(other)
    ranks = _by_lane(node.children, after)
    dense = {rank: number for number, rank in enumerate(sorted(set(ranks.values())))}
    node.stacks = [[] for _ in dense]
    for child in node.children:
        child.rank = dense[ranks[child]]
        node.stacks[child.rank].append(child)


def _by_lane(nodes: Sequence[Node], after: Mapping[Node, list[Node]]) -> dict[Node, int]:
    """Lanes beside each other, each with ranks by the calls within it."""
    found: dict[Node, int] = {}
    for lane in ("start", "main", "end"):
        own = [node for node in nodes if node.lane == lane]
        inner = {node: [other for other in after[node] if other.lane == lane] for node in own}
        first = max(found.values(), default=-1) + 1
        found |= {node: first + rank for node, rank in _longest(own, inner).items()}
    return found


def _longest(nodes: Sequence[Node], after: Mapping[Node, list[Node]]) -> dict[Node, int]:
    """Longest path from any start; a call back to what is still being walked does not count."""
    called = {other for others in after.values() for other in others}
    starts = [node for node in nodes if node not in called]
    finished: list[Node] = []
    state: dict[Node, int] = {}
    backward: set[tuple[Node, Node]] = set()
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


def assign_columns(node: Node, start: int) -> None:
    node.start = node.end = start
    for stack in node.stacks:
        for child in stack:
            assign_columns(child, start)
        node.end = max(child.end for child in stack)
        start = node.end + 1
