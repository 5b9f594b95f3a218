"""Slots, availability and prices of the legacy version, without a database."""

from __future__ import annotations

import datetime as dt
import sys
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parent.parent
if str(ROOT) not in sys.path:
    sys.path.insert(0, str(ROOT))

from discovery.legacy import availability  # noqa: E402  (the package is not installed)
from discovery.legacy.helpers.formatting import money  # noqa: E402
from discovery.models import Booking, Item, ItemBlock, LocationHours, PriceRule  # noqa: E402

DAY = dt.date(2026, 10, 14)


def at(clock: str, day: dt.date = DAY) -> dt.datetime:
    return dt.datetime.combine(day, dt.time.fromisoformat(clock))


def item(minutes: int = 60, price: str = "10.00") -> Item:
    return Item(id=1, slot_minutes=minutes, hourly_price=Decimal(price))


def hours(opens: str = "09:00", closes: str = "12:00") -> LocationHours:
    return LocationHours(opens=dt.time.fromisoformat(opens), closes=dt.time.fromisoformat(closes))


def window(start: str, end: str) -> tuple[dt.time, dt.time]:
    return dt.time.fromisoformat(start), dt.time.fromisoformat(end)


def slots(one: Item, open_hours: LocationHours | None, wanted: Any = None, taken: Any = (), blocks: Any = ()) -> str:
    """Starts of the slots, those that are taken in brackets."""
    found = availability.slots_of_item(one, open_hours, DAY, wanted, list(taken), list(blocks))
    return " ".join(slot["start"] if slot["available"] else f"({slot['start']})" for slot in found)


def test_slots_end_by_closing_time() -> None:
    assert slots(item(60), hours("09:00", "12:00")) == "09:00 10:00 11:00"
    assert slots(item(90), hours("09:00", "11:59")) == "09:00"
    assert slots(item(90), hours("09:00", "12:00")) == "09:00 10:30"
    assert slots(item(60), hours("09:00", "09:30")) == ""
    assert slots(item(60), None) == ""


def test_a_window_keeps_the_slots_it_overlaps() -> None:
    assert slots(item(60), hours(), window("10:00", "11:00")) == "10:00"
    assert slots(item(60), hours(), window("09:59", "11:01")) == "09:00 10:00 11:00"
    assert slots(item(60), hours(), window("13:00", "14:00")) == ""


def test_bookings_take_what_they_overlap() -> None:
    mine = Booking(item_id=1, starts_at=at("10:00"), ends_at=at("11:00"))
    early = Booking(item_id=1, starts_at=at("08:00"), ends_at=at("09:01"))
    other = Booking(item_id=2, starts_at=at("09:00"), ends_at=at("12:00"))
    assert slots(item(60), hours(), taken=[mine, early, other]) == "(09:00) (10:00) 11:00"


def test_blocks_count_from_any_day() -> None:
    block = ItemBlock(item_id=1, starts_at=at("18:00", dt.date(2026, 10, 12)), ends_at=at("10:30"))
    past = ItemBlock(item_id=1, starts_at=at("09:00", dt.date(2026, 10, 13)), ends_at=at("00:00"))
    coming = ItemBlock(
        item_id=1, starts_at=at("00:00", dt.date(2026, 10, 15)), ends_at=at("10:30", dt.date(2026, 10, 15))
    )
    assert availability.blocks_on([past, block, coming], DAY) == [block]
    assert slots(item(60), hours(), blocks=[block]) == "(09:00) (10:00) 11:00"


@pytest.mark.parametrize(
    ("free", "wanted", "available"),
    [
        ("01", None, True), ("00", None, False), ("", None, False), ("11", ("09:00", "11:00"), True),
        ("10", ("09:00", "11:00"), False), ("11", ("08:59", "11:00"), False), ("11", ("09:00", "12:01"), False),
        ("", ("09:00", "11:00"), False), ("11", ("09:00", "12:00"), True),
    ],
)  # fmt: skip
def test_available(free: str, wanted: tuple[str, str] | None, available: bool) -> None:
    found = [{"available": digit == "1"} for digit in free]
    assert availability.is_available(found, hours(), window(*wanted) if wanted else None) is available


def test_price_takes_the_first_rule_of_the_weekday() -> None:
    rules = [
        PriceRule(id=1, item_id=2, weekday=2, factor=Decimal("9.000")),
        PriceRule(id=2, item_id=1, weekday=1, factor=Decimal("8.000")),
        PriceRule(id=3, item_id=1, weekday=2, factor=Decimal("1.250")),
        PriceRule(id=4, item_id=1, weekday=2, factor=Decimal("7.000")),
    ]
    assert money(availability.price_of_item(item(), 2, None, rules)) == "12.50"
    assert money(availability.price_of_item(item(), 2, window("09:00", "10:30"), rules)) == "18.75"
    assert money(availability.price_of_item(item(), 5, window("09:00", "09:20"), rules)) == "3.33"


def test_half_a_cent_goes_up() -> None:
    assert money(availability.price_of_item(item(price="0.03"), 0, window("09:00", "09:10"), [])) == "0.01"
    assert money(Decimal("2.675")) == "2.68"
    assert money(Decimal("7")) == "7.00"
