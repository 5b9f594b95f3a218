"""The optimised version's slots, prices and remembered values against the contract's own words, taken literally."""

from __future__ import annotations

import datetime as dt
import random
import sys
from decimal import ROUND_HALF_UP, Decimal
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from discovery.optimized.formats import clock, money
from discovery.optimized.listing.slots import Slot, Span, day_slots, is_available

DAY = dt.datetime(2026, 10, 14)


def at(minutes: float) -> dt.datetime:
    return DAY + dt.timedelta(minutes=minutes)


def overlap(one: Span, other: Span) -> bool:
    return one.start < other.end and one.end > other.start


def literal_slots(opening: Span, minutes: int, window: Span | None, occupied: list[Span]) -> list[Slot]:
    """As the contract says it: step by step, everything compared with everything."""
    step, start, found = dt.timedelta(minutes=minutes), opening.start, []
    while start + step <= opening.end:
        slot = Span(start, start + step)
        if window is None or overlap(slot, window):
            found.append(Slot(slot.start, slot.end, not any(overlap(slot, span) for span in occupied)))
        start += step
    return found


def some_span(chance: random.Random) -> Span:
    """Mostly on round minutes, so that ends meet; some of no length, over midnight, or of several days."""
    grain = chance.choice((1, 5, 15, 30))
    start = chance.randrange(-2880, 1500) // grain * grain
    length = chance.choice((0, 1, 15, 30, 45, 60, 90, 120, 600, 2000, 6000))
    return Span(at(start), at(start + length))


@pytest.mark.parametrize("minutes", [30, 60, 90])
def test_slots_are_what_the_contract_says(minutes: int) -> None:
    chance, taken, free = random.Random(minutes), 0, 0
    for _ in range(1000):
        opens = chance.randrange(0, 1320, 5)
        opening = Span(at(opens), at(opens + chance.randrange(0, 1430 - opens, 5)))
        start = chance.randrange(0, 1439)
        window = chance.choice((None, Span(at(start), at(chance.randrange(start + 1, 1440)))))
        occupied = [some_span(chance) for _ in range(chance.randrange(5))]
        expected = literal_slots(opening, minutes, window, occupied)
        assert day_slots(opening, dt.timedelta(minutes=minutes), window, occupied) == expected, (
            opening,
            window,
            occupied,
        )
        taken += sum(not slot.available for slot in expected)
        free += sum(slot.available for slot in expected)
    assert taken > 300
    assert free > 300


OPENING = Span(at(540), at(1080))


@pytest.mark.parametrize(
    ("flags", "opening", "window", "expected"),
    [
        ([], None, None, False),
        ([True, False], OPENING, None, True),
        ([False, False], OPENING, None, False),
        ([True, True], OPENING, Span(at(540), at(1080)), True),
        ([True, False], OPENING, Span(at(540), at(600)), False),
        ([True, True], OPENING, Span(at(539), at(600)), False),
        ([True, True], OPENING, Span(at(540), at(1081)), False),
        ([], OPENING, Span(at(540), at(600)), False),
        ([], None, Span(at(540), at(600)), False),
    ],
)
def test_available(flags: list[bool], opening: Span | None, window: Span | None, expected: bool) -> None:
    assert is_available([Slot(at(0), at(30), flag) for flag in flags], opening, window) is expected


def test_price_of_a_third_of_an_hour_loses_no_half_cent() -> None:
    from discovery.optimized.listing.response import window_price

    chance, halves = random.Random(1), 0
    for _ in range(3000):
        price, factor = Decimal(chance.randrange(1, 20000)) / 100, Decimal(chance.randrange(1, 300)) / 100
        length = chance.choice((5, 10, 15, 20, 40, 45, 50, 80, chance.randrange(1, 1439)))
        exact = Fraction(price) * Fraction(factor) * length / 60
        cents = int(exact * 100 + Fraction(1, 2))
        halves += (exact * 200).denominator == 1 and (exact * 200) % 2 == 1
        assert money(window_price(price, factor, Span(at(0), at(length)))) == f"{cents // 100}.{cents % 100:02d}"
    assert halves > 20


@pytest.mark.parametrize(
    ("amount", "text"),
    [("0.005", "0.01"), ("0.015", "0.02"), ("0.0149999", "0.01"), ("10", "10.00"), ("1E+2", "100.00")],
)
def test_money(amount: str, text: str) -> None:
    assert money(Decimal(amount)) == text
    assert Decimal(text) == Decimal(amount).quantize(Decimal("0.01"), ROUND_HALF_UP)


def test_clock_cuts_seconds_off() -> None:
    assert clock(dt.time(9, 5, 59)) == "09:05"
    assert clock(dt.datetime(2026, 1, 1, 23, 59, 59)) == "23:59"


class TestRemembered:
    """A value that is kept for five minutes."""

    def make(self, values: list[Any]) -> tuple[Any, list[float]]:
        from discovery.optimized.remembered import Remembered

        now = [1000.0]
        return Remembered(lambda connection: values.pop(0), 300.0, lambda: now[0]), now

    def test_is_loaded_once_in_its_time(self) -> None:
        remembered, now = self.make([1, 2, 3])
        assert [remembered.get(None), remembered.get(None)] == [1, 1]
        now[0] += 299.9
        assert remembered.get(None) == 1
        now[0] += 0.1
        assert [remembered.get(None), remembered.get(None)] == [2, 2]

    def test_is_asked_for_again_after_a_failure(self) -> None:
        remembered, now = self.make([1])
        remembered.get(None)
        now[0] += 300
        with pytest.raises(IndexError):
            remembered.get(None)

    def test_a_value_of_nothing_counts(self) -> None:
        remembered, _ = self.make([None, 1])
        assert [remembered.get(None), remembered.get(None)] == [None, None]


def test_settings_hang_on_their_dotted_path() -> None:
    from discovery.optimized.reference_data import ConfigRow, flatten

    rows = [
        ConfigRow(5, 2, "leaf", "deep"), ConfigRow(2, 1, "inner", None), ConfigRow(1, None, "root", None),
        ConfigRow(3, None, "top", "x"), ConfigRow(4, 99, "orphan", "lost"), ConfigRow(6, 7, "a", "1"),
        ConfigRow(7, 6, "b", "2"),
    ]  # fmt: skip
    assert flatten(rows) == {"root.inner.leaf": "deep", "top": "x"}
