"""Making and cancelling a booking: each is one transaction, with the job that tells the CRM in it."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

from psycopg import errors
from psycopg.types.range import TimestampRange
from sqlalchemy import Connection, Row, bindparam, delete, insert, update
from sqlalchemy.exc import IntegrityError

from discovery.booking import queries, response, rules
from discovery.booking.rules import Offer, Span
from discovery.booking.tables import ITEM_HOLDS
from discovery.booking.wish import Wish
from discovery.crm_sync import tasks
from discovery.errors import Conflict, Forbidden, NotFound
from discovery.models import Booking

NEW = insert(Booking).returning(Booking.id)
CANCEL = update(Booking).where(Booking.id == bindparam("which"))
RELEASE = delete(ITEM_HOLDS).where(ITEM_HOLDS.c.booking_id == bindparam("which"))
WHOLE_DAY = dt.timedelta(days=1)


def make(connection: Connection, user_id: int, wish: Wish) -> Row[Any]:
    """Books the item and returns the booking. Raises Forbidden, NotFound, InvalidParameter, Conflict."""
    offer = _permitted_offer(connection, user_id, wish)
    rules.check(wish, offer)
    day = dt.datetime.combine(wish.start.date(), dt.time())
    taken = queries.find_taken(connection, offer.item_id, Span(day, day + WHOLE_DAY))
    if rules.is_taken(Span(wish.start, wish.end), taken):
        raise _conflict(wish, offer, taken)
    booking_id = _insert(connection, user_id, wish, offer, rules.price(wish, offer))
    try:
        _hold(connection, booking_id, wish)
    except IntegrityError as error:
        # Cannot happen while everybody locks the item first; the constraint is for those who do not.
        if isinstance(error.orig, errors.ExclusionViolation):
            raise _conflict(wish, offer, [*taken, Span(wish.start, wish.end)]) from error
        raise
    booking = queries.find_booking(connection, user_id, booking_id)
    assert booking is not None
    tasks.defer(connection, "booking.created", booking)
    return booking


def cancel(connection: Connection, user_id: int, booking_id: int) -> tuple[Row[Any], bool]:
    """Cancels a booking of the user; returns it, and whether that changed anything. Raises NotFound, Conflict."""
    booking = queries.find_booking(connection, user_id, booking_id, lock=True)
    if booking is None:
        raise NotFound("You have no such booking.")
    if booking.status == "cancelled":
        return booking, False
    if booking.starts_at <= booking.now:
        raise Conflict("The booking has begun and cannot be cancelled any more.", free=[])
    connection.execute(CANCEL, {"which": booking_id, "status": "cancelled", "updated_at": booking.now})
    connection.execute(RELEASE, {"which": booking_id})
    cancelled = queries.find_booking(connection, user_id, booking_id)
    assert cancelled is not None
    tasks.defer(connection, "booking.cancelled", cancelled)
    return cancelled, True


def _permitted_offer(connection: Connection, user_id: int, wish: Wish) -> Offer:
    """The wanted item; who may book everywhere is told that there is none, others only that they may not."""
    places = queries.places_to_book(connection, user_id)
    offer = queries.find_offer(connection, wish) if places else None
    everywhere = None in places
    if offer is None and everywhere:
        raise NotFound("There is no such item, or it is not let.")
    if offer is None or not (everywhere or offer.location_id in places):
        raise Forbidden("You may not book this item.")
    return offer


def _insert(connection: Connection, user_id: int, wish: Wish, offer: Offer, total: Decimal) -> int:
    values = {
        "item_id": wish.item_id,
        "user_id": user_id,
        "starts_at": wish.start,
        "ends_at": wish.end,
        "status": "confirmed",
        "attendees": wish.attendees,
        "total": total,
        "source": "api",
        "notes": wish.notes,
        "created_at": offer.now,
        "updated_at": offer.now,
    }
    return int(connection.execute(NEW, values).scalar_one())


def _hold(connection: Connection, booking_id: int, wish: Wish) -> None:
    during = TimestampRange(wish.start, wish.end)
    connection.execute(insert(ITEM_HOLDS), {"booking_id": booking_id, "item_id": wish.item_id, "during": during})


def _conflict(wish: Wish, offer: Offer, taken: list[Span]) -> Conflict:
    free = rules.free_slots(wish.start.date(), offer, taken)
    return Conflict("The item is taken at that time.", free=response.slots(free))
