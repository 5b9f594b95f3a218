"""The layout on random nested graphs: what holds by construction, held against what is drawn."""

from __future__ import annotations

from itertools import combinations, pairwise

from hypothesis import given, settings
from hypothesis import strategies as st

from subsecond.report.page.layout import arrange
from subsecond.report.page.shapes import Area, Frame, Item, Link, Picture

LANES = st.sampled_from(["start", "main", "main", "end"])
Graph = tuple[list[Item], list[Frame], list[Link]]


@st.composite
def graphs(draw: st.DrawFn) -> Graph:
    """Up to 30 boxes of all sizes in up to 6 nested frames, with arrows anywhere, cycles and loops included."""
    frames: list[Frame] = []
    for number in range(draw(st.integers(0, 6))):
        parent = draw(st.sampled_from([None, *(one.id for one in frames)]))
        frames.append(Frame(id=f"f{number}", parent=parent, lane=draw(LANES)))
    homes = st.sampled_from([None, *(one.id for one in frames)])
    items = [
        Item(
            id=f"b{number}", width=draw(st.sampled_from([118, 132, 150])), height=draw(st.sampled_from([30, 50, 58])),
            frame=draw(homes), lane=draw(LANES),
        )
        for number in range(draw(st.integers(1, 30)))
    ]  # fmt: skip
    ends = st.sampled_from([one.id for one in items])
    links = [
        Link(id=f"l{number}", source=draw(ends), target=draw(ends), badge=draw(st.sampled_from([0, 30, 76])))
        for number in range(draw(st.integers(0, 45)))
    ]
    return items, frames, links


def overlap(one: Area, other: Area) -> bool:
    return (
        one.x < other.x + other.width
        and other.x < one.x + one.width
        and one.y < other.y + other.height
        and other.y < one.y + one.height
    )


def holds(outer: Area, inner: Area) -> bool:
    return (
        outer.x < inner.x
        and outer.y < inner.y
        and inner.x + inner.width < outer.x + outer.width
        and inner.y + inner.height < outer.y + outer.height
    )


def homes_of(item: Item, frames: list[Frame]) -> set[str]:
    """The frames that a box stands in, inner and outer."""
    parents = {one.id: one.parent for one in frames}
    found, at = set(), item.frame
    while at is not None:
        found.add(at)
        at = parents[at]
    return found


def pieces(picture: Picture, link: str) -> list[tuple[tuple[int, int], tuple[int, int]]]:
    return list(pairwise(picture.routes[link].points))


@settings(max_examples=30, deadline=None)
@given(graphs())
def test_boxes_and_frames_keep_apart(graph: Graph) -> None:
    items, frames, links = graph
    picture = arrange(items, frames, links)
    assert set(picture.boxes) == {one.id for one in items}
    for one, other in combinations(picture.boxes.values(), 2):
        assert not overlap(one, other)
    for item in items:
        own = homes_of(item, frames)
        for name, area in picture.frames.items():
            assert holds(area, picture.boxes[item.id]) if name in own else not overlap(area, picture.boxes[item.id])
    whole = Area(-1, -1, picture.width + 2, picture.height + 2)
    assert all(holds(whole, area) for area in [*picture.boxes.values(), *picture.frames.values()])


@settings(max_examples=30, deadline=None)
@given(graphs())
def test_arrows_run_straight_between_their_boxes_and_over_none(graph: Graph) -> None:
    items, frames, links = graph
    picture = arrange(items, frames, links)
    for link in links:
        if link.source == link.target:
            assert link.id not in picture.routes
            continue
        points = picture.routes[link.id].points
        for end, name in ((points[0], link.source), (points[-1], link.target)):
            box = picture.boxes[name]
            assert end[0] in (box.x, box.x + box.width) and box.y < end[1] < box.y + box.height
        for (x, y), (to_x, to_y) in pieces(picture, link.id):
            assert x == to_x or y == to_y
            left, right, top, bottom = min(x, to_x), max(x, to_x), min(y, to_y), max(y, to_y)
            for box in picture.boxes.values():
                crosses_x = left < box.x + box.width and right > box.x
                assert not (crosses_x and top < box.y + box.height and bottom > box.y)


@settings(max_examples=20, deadline=None)
@given(graphs())
def test_badges_lie_free_on_the_last_straight_piece(graph: Graph) -> None:
    items, frames, links = graph
    picture = arrange(items, frames, links)
    for link in links:
        if link.badge and link.id in picture.routes:
            route = picture.routes[link.id]
            (x, y), (tip, _) = route.points[-2:]
            assert route.badge[1] == y
            assert min(x, tip) <= route.badge[0] - link.badge / 2 and route.badge[0] + link.badge / 2 <= max(x, tip)


@settings(max_examples=20, deadline=None)
@given(graphs())
def test_the_same_graph_gives_the_same_picture(graph: Graph) -> None:
    assert arrange(*graph) == arrange(*graph)


def test_people_stand_left_of_the_system_and_what_it_depends_on_right() -> None:
    items = [
        Item(id="person", width=128, height=58, lane="start"),
        Item(id="app", width=150, height=50, frame="system"),
        Item(id="service", width=138, height=50, lane="end"),
    ]
    links = [Link(id="1", source="person", target="app"), Link(id="2", source="app", target="service")]
    picture = arrange(items, [Frame(id="system")], links)
    system = picture.frames["system"]
    assert picture.boxes["person"].x + 128 < system.x
    assert picture.boxes["service"].x > system.x + system.width
    assert [len(route.points) for route in picture.routes.values()] == [2, 2]  # both quite straight


def test_rows_keep_the_order_of_the_other_side() -> None:
    items = [Item(id="a", width=100, height=30), *(Item(id=f"b{n}", width=100, height=30) for n in range(5))]
    links = [Link(id=f"l{n}", source="a", target=f"b{n}") for n in range(5)]
    hint = {f"b{n}": 100.0 - n for n in range(5)}
    picture = arrange(items, [], links, hint)
    assert sorted(hint, key=hint.__getitem__) == sorted(hint, key=lambda name: picture.boxes[name].y)
