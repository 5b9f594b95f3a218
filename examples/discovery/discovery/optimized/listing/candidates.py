"""The statement that finds one page of items: filters, order, ranks, total and paging, all in the database."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, NamedTuple

from sqlalchemy import (
    CTE,
    ColumnElement,
    Connection,
    Double,
    Row,
    Select,
    Subquery,
    bindparam,
    exists,
    func,
    literal,
    select,
    true,
)

from discovery.models import ACTIVE, Item, ItemAddOn, Location
from discovery.optimized.columns import one_of
from discovery.optimized.listing.distance import distance_of_location

OFFERED = literal(ACTIVE, literal_execute=True)
"""Written into the statement's text: a partial index is of no use for a value that the planner does not know."""

MOST_EXISTS = 3
"""For a few add-ons one EXISTS each is six times as fast as counting; for forty PostgreSQL plans three seconds."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Search:
    """What is looked for; None and empty mean "no filter". Names are resolved to ids already."""

    city_id: int | None
    category_id: int | None
    add_on_ids: tuple[int, ...]
    capacity_min: int | None
    capacity_max: int | None
    point: tuple[float, float] | None
    """Latitude and longitude: the nearest come first; without it the cheapest."""
    max_candidates: int
    page: int
    page_size: int

    def shape(self) -> Shape:
        """Which statement it takes."""
        return Shape(
            city=self.city_id is not None,
            category=self.category_id is not None,
            add_ons=min(len(self.add_on_ids), MOST_EXISTS + 1),
            capacity_min=self.capacity_min is not None,
            capacity_max=self.capacity_max is not None,
            nearest=self.point is not None,
        )

    def parameters(self) -> dict[str, object]:
        """The values for the statement; those that it does not name are left out of account."""
        lat, lng = self.point or (None, None)
        return {
            "city_id": self.city_id,
            "category_id": self.category_id,
            "capacity_min": self.capacity_min,
            "capacity_max": self.capacity_max,
            "lat": lat,
            "lng": lng,
            "max_candidates": self.max_candidates,
            "page_size": self.page_size,
            "skipped": (self.page - 1) * self.page_size,
            "add_on_ids": list(self.add_on_ids),
            "add_on_count": len(self.add_on_ids),
            **{f"add_on_{number}": add_on_id for number, add_on_id in enumerate(self.add_on_ids)},
        }


class Shape(NamedTuple):
    """What a statement depends on: the filters that it has and its order, without their values."""

    city: bool
    category: bool
    add_ons: int  # at most one more than MOST_EXISTS
    capacity_min: bool
    capacity_max: bool
    nearest: bool


def find_page(connection: Connection, search: Search) -> tuple[int, list[Row[Any]]]:
    """The number of candidates, and the items of the page in order, each with its `price_rank`."""
    rows: Sequence[Row[Any]] = connection.execute(page_of_items(search.shape()), search.parameters()).all()
    return rows[0].total, [row for row in rows if row.id is not None]


@lru_cache(maxsize=256)
def page_of_items(shape: Shape) -> Select[Any]:
    """One row for each item of the page, in order, with `total` and `price_rank`.

    A page without items is one row in which only `total` is set, so that the total needs no statement of its own.
    """
    candidates = _candidates(shape)
    page = _page(shape, candidates)
    total = select(func.count().label("total")).select_from(candidates).subquery("totals")
    return (
        select(
            total.c.total,
            page.c.price_rank,
            Item.id,
            Item.location_id,
            Item.category_id,
            Item.name,
            Item.floor,
            Item.capacity,
            Item.hourly_price,
            Item.slot_minutes,
            Item.min_notice,
            Item.description,
            Item.attributes,
        )
        .select_from(total)
        .outerjoin(page, true())
        .outerjoin(Item, Item.id == page.c.id)
        .order_by(*_order(shape, page))
    )


def _candidates(shape: Shape) -> CTE:
    """Id, price and distance of the first `max_candidates` matching items."""
    places = _places(shape)
    matching = (
        select(Item.id, Item.hourly_price, places.c.distance)
        .join(places, places.c.id == Item.location_id)
        .where(Item.status == OFFERED, *_item_filters(shape))
    )
    first = (places.c.distance, Item.id) if shape.nearest else (Item.hourly_price, Item.id)
    return matching.order_by(*first).limit(bindparam("max_candidates")).cte("candidates")


def _places(shape: Shape) -> CTE:
    """Id and distance of the locations that count."""
    distance = distance_of_location() if shape.nearest else literal(None, Double)
    places = select(Location.id, distance.label("distance")).where(Location.status == OFFERED)
    if shape.city:
        places = places.where(Location.city_id == bindparam("city_id"))
    if not shape.nearest:
        return places.cte("places")
    # Worked out once for each location and not for each of its hundred items. Sorted, so that PostgreSQL (17 and
    # newer) goes outwards from the point and stops at the last candidate.
    return places.order_by("distance").cte("places").prefix_with("MATERIALIZED")


def _item_filters(shape: Shape) -> list[ColumnElement[bool]]:
    filters: list[ColumnElement[bool]] = []
    if shape.category:
        filters.append(Item.category_id == bindparam("category_id"))
    if shape.capacity_min:
        filters.append(Item.capacity >= bindparam("capacity_min"))
    if shape.capacity_max:
        filters.append(Item.capacity <= bindparam("capacity_max"))
    return filters + _add_on_filters(shape)


def _add_on_filters(shape: Shape) -> list[ColumnElement[bool]]:
    """The item has all the add-ons, of which it has each at most once."""
    if shape.add_ons <= MOST_EXISTS:
        return [
            exists().where(ItemAddOn.item_id == Item.id, ItemAddOn.add_on_id == bindparam(f"add_on_{number}"))
            for number in range(shape.add_ons)
        ]
    having_all = (
        select(ItemAddOn.item_id)
        .where(one_of(ItemAddOn.add_on_id, "add_on_ids"))
        .group_by(ItemAddOn.item_id)
        .having(func.count() == bindparam("add_on_count"))
    )
    return [Item.id.in_(having_all)]


def _page(shape: Shape, candidates: CTE) -> Subquery:
    """The page's part of the candidates, each with its rank by price among all of them."""
    price_rank = func.row_number().over(order_by=(candidates.c.hourly_price, candidates.c.id))
    ranked = select(candidates, price_rank.label("price_rank")).subquery("ranked")
    return (
        select(ranked.c.id, ranked.c.distance, ranked.c.price_rank)
        .order_by(*_order(shape, ranked))
        .limit(bindparam("page_size"))
        .offset(bindparam("skipped"))
        .subquery("page")
    )


def _order(shape: Shape, ranked: Subquery) -> tuple[ColumnElement[Any], ...]:
    return (ranked.c.distance, ranked.c.id) if shape.nearest else (ranked.c.price_rank,)
