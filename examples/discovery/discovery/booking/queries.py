"""The statements of booking that read."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, DateTime, Row, Select, bindparam, func, select, union_all
from sqlalchemy.orm import aliased

from discovery.booking.rules import Offer, Span
from discovery.booking.wish import Page, Wish
from discovery.models import (
    ACTIVE,
    Booking,
    City,
    Config,
    Holiday,
    Item,
    ItemBlock,
    Location,
    LocationHours,
    Permission,
    PriceRule,
    User,
)

BOOK = "booking:create"
TAKING = ("confirmed", "pending")
"""Statuses of a booking that keep others out."""

NOW = func.timezone(City.timezone, func.now(), type_=DateTime)
"""The time on the location's clocks; PostgreSQL has its own table of time zones, a small system may have none."""

PLACES = select(Permission.location_id).join(User, User.id == Permission.user_id).where(
    Permission.user_id == bindparam("user_id"), Permission.scope == BOOK
)  # fmt: skip
HOLIDAY = (
    select(Holiday.name)
    .where(Holiday.country == City.country, Holiday.day == bindparam("day"))
    .order_by(Holiday.id)
    .limit(1)
    .scalar_subquery()
)
FACTOR = (
    select(PriceRule.factor)
    .where(PriceRule.item_id == Item.id, PriceRule.weekday == bindparam("weekday"))
    .order_by(PriceRule.id)
    .limit(1)
    .scalar_subquery()
)
OFFER = (
    select(
        Item.id,
        Item.name,
        Item.capacity,
        Item.hourly_price,
        Item.slot_minutes,
        Item.min_notice,
        Location.id,
        Location.name,
        City.id,
        LocationHours.opens,
        LocationHours.closes,
        HOLIDAY,
        FACTOR,
        NOW,
    )
    .join(Location, Location.id == Item.location_id)
    .join(City, City.id == Location.city_id)
    .outerjoin(
        LocationHours,
        (LocationHours.location_id == Location.id) & (LocationHours.weekday == bindparam("weekday")),
    )
    .where(Item.id == bindparam("item_id"), Item.status == ACTIVE, Location.status == ACTIVE)
)
# Bookings of one item wait for each other here, so that what is checked afterwards cannot change before the commit.
OFFER_LOCKED = OFFER.with_for_update(of=Item, key_share=True)
TAKEN = union_all(
    select(Booking.starts_at, Booking.ends_at).where(
        Booking.item_id == bindparam("item_id"),
        Booking.status.in_(TAKING),
        Booking.starts_at < bindparam("end"),
        Booking.ends_at > bindparam("start"),
    ),
    select(ItemBlock.starts_at, ItemBlock.ends_at).where(
        ItemBlock.item_id == bindparam("item_id"),
        ItemBlock.starts_at < bindparam("end"),
        ItemBlock.ends_at > bindparam("start"),
    ),
)

GROUP = aliased(Config)
CURRENCY = (
    select(Config.value)
    .join(GROUP, GROUP.id == Config.parent_id)
    .where(GROUP.parent_id.is_(None), GROUP.key == "pricing", Config.key == "currency")
    .limit(1)
    .scalar_subquery()
)
OWN = (
    select(
        Booking.id,
        Booking.status,
        Booking.user_id,
        Booking.item_id,
        Item.name.label("item_name"),
        Location.id.label("location_id"),
        Location.name.label("location_name"),
        City.id.label("city_id"),
        City.slug.label("city_slug"),
        City.name.label("city_name"),
        City.timezone,
        Booking.starts_at,
        Booking.ends_at,
        Booking.attendees,
        Booking.total,
        CURRENCY.label("currency"),
        Booking.notes,
        Booking.created_at,
        NOW.label("now"),
    )
    .join(Item, Item.id == Booking.item_id)
    .join(Location, Location.id == Item.location_id)
    .join(City, City.id == Location.city_id)
    .where(Booking.user_id == bindparam("user_id"))
)
ONE = OWN.where(Booking.id == bindparam("booking_id"))
ONE_LOCKED = ONE.with_for_update(of=Booking)
PAGE = OWN.order_by(Booking.starts_at.desc(), Booking.id.desc()).limit(bindparam("size")).offset(bindparam("skipped"))
TOTAL = select(func.count()).select_from(OWN.subquery())


def places_to_book(connection: Connection, user_id: int) -> set[int | None]:
    """Locations that the user may book at, with None for all; empty for an unknown (deleted) user."""
    return set(connection.execute(PLACES, {"user_id": user_id}).scalars())


def find_offer(connection: Connection, wish: Wish) -> Offer | None:
    """The item on the wanted day; None when there is none or it is not let. Keeps others from booking it meanwhile."""
    return _offer(connection, OFFER_LOCKED, wish.item_id, wish.start.date())


def read_offer(connection: Connection, item_id: int, day: dt.date) -> Offer | None:
    """The same for somebody who only looks: nobody waits."""
    return _offer(connection, OFFER, item_id, day)


def _offer(connection: Connection, statement: Select[Any], item_id: int, day: dt.date) -> Offer | None:
    row = connection.execute(statement, {"item_id": item_id, "day": day, "weekday": day.weekday()}).one_or_none()
    return Offer(*row) if row else None


def find_taken(connection: Connection, item_id: int, between: Span) -> list[Span]:
    """When the item is booked or blocked; spans may reach out of the wanted one, and overlap."""
    rows = connection.execute(TAKEN, {"item_id": item_id, "start": between.start, "end": between.end})
    return [Span(start, end) for start, end in rows]


def find_booking(connection: Connection, user_id: int, booking_id: int, *, lock: bool = False) -> Row[Any] | None:
    """A booking of the user with what belongs to it; None when there is none or it is another's."""
    statement = ONE_LOCKED if lock else ONE
    return connection.execute(statement, {"user_id": user_id, "booking_id": booking_id}).one_or_none()


def find_page(connection: Connection, user_id: int, page: Page) -> tuple[int, Sequence[Row[Any]]]:
    """How many bookings the user has, and those of the page, the latest first."""
    total = connection.execute(TOTAL, {"user_id": user_id}).scalar_one()
    skipped = (page.number - 1) * page.size
    return total, connection.execute(PAGE, {"user_id": user_id, "size": page.size, "skipped": skipped}).all()
