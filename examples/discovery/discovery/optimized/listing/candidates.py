"""The statement that finds one page of items: filters, order, ranks, total and paging, all in the database."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import CTE, ColumnElement, Double, Select, Subquery, exists, func, literal, select, true

from discovery.models import ACTIVE, Item, ItemAddOn, Location
from discovery.optimized.listing.distance import distance_of_location

OFFERED = literal(ACTIVE, literal_execute=True)
"""Written into the statement's text: a partial index is of no use for a value that the planner does not know."""


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


def page_of_items(search: Search) -> Select[tuple[object, ...]]:
    """One row for each item of the page, in order, with `total` and `price_rank`.

    A page without items is one row in which only `total` is set, so that the total needs no statement of its own.
    """
    candidates = _candidates(search)
    page = _page(search, candidates)
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
        .order_by(*_order(search, page))
    )


def _candidates(search: Search) -> CTE:
    """Id, price and distance of the first `max_candidates` matching items."""
    places = _places(search)
    matching = (
        select(Item.id, Item.hourly_price, places.c.distance)
        .join(places, places.c.id == Item.location_id)
        .where(Item.status == OFFERED, *_item_filters(search))
    )
    first = (places.c.distance, Item.id) if search.point else (Item.hourly_price, Item.id)
    return matching.order_by(*first).limit(search.max_candidates).cte("candidates")


def _places(search: Search) -> CTE:
    """Id and distance of the locations that count."""
    distance = distance_of_location(*search.point) if search.point else literal(None, Double)
    places = select(Location.id, distance.label("distance")).where(Location.status == ACTIVE)
    if search.city_id is not None:
        places = places.where(Location.city_id == search.city_id)
    if not search.point:
        return places.cte("places")
    # Worked out once for each location and not for each of its hundred items. Sorted, so that PostgreSQL (17 and
    # newer) goes outwards from the point and stops at the last candidate.
    return places.order_by("distance").cte("places").prefix_with("MATERIALIZED")


def _item_filters(search: Search) -> list[ColumnElement[bool]]:
    filters: list[ColumnElement[bool]] = []
    if search.category_id is not None:
        filters.append(Item.category_id == search.category_id)
    if search.capacity_min is not None:
        filters.append(Item.capacity >= search.capacity_min)
    if search.capacity_max is not None:
        filters.append(Item.capacity <= search.capacity_max)
    # One EXISTS for each add-on: counting the matches of an item took six times as long.
    filters += [
        exists().where(ItemAddOn.item_id == Item.id, ItemAddOn.add_on_id == add_on_id)
        for add_on_id in search.add_on_ids
    ]
    return filters


def _page(search: Search, candidates: CTE) -> Subquery:
    """The page's part of the candidates, each with its rank by price among all of them."""
    price_rank = func.row_number().over(order_by=(candidates.c.hourly_price, candidates.c.id))
    ranked = select(candidates, price_rank.label("price_rank")).subquery("ranked")
    return (
        select(ranked.c.id, ranked.c.distance, ranked.c.price_rank)
        .order_by(*_order(search, ranked))
        .limit(search.page_size)
        .offset((search.page - 1) * search.page_size)
        .subquery("page")
    )


def _order(search: Search, ranked: Subquery) -> tuple[ColumnElement[object], ...]:
    return (ranked.c.distance, ranked.c.id) if search.point else (ranked.c.price_rank,)
