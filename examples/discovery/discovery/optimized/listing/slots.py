"""The bookable slots of an item on a day, and which of them are taken."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from typing import NamedTuple


class Span(NamedTuple):
    """A stretch of time, the end not included."""

    start: dt.datetime
    end: dt.datetime


class Slot(NamedTuple):
    """A slot and whether it can be booked."""

    start: dt.datetime
    end: dt.datetime
    available: bool


def day_slots(opening: Span, step: dt.timedelta, window: Span | None, occupied: Iterable[Span]) -> list[Slot]:
    """The slots that fit into the opening hours, only those that touch the window if one is given.

    Slot number k starts k steps after opening. So the slots that a span touches are a range of numbers, found by
    division; they go into a set, and nothing is compared with everything.
    """
    count = max(0, (opening.end - opening.start) // step)
    listed = _touched(opening.start, step, window, count) if window else range(count)
    taken = {number for span in occupied for number in _touched(opening.start, step, span, count)}
    return [
        Slot(opening.start + number * step, opening.start + (number + 1) * step, number not in taken)
        for number in listed
    ]


def is_available(slots: list[Slot], opening: Span | None, window: Span | None) -> bool:
    """Any slot without a window; with one it must lie within the opening hours and all its slots must be free."""
    if window is None:
        return any(slot.available for slot in slots)
    within = opening is not None and opening.start <= window.start and window.end <= opening.end
    return within and bool(slots) and all(slot.available for slot in slots)


def _touched(origin: dt.datetime, step: dt.timedelta, span: Span, count: int) -> range:
    """Numbers, below `count`, of the slots that overlap the span."""
    first = (span.start - origin) // step
    end = -((origin - span.end) // step)  # rounded up
    return range(max(0, first), min(count, end))
