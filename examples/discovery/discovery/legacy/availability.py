"""Is an item free, when, and at what price. Written for the booking page, which shows one item."""

import datetime as dt
from decimal import Decimal
from typing import Any

from sqlalchemy import func
from sqlalchemy.orm import Session as OrmSession

from discovery.legacy.helpers.formatting import hhmm
from discovery.models import AddOn, Booking, Item, ItemAddOn, ItemBlock, LocationHours, PriceRule

Window = tuple[dt.time, dt.time]


def bookings_of_day(session: OrmSession, item_ids: list[int], day: dt.date) -> list[Booking]:
    """Bookings that start on the day and are not cancelled."""
    return (
        session.query(Booking)
        .filter(
            Booking.item_id.in_(item_ids),
            func.date(Booking.starts_at) == day,
            Booking.status.in_(("confirmed", "pending")),
        )
        .all()
    )


def blocks_of_items(session: OrmSession, item_ids: list[int]) -> list[ItemBlock]:
    """All blocks of the items."""
    return session.query(ItemBlock).filter(ItemBlock.item_id.in_(item_ids)).all()


def blocks_on(blocks: list[ItemBlock], day: dt.date) -> list[ItemBlock]:
    """The blocks that touch the day."""
    midnight = dt.datetime.combine(day, dt.time())
    next_midnight = midnight + dt.timedelta(days=1)
    return [block for block in blocks if block.starts_at < next_midnight and block.ends_at > midnight]


def rules_of_items(session: OrmSession, item_ids: list[int]) -> list[PriceRule]:
    """Price rules of the items, the oldest first."""
    return session.query(PriceRule).filter(PriceRule.item_id.in_(item_ids)).order_by(PriceRule.id).all()


def is_free(item: Item, start: dt.datetime, end: dt.datetime, bookings: list[Booking], blocks: list[ItemBlock]) -> bool:
    """Whether nothing stands in the way of the item between start and end."""
    for booking in bookings:
        if booking.item_id == item.id and booking.starts_at < end and booking.ends_at > start:
            return False
    for block in blocks:
        if block.item_id == item.id and block.starts_at < end and block.ends_at > start:
            return False
    return True


def slots_of_item(
    item: Item,
    hours: LocationHours | None,
    day: dt.date,
    window: Window | None,
    bookings: list[Booking],
    blocks: list[ItemBlock],
) -> list[dict[str, Any]]:
    """The slots of the day, or those that overlap the window."""
    slots: list[dict[str, Any]] = []
    if hours is None:
        return slots
    step = dt.timedelta(minutes=item.slot_minutes)
    start = dt.datetime.combine(day, hours.opens)
    closes = dt.datetime.combine(day, hours.closes)
    while start + step <= closes:
        end = start + step
        if window is None or (start.time() < window[1] and end.time() > window[0]):
            free = is_free(item, start, end, bookings, blocks)
            slots.append({"start": hhmm(start), "end": hhmm(end), "available": free})
        start = end
    return slots


def is_available(slots: list[dict[str, Any]], hours: LocationHours | None, window: Window | None) -> bool:
    """Without a window one free slot will do, with a window it must be free all the way."""
    if window is None:
        return any(slot["available"] for slot in slots)
    if hours is None or not slots:
        return False
    if window[0] < hours.opens or window[1] > hours.closes:
        return False
    return all(slot["available"] for slot in slots)


def price_of_item(item: Item, weekday: int, window: Window | None, rules: list[PriceRule]) -> Decimal:
    """Price for the window, for one hour without."""
    price = item.hourly_price
    mine = [rule for rule in rules if rule.item_id == item.id]
    for rule in mine:
        if rule.weekday == weekday:
            price = price * rule.factor
            break
    if window is not None:
        minutes = (window[1].hour - window[0].hour) * 60 + window[1].minute - window[0].minute
        price = price * minutes / 60
    return price


def add_ons_of_item(item: Item, links: list[ItemAddOn], add_ons: dict[int, AddOn]) -> list[tuple[ItemAddOn, AddOn]]:
    """What the item offers, in the order of the add-ons."""
    mine = [link for link in links if link.item_id == item.id]
    mine.sort(key=lambda link: link.add_on_id)
    return [(link, add_ons[link.add_on_id]) for link in mine]
