"""Seconds -> milliseconds of the report, and both for a reader."""

from __future__ import annotations

import re

from subsecond.model.report_common import Spread
from subsecond.report.page.masks import masked


def ms(seconds: float) -> float:
    """Milliseconds, to the microsecond."""
    return round(seconds * 1e3, 3)


def us(seconds: float) -> int:
    """Whole microseconds."""
    return round(seconds * 1e6)


ALIKE = 0.05
"""A difference of medians that nobody would call one."""


def spread(median: float, low: float, high: float) -> Spread:
    """A median with its interval, from seconds."""
    return Spread(median=ms(median), low=ms(low), high=ms(high))


def shown_ms(milliseconds: float) -> str:
    """`0.8 ms`, `420 ms`, `10,842 ms`."""
    return f"{milliseconds:.1f} ms" if abs(milliseconds) < 10 else f"{milliseconds:,.0f} ms"


def faster(before: float, after: float) -> str:
    """`2.4 times faster`, `257 times faster`; `as fast as before` within 5 %, `1.3 times slower`."""
    times = before / after
    if times <= 1 - ALIKE:
        return f"{1 / times:.1f} times slower"
    if times < 1 + ALIKE:
        return "as fast as before"
    return f"{times:,.0f} times faster" if times >= 20 else f"{times:.1f} times faster"


def many(number: int, one: str, more: str | None = None) -> str:
    """`1 statement`, `1,502 statements`."""
    return f"{number:,} {one if number == 1 else more or one + 's'}"


def slug(name: str) -> str:
    """A name as a word of a URL: letters, digits and hyphens."""
    return re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")[:60] or "request"


def slugs(names: list[str]) -> dict[str, str]:
    """Each name with a word of its own."""
    found: dict[str, str] = {}
    for name in names:
        word, number = slug(masked(name)), 2
        while word in found.values():
            word, number = f"{slug(masked(name))}-{number}", number + 1
        found[name] = word
    return found
