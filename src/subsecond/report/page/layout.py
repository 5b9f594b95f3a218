"""Where the boxes of a diagram stand and how its arrows run: layered, with nested frames, correct by construction.

Boxes and frames form a tree. The children of a frame get ranks by the longest path over the calls between them; those
of one rank share columns and stand above each other as bands that never overlap, whatever is inside them. So no two
boxes overlap and no box stands in a foreign frame. An arrow turns in the gaps between columns only; where it passes
a rank that it has no end in, it has a thin band of its own there. So no arrow runs over a box. Order and places follow
from barycentres and isotonic regression in a fixed number of rounds: no clock, no chance, the same picture each time.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from subsecond.report.page.drawing import drawn
from subsecond.report.page.order import find_order, settle
from subsecond.report.page.paths import grow, join, path_between, place_ports, straighten
from subsecond.report.page.shapes import Frame, Item, Link, Picture
from subsecond.report.page.tree import assign_columns, assign_ranks, calls_between, tree

PLACE_ROUNDS = 24


def arrange(
    items: Sequence[Item], frames: Sequence[Frame], links: Sequence[Link], hint: Mapping[str, float] | None = None
) -> Picture:
    """The picture of a diagram. `hint`: y of boxes in a picture that this one should resemble.

    Links whose ends are one box or are not among the items are left out, frames without boxes too.
    """
    known = {item.id for item in items}
    links = [link for link in links if link.source != link.target and {link.source, link.target} <= known]
    root, boxes = tree(items, frames)
    assign_ranks(root, calls_between(boxes, links))
    assign_columns(root, 0)
    paths = [path_between(link, boxes) for link in links]
    grow(boxes.values(), paths)
    for path in paths:
        for before, after in zip(path.slots, path.slots[1:], strict=False):
            join(before, after, 1)
            join(after, before, -1)
    find_order(root, paths, hint or {})
    for _ in range(PLACE_ROUNDS):
        settle(root, 0, sort=False)
    top, _ = root.extent() if root.stacks else (0.0, 0.0)
    root.shift(-top)
    for leaf in root.leaves():
        leaf.top = round(leaf.top)
    place_ports(paths)
    for path in paths:
        straighten(path)
    return drawn(root, paths)
