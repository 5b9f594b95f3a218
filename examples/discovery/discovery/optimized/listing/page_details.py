"""Everything about the items of one page that is not in the items' own rows: one statement for each table or two.

Each function takes an open connection and the ids of the page, and answers a dictionary by id.
"""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Sequence
from decimal import Decimal
from typing import NamedTuple

from sqlalchemy import Connection, bindparam, func, select
from sqlalchemy.dialects.postgresql import distinct_on

from discovery.models import (
    AddOn,
    Booking,
    ItemAddOn,
    ItemBlock,
    Location,
    LocationAmenity,
    LocationHours,
    LocationPhoto,
    PriceRule,
    Review,
)
from discovery.optimized.columns import MIDNIGHT, NEXT_MIDNIGHT, limits_of, one_of, starts_on_day
from discovery.optimized.listing.slots import Span

RATINGS = (
    select(Review.location_id, func.sum(Review.stars).label("stars"), func.count().label("reviews"))
    .where(one_of(Review.location_id, "location_ids"))
    .group_by(Review.location_id)
    .subquery("ratings")
)
COVERS = (
    select(LocationPhoto.location_id, LocationPhoto.url)
    .ext(distinct_on(LocationPhoto.location_id))
    .where(one_of(LocationPhoto.location_id, "location_ids"))
    .order_by(LocationPhoto.location_id, LocationPhoto.position, LocationPhoto.id)
    .subquery("covers")
)
LOCATIONS = (
    select(
        Location.id,
        Location.name,
        Location.address,
        Location.lat,
        Location.lng,
        LocationHours.opens,
        LocationHours.closes,
        COVERS.c.url,
        RATINGS.c.stars,
        func.coalesce(RATINGS.c.reviews, 0),
    )
    .outerjoin(
        LocationHours,
        (LocationHours.location_id == Location.id) & (LocationHours.weekday == bindparam("weekday")),
    )
    .outerjoin(COVERS, COVERS.c.location_id == Location.id)
    .outerjoin(RATINGS, RATINGS.c.location_id == Location.id)
    .where(one_of(Location.id, "location_ids"))
)
AMENITIES = select(LocationAmenity.location_id, LocationAmenity.name, LocationAmenity.id).where(
    one_of(LocationAmenity.location_id, "location_ids")
)
BOOKINGS = select(Booking.item_id, Booking.starts_at, Booking.ends_at).where(
    one_of(Booking.item_id, "item_ids"),
    starts_on_day(Booking.starts_at),
    Booking.status.in_(("confirmed", "pending")),
)
BLOCKS = select(ItemBlock.item_id, ItemBlock.starts_at, ItemBlock.ends_at).where(
    one_of(ItemBlock.item_id, "item_ids"), ItemBlock.starts_at < NEXT_MIDNIGHT, ItemBlock.ends_at > MIDNIGHT
)
ADD_ONS = (
    select(ItemAddOn.item_id, AddOn.slug, AddOn.name, ItemAddOn.price, ItemAddOn.max_quantity)
    .join(AddOn, AddOn.id == ItemAddOn.add_on_id)
    .where(one_of(ItemAddOn.item_id, "item_ids"))
    .order_by(ItemAddOn.item_id, ItemAddOn.add_on_id)
)
PRICE_FACTORS = (
    select(PriceRule.item_id, PriceRule.factor)
    .ext(distinct_on(PriceRule.item_id))
    .where(one_of(PriceRule.item_id, "item_ids"), PriceRule.weekday == bindparam("weekday"))
    .order_by(PriceRule.item_id, PriceRule.id)
)


class LocationFacts(NamedTuple):
    """A location as the listing shows it; `opens` and `closes` of the wanted weekday."""

    id: int
    name: str
    address: str
    lat: float
    lng: float
    opens: dt.time | None
    closes: dt.time | None
    cover_photo: str | None
    stars: int | None
    review_count: int


class OfferedAddOn(NamedTuple):
    """An add-on as an item offers it."""

    slug: str
    name: str
    price: Decimal
    max_quantity: int


def locations(connection: Connection, location_ids: Sequence[int], weekday: int) -> dict[int, LocationFacts]:
    """The locations with opening hours, cover photo and the sum and number of their stars."""
    rows = connection.execute(LOCATIONS, {"location_ids": location_ids, "weekday": weekday})
    return {row.id: LocationFacts(*row) for row in rows}


def amenities(connection: Connection, location_ids: Sequence[int]) -> dict[int, list[str]]:
    """Names of the amenities, by name, then id."""
    rows = connection.execute(AMENITIES, {"location_ids": location_ids})
    # Sorted here, because how PostgreSQL orders texts depends on the database's collation.
    names: dict[int, list[str]] = defaultdict(list)
    for location_id, name, _ in sorted(rows, key=lambda row: (row.name, row.id)):
        names[location_id].append(name)
    return names


def occupied(connection: Connection, item_ids: Sequence[int], day: dt.date) -> dict[int, list[Span]]:
    """What takes time of the items on the day: bookings that start on it, and blocks that touch it."""
    spans: dict[int, list[Span]] = defaultdict(list)
    for statement in (BOOKINGS, BLOCKS):
        for item_id, start, end in connection.execute(statement, {"item_ids": item_ids, **limits_of(day)}):
            spans[item_id].append(Span(start, end))
    return spans


def add_ons(connection: Connection, item_ids: Sequence[int]) -> dict[int, list[OfferedAddOn]]:
    """The add-ons that the items offer, by the add-on's id."""
    offered: dict[int, list[OfferedAddOn]] = defaultdict(list)
    for item_id, slug, name, price, max_quantity in connection.execute(ADD_ONS, {"item_ids": item_ids}):
        offered[item_id].append(OfferedAddOn(slug, name, price, max_quantity))
    return offered


def price_factors(connection: Connection, item_ids: Sequence[int], weekday: int) -> dict[int, Decimal]:
    """The factor on the price for that weekday; of several rules the one with the lowest id counts."""
    rows = connection.execute(PRICE_FACTORS, {"item_ids": item_ids, "weekday": weekday})
    return {row.item_id: row.factor for row in rows}
