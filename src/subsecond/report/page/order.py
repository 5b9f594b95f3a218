"""What stands above what, and where: sweeps by barycentres, then places by isotonic regression."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence

from subsecond.report.page.paths import CORRIDOR_GAP, Path
from subsecond.report.page.placing import crossings, isotonic
from subsecond.report.page.tree import Node

BOX_GAP = 12
FRAME_GAP = 18
STRAIGHT = 6
"""How much more two corridors of one arrow want to be in line than two boxes do."""
ORDER_ROUNDS = 16


def find_order(root: Node, paths: Sequence[Path], hint: Mapping[str, float]) -> None:
    """Sweep to the right and back; the order with the fewest crossings stays."""
    _stack_up(root, hint)
    settle(root, -1, sort=not hint)
    best, left = _orders(root), _crossed(paths)
    for number in range(0 if hint and not left else ORDER_ROUNDS):
        settle(root, (-1, 1, 0, 0)[number % 4], sort=True)
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


def _orders(node: Node) -> list[tuple[list[Node], list[tuple[Node, list[float]]]]]:
    """Each stack with its order and the tops of its leaves, inner ones last."""
    found = [(stack, [(child, [leaf.top for leaf in child.leaves()]) for child in stack]) for stack in node.stacks]
    for child in node.children:
        found = [*_orders(child), *found]
    return found


def _stack_up(node: Node, hint: Mapping[str, float]) -> None:
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


def _hinted(node: Node, hint: Mapping[str, float]) -> float:
    known = [hint[leaf.id] for leaf in node.leaves() if leaf.id in hint]
    return sum(known) / len(known) if known else float("inf")


def _gap(one: Node, other: Node) -> int:
    sorts = {one.sort, other.sort}
    if "corridor" in sorts:
        return CORRIDOR_GAP
    return FRAME_GAP if "frame" in sorts else BOX_GAP


def settle(node: Node, side: int, *, sort: bool) -> None:
    """Move everything in `node` towards what it is joined with (`side` -1: at its left, 1: right, 0: both)."""
    for child in node.children:
        if child.stacks:
            settle(child, side, sort=sort)
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


def _wanted(node: Node, side: int) -> tuple[float, float]:
    """The top that it would like best, and how much it would."""
    top, whole, sum_of_moves = node.extent()[0], 0.0, 0.0
    for inner, outer, where in node.outside:
        if side in (0, where):
            weight = STRAIGHT if "corridor" in (inner.sort, outer.sort) else 1
            whole += weight
            sum_of_moves += weight * (outer.middle - inner.middle)
    return (top + sum_of_moves / whole, whole) if whole else (top, 0.05)


def _crossed(paths: Sequence[Path]) -> int:
    gaps: dict[int, list[tuple[float, float]]] = defaultdict(list)
    for path in paths:
        for one, other in zip(path.slots, path.slots[1:], strict=False):
            for gap in range(one.end + 1, other.start):
                gaps[gap].append((one.middle, one.middle))
            gaps[other.start].append((one.middle, other.middle))
    return sum(crossings(found) for found in gaps.values())
