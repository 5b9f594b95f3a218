"""When an item may be booked, what it costs and what else is free; pure functions over what the database said."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from decimal import ROUND_HALF_UP, Decimal
from typing import NamedTuple

from discovery.booking.wish import Wish
from discovery.errors import InvalidParameter

CENT = Decimal("0.01")
MINUTE = dt.timedelta(minutes=1)


class Span(NamedTuple):
    """A stretch of time, the end not included."""

    start: dt.datetime
    end: dt.datetime


class Offer(NamedTuple):
    """An item as it can be had on one day. Opening hours are None when closed; `now` is the location's own time."""

    item_id: int
    item_name: str
    capacity: int
    hourly_price: Decimal
    slot_minutes: int
    min_notice: int
    location_id: int
    location_name: str
    city_id: int
    opens: dt.time | None
    closes: dt.time | None
    holiday: str | None
    factor: Decimal | None
    now: dt.datetime


def check(wish: Wish, offer: Offer) -> None:
    """Raises InvalidParameter for the first rule that the wish breaks, in the order of the contract."""
    if offer.holiday is not None:
        raise InvalidParameter(f"Nothing is let on {offer.holiday}.", "date")
    if offer.opens is None or offer.closes is None:
        raise InvalidParameter("The location is closed on that day.", "date")
    if wish.start.time() < offer.opens or wish.end.time() > offer.closes:
        raise InvalidParameter(
            f"The location is open from {offer.opens:%H:%M} to {offer.closes:%H:%M}.",
            "start_time" if wish.start.time() < offer.opens else "end_time",
        )
    if wish.start < earliest(offer):
        notice = f" and {offer.min_notice} minutes ahead" if offer.min_notice else ""
        raise InvalidParameter(f"The booking must begin later than now{notice}.", "start_time")
    if wish.attendees > offer.capacity:
        raise InvalidParameter(f"The item has room for {offer.capacity}.", "attendees")


def earliest(offer: Offer) -> dt.datetime:
    """The first moment at which a booking made now may begin."""
    return offer.now + offer.min_notice * MINUTE


def price(wish: Wish, offer: Offer) -> Decimal:
    """hourly_price × hours × factor, as discovery shows it: divided last, half a cent goes up."""
    minutes = (wish.end - wish.start) // MINUTE
    exact = offer.hourly_price * (Decimal(1) if offer.factor is None else offer.factor) * minutes / 60
    return exact.quantize(CENT, rounding=ROUND_HALF_UP)


def is_taken(wanted: Span, taken: Sequence[Span]) -> bool:
    """Whether any of the spans overlaps the wanted one."""
    return any(span.start < wanted.end and span.end > wanted.start for span in taken)


def day_slots(day: dt.date, offer: Offer) -> list[Span]:
    """Discovery's slots of the day, free or not."""
    if offer.opens is None or offer.closes is None:
        return []
    step = offer.slot_minutes * MINUTE
    start, closes = dt.datetime.combine(day, offer.opens), dt.datetime.combine(day, offer.closes)
    return [Span(start + number * step, start + (number + 1) * step) for number in range((closes - start) // step)]


def free_slots(day: dt.date, offer: Offer, taken: Sequence[Span]) -> list[Span]:
    """Those of them that can still be booked."""
    slots = day_slots(day, offer)
    return [slot for slot in slots if slot.start >= earliest(offer) and not is_taken(slot, taken)]
