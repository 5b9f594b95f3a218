"""The five statements of the detail endpoint."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Sequence
from decimal import Decimal
from typing import Any, NamedTuple

from sqlalchemy import Connection, Integer, Row, Select, bindparam, func, or_, select
from sqlalchemy.orm import InstrumentedAttribute

from discovery.models import (
    ACTIVE,
    Booking,
    City,
    Daypass,
    Item,
    Location,
    LocationHours,
    Permission,
    Restriction,
    User,
)
from discovery.optimized.columns import limits_of, one_of, starts_on_day

READ, BOOK, MANAGE = "location:read", "booking:create", "location:manage"
LOCATION_ID = bindparam("location_id", type_=Integer)
DAYPASS = (
    select(Daypass.status)
    .where(
        Daypass.user_id == User.id,
        Daypass.location_id == LOCATION_ID,
        Daypass.day == bindparam("day"),
        Daypass.status != "cancelled",
    )
    .order_by(Daypass.id)
    .limit(1)
    .scalar_subquery()
)
VIEWER = (
    select(User.id, User.name, User.plan, User.company, DAYPASS.label("daypass"), Permission.scope)
    .outerjoin(
        Permission,
        (Permission.user_id == User.id)
        & Permission.scope.in_((READ, BOOK, MANAGE))
        & or_(Permission.location_id.is_(None), Permission.location_id == LOCATION_ID),
    )
    .where(User.id == bindparam("user_id"))
)


def rows_of(*columns: InstrumentedAttribute[Any]) -> Select[Any]:
    """All rows as one JSON list of lists, so that a table of few rows needs no statement of its own."""
    return select(func.json_agg(func.json_build_array(*columns)))


HOURS = rows_of(LocationHours.weekday, LocationHours.opens, LocationHours.closes).where(
    LocationHours.location_id == Location.id
)
RESTRICTIONS = rows_of(Restriction.kind, Restriction.value, Restriction.id).where(
    Restriction.location_id == Location.id
)
LOCATION = (
    select(
        Location.id,
        Location.name,
        Location.address,
        Location.description,
        Location.lat,
        Location.lng,
        Location.status,
        Location.manager_id,
        select(User.name).where(User.id == Location.manager_id).scalar_subquery().label("manager_name"),
        City.slug.label("city_slug"),
        City.name.label("city_name"),
        City.country.label("city_country"),
        City.timezone.label("city_timezone"),
        HOURS.scalar_subquery().label("hours"),
        RESTRICTIONS.scalar_subquery().label("restrictions"),
    )
    .join(City, City.id == Location.city_id)
    .where(Location.id == LOCATION_ID)
)
ITEMS = (
    select(
        Item.id,
        Item.name,
        Item.category_id,
        Item.floor,
        Item.capacity,
        Item.hourly_price,
        Item.day_price,
        Item.status,
    )
    .where(Item.location_id == LOCATION_ID, Item.status == ACTIVE)
    .order_by(Item.sort_order, Item.id)
    .limit(bindparam("max_items"))
)
BOOKINGS = (
    select(Booking.item_id, Booking.starts_at, Booking.ends_at, Booking.status)
    .where(one_of(Booking.item_id, "item_ids"), starts_on_day(Booking.starts_at), Booking.status != "cancelled")
    .order_by(Booking.starts_at, Booking.id)
)
OCCUPANCY = (
    select(Booking.item_id, func.sum(Booking.attendees), func.count())
    .where(one_of(Booking.item_id, "item_ids"), starts_on_day(Booking.starts_at), Booking.status == "confirmed")
    .group_by(Booking.item_id)
)


class Viewer(NamedTuple):
    """The user, what the user may do at the location, and the status of the user's pass for the day, if any."""

    id: int
    name: str
    plan: str
    company: str | None
    daypass: str | None
    scopes: frozenset[str]


class ItemFacts(NamedTuple):
    """An item of the location."""

    id: int
    name: str
    category_id: int
    floor: int
    capacity: int
    hourly_price: Decimal
    day_price: Decimal
    status: int


class BookingFacts(NamedTuple):
    """A booking of an item on the day."""

    starts_at: dt.datetime
    ends_at: dt.datetime
    status: str


class Occupancy(NamedTuple):
    """How many people the confirmed bookings of a day bring."""

    attendees: int
    bookings: int


NOBODY = Occupancy(0, 0)


def find_viewer(connection: Connection, user_id: int, location_id: int, day: dt.date) -> Viewer | None:
    """The user with the scopes held for all locations or this one; None for an unknown (deleted) user."""
    rows = connection.execute(VIEWER, {"user_id": user_id, "location_id": location_id, "day": day}).all()
    if not rows:
        return None
    user = rows[0]
    scopes = frozenset(row.scope for row in rows if row.scope)
    return Viewer(user.id, user.name, user.plan, user.company, user.daypass, scopes)


def find_location(connection: Connection, location_id: int) -> Row[Any] | None:
    """The location in one row with its city, manager, opening hours and restrictions; None when there is none.

    `hours` and `restrictions` are lists of rows in no order, None when empty; times are texts in them.
    """
    return connection.execute(LOCATION, {"location_id": location_id}).one_or_none()


def find_items(connection: Connection, location_id: int, limit: int) -> list[ItemFacts]:
    """The first active items of the location."""
    rows = connection.execute(ITEMS, {"location_id": location_id, "max_items": limit})
    return [ItemFacts(*row) for row in rows]


def find_bookings(connection: Connection, item_ids: Sequence[int], day: dt.date) -> dict[int, list[BookingFacts]]:
    """Bookings that start on the day and are not cancelled, in order, by item."""
    bookings: dict[int, list[BookingFacts]] = defaultdict(list)
    for item_id, starts_at, ends_at, status in connection.execute(BOOKINGS, {"item_ids": item_ids, **limits_of(day)}):
        bookings[item_id].append(BookingFacts(starts_at, ends_at, status))
    return bookings


def find_occupancy(connection: Connection, item_ids: Sequence[int], day: dt.date) -> dict[int, Occupancy]:
    """Occupancy by item; items that nobody comes to are missing."""
    rows = connection.execute(OCCUPANCY, {"item_ids": item_ids, **limits_of(day)})
    return {item_id: Occupancy(attendees, bookings) for item_id, attendees, bookings in rows}
