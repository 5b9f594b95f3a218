"""How values are written on pages."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from decimal import Decimal
from typing import Any

from flask import Blueprint

SIGNS = {"EUR": "€", "GBP": "£", "USD": "$"}
KNOWN_ICONS = frozenset(
    "meeting-room hot-desk day-pass dedicated-desk private-office training-room event-space phone-booth studio "
    "lounge-seat parking locker".split()
)


def add_to(site: Blueprint) -> None:
    """Makes the filters known to the templates."""
    for name, function in (
        ("money", money), ("day", day), ("short_day", short_day), ("minutes", minutes), ("distance", distance),
        ("icon", icon), ("weekday", weekday), ("trimmed", trimmed), ("zip", pairs),
    ):  # fmt: skip
        site.add_app_template_filter(function, name)


def money(amount: str | Decimal, currency: str) -> str:
    """€12.50"""
    sign = SIGNS.get(currency)
    return f"{sign}{amount}" if sign else f"{amount} {currency}"


def day(value: str | dt.date) -> str:
    """Wednesday 14 October 2026, from a date or a text that begins with one."""
    when = _date(value)
    return f"{when:%A} {when.day} {when:%B %Y}"


def short_day(value: str | dt.date) -> str:
    """Wed 14 Oct"""
    when = _date(value)
    return f"{when:%a} {when.day} {when:%b}"


def _date(value: str | dt.date) -> dt.date:
    return dt.date.fromisoformat(value[:10]) if isinstance(value, str) else value


def minutes(number: int) -> str:
    """1 h 30 min"""
    hours, rest = divmod(int(number), 60)
    return " ".join(part for part in (f"{hours} h" if hours else "", f"{rest} min" if rest else "") if part) or "0 min"


def distance(kilometres: float) -> str:
    """850 m below a kilometre, else 1.2 km"""
    return f"{round(kilometres * 1000)} m" if kilometres < 1 else f"{kilometres:.1f} km"


def icon(category: str) -> str:
    """The name of a category's drawing in icons.svg."""
    return category if category in KNOWN_ICONS else "meeting-room"


def weekday(number: int) -> str:
    """0 is Monday."""
    return ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")[number]


def trimmed(text: str, length: int = 110) -> str:
    """The first sentences that fit, whole words."""
    if len(text) <= length:
        return text
    return text[:length].rsplit(" ", 1)[0].rstrip(",.;: ") + " …"


def pairs(left: Iterable[Any], right: Iterable[Any]) -> list[tuple[Any, Any]]:
    """Value and text of each choice, from two lists."""
    return list(zip(left, right, strict=True))
