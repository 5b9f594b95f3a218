"""Everything about the items of one page that is not in the items' own rows: one statement for each table or two.

Each function takes an open connection and the ids of the page, and answers a dictionary by id.
"""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Sequence
from decimal import Decimal
from typing import NamedTuple

from sqlalchemy import Connection, func, select

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
from discovery.optimized.columns import one_of, starts_on
from discovery.optimized.listing.slots import Span

TAKING = ("confirmed", "pending")
"""Statuses of a booking that takes its time."""


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
    ratings = (
        select(Review.location_id, func.sum(Review.stars).label("stars"), func.count().label("reviews"))
        .where(one_of(Review.location_id, location_ids))
        .group_by(Review.location_id)
        .subquery("ratings")
    )
    covers = (
        select(LocationPhoto.location_id, LocationPhoto.url)
        .distinct(LocationPhoto.location_id)
        .where(one_of(LocationPhoto.location_id, location_ids))
        .order_by(LocationPhoto.location_id, LocationPhoto.position, LocationPhoto.id)
        .subquery("covers")
    )
    hours = (LocationHours.location_id == Location.id) & (LocationHours.weekday == weekday)
    rows = connection.execute(
        select(
            Location.id,
            Location.name,
            Location.address,
            Location.lat,
            Location.lng,
            LocationHours.opens,
            LocationHours.closes,
            covers.c.url,
            ratings.c.stars,
            func.coalesce(ratings.c.reviews, 0),
        )
        .outerjoin(LocationHours, hours)
        .outerjoin(covers, covers.c.location_id == Location.id)
        .outerjoin(ratings, ratings.c.location_id == Location.id)
        .where(one_of(Location.id, location_ids))
    )
    return {row.id: LocationFacts(*row) for row in rows}


def amenities(connection: Connection, location_ids: Sequence[int]) -> dict[int, list[str]]:
    """Names of the amenities, by name, then id."""
    rows = connection.execute(
        select(LocationAmenity.location_id, LocationAmenity.name, LocationAmenity.id).where(
            one_of(LocationAmenity.location_id, location_ids)
        )
    )
    # Sorted here, because how PostgreSQL orders texts depends on the database's collation.
    names: dict[int, list[str]] = defaultdict(list)
    for location_id, name, _ in sorted(rows, key=lambda row: (row.name, row.id)):
        names[location_id].append(name)
    return names


def occupied(connection: Connection, item_ids: Sequence[int], day: dt.date) -> dict[int, list[Span]]:
    """What takes time of the items on the day: bookings that start on it, and blocks that touch it."""
    midnight = dt.datetime.combine(day, dt.time())
    bookings = select(Booking.item_id, Booking.starts_at, Booking.ends_at).where(
        one_of(Booking.item_id, item_ids), starts_on(Booking.starts_at, day), Booking.status.in_(TAKING)
    )
    blocks = select(ItemBlock.item_id, ItemBlock.starts_at, ItemBlock.ends_at).where(
        one_of(ItemBlock.item_id, item_ids),
        ItemBlock.starts_at < midnight + dt.timedelta(days=1),
        ItemBlock.ends_at > midnight,
    )
    spans: dict[int, list[Span]] = defaultdict(list)
    for statement in (bookings, blocks):
        for item_id, start, end in connection.execute(statement):
            spans[item_id].append(Span(start, end))
    return spans


def add_ons(connection: Connection, item_ids: Sequence[int]) -> dict[int, list[OfferedAddOn]]:
    """The add-ons that the items offer, by the add-on's id."""
    rows = connection.execute(
        select(ItemAddOn.item_id, AddOn.slug, AddOn.name, ItemAddOn.price, ItemAddOn.max_quantity)
        .join(AddOn, AddOn.id == ItemAddOn.add_on_id)
        .where(one_of(ItemAddOn.item_id, item_ids))
        .order_by(ItemAddOn.item_id, ItemAddOn.add_on_id)
    )
    offered: dict[int, list[OfferedAddOn]] = defaultdict(list)
    for item_id, slug, name, price, max_quantity in rows:
        offered[item_id].append(OfferedAddOn(slug, name, price, max_quantity))
    return offered


def price_factors(connection: Connection, item_ids: Sequence[int], weekday: int) -> dict[int, Decimal]:
    """The factor on the price for that weekday; of several rules the one with the lowest id counts."""
    rows = connection.execute(
        select(PriceRule.item_id, PriceRule.factor)
        .distinct(PriceRule.item_id)
        .where(one_of(PriceRule.item_id, item_ids), PriceRule.weekday == weekday)
        .order_by(PriceRule.item_id, PriceRule.id)
    )
    return {row.item_id: row.factor for row in rows}
