"""Query parameters of both endpoints, read as the contract says.

A value is stripped of blanks; missing, empty and any spelling of zero mean "not given" (None, or the default).
Checks run in the order of the contract's list, and the first wrong parameter is the one reported. A request is
answered in this order: 401 for the token, 400 for the parameters, 403, 404.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

from discovery.errors import InvalidParameter

MAX_NUMBER = 1_000_000
MAX_ID = 2**31 - 1
FIRST_DAY = dt.date(2000, 1, 1)
LAST_DAY = dt.date(2100, 12, 31)

ZERO = re.compile(r"[+-]?(0+(\.0*)?|\.0+)([eE][+-]?[0-9]+)?")
INTEGER = re.compile(r"[+-]?[0-9]+")
DECIMAL = re.compile(r"[+-]?([0-9]+(\.[0-9]*)?|\.[0-9]+)([eE][+-]?[0-9]+)?")
DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
CLOCK = re.compile(r"([01][0-9]|2[0-3]):([0-5][0-9])")


class Arguments(Protocol):
    """What we need of `request.args`; its `get` answers with the first of repeated parameters."""

    def get(self, key: str, /) -> str | None: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class DiscoveryParams:
    """The 13 parameters of `GET /v1/discovery`; None where not given."""

    city: str | None
    day: dt.date
    start_time: dt.time | None
    end_time: dt.time | None
    capacity_min: int | None
    capacity_max: int | None
    category: str | None
    add_ons: tuple[str, ...]
    lat: float | None
    lng: float | None
    page: int
    page_size: int | None
    cache: str | None

    @property
    def window(self) -> tuple[dt.time, dt.time] | None:
        """Start and end of the wanted time, None unless both are given."""
        if self.start_time is None or self.end_time is None:
            return None
        return self.start_time, self.end_time

    @property
    def point(self) -> tuple[float, float] | None:
        """Latitude and longitude in degrees, None unless both are given."""
        if self.lat is None or self.lng is None:
            return None
        return self.lat, self.lng


@dataclass(frozen=True, slots=True, kw_only=True)
class DetailParams:
    """The parameter of `GET /v1/locations/{id}/detail`."""

    day: dt.date


def discovery_params(args: Arguments | Mapping[str, str]) -> DiscoveryParams:
    """Reads the parameters of the discovery endpoint from `request.args`; raises InvalidParameter."""
    params = DiscoveryParams(
        city=text(args, "city"),
        day=day(args, "date"),
        start_time=clock(args, "start_time"),
        end_time=clock(args, "end_time"),
        capacity_min=integer(args, "capacity_min"),
        capacity_max=integer(args, "capacity_max"),
        category=text(args, "category"),
        add_ons=texts(args, "add_ons"),
        lat=degrees(args, "lat", 90),
        lng=degrees(args, "lng", 180),
        page=integer(args, "page") or 1,
        page_size=integer(args, "page_size"),
        cache=given(args, "cache"),
    )
    if params.window and params.window[1] <= params.window[0]:
        raise InvalidParameter("end_time must be later than start_time.", "end_time")
    return params


def detail_params(args: Arguments | Mapping[str, str]) -> DetailParams:
    """Reads the parameters of the detail endpoint from `request.args`; raises InvalidParameter."""
    return DetailParams(day=day(args, "date"))


def row_id(number: int) -> int:
    """The id from a path as one that the database can compare; 0, which no row has, when it is too large."""
    return number if number <= MAX_ID else 0


def given(args: Arguments | Mapping[str, str], name: str) -> str | None:
    """The parameter without surrounding blanks, None when it counts as not given."""
    value = (args.get(name) or "").strip()
    return None if not value or ZERO.fullmatch(value) else value


def text(args: Arguments | Mapping[str, str], name: str) -> str | None:
    """A text, which may not hold the one character that PostgreSQL cannot store."""
    value = given(args, name)
    if value is not None and "\x00" in value:
        raise InvalidParameter(f"{name} holds a NUL character.", name)
    return value


def texts(args: Arguments | Mapping[str, str], name: str) -> tuple[str, ...]:
    """The texts of a comma separated list, each once, in the order given."""
    parts = (part.strip() for part in (text(args, name) or "").split(","))
    return tuple(dict.fromkeys(part for part in parts if part))


def integer(args: Arguments | Mapping[str, str], name: str) -> int | None:
    """A whole number from 1 to 1,000,000."""
    value = given(args, name)
    if value is None:
        return None
    # Longer than any allowed number, leading zeros included, is not worth converting (and int() refuses 4,300 digits).
    if not INTEGER.fullmatch(value) or len(value) > 1000:
        raise InvalidParameter(f"{name} must be a whole number.", name)
    number = int(value)
    if not 0 <= number <= MAX_NUMBER:
        raise InvalidParameter(f"{name} must lie between 0 and {MAX_NUMBER}.", name)
    return number


def degrees(args: Arguments | Mapping[str, str], name: str, limit: int) -> float | None:
    """A number of degrees between -limit and +limit."""
    value = given(args, name)
    if value is None:
        return None
    if not DECIMAL.fullmatch(value):
        raise InvalidParameter(f"{name} must be a number.", name)
    number = float(value)
    if not -limit <= number <= limit:
        raise InvalidParameter(f"{name} must lie between -{limit} and {limit}.", name)
    return number


def day(args: Arguments | Mapping[str, str], name: str) -> dt.date:
    """A date `YYYY-MM-DD` from 2000 to 2100; today in UTC when not given."""
    value = given(args, name)
    if value is None:
        return dt.datetime.now(dt.UTC).date()
    try:
        wanted = dt.date.fromisoformat(value) if DAY.fullmatch(value) else None
    except ValueError:
        wanted = None
    if wanted is None or not FIRST_DAY <= wanted <= LAST_DAY:
        raise InvalidParameter(f"{name} must be a date YYYY-MM-DD from {FIRST_DAY} to {LAST_DAY}.", name)
    return wanted


def clock(args: Arguments | Mapping[str, str], name: str) -> dt.time | None:
    """A time of day `HH:MM`."""
    value = given(args, name)
    if value is None:
        return None
    match = CLOCK.fullmatch(value)
    if match is None:
        raise InvalidParameter(f"{name} must be a time HH:MM.", name)
    return dt.time(int(match[1]), int(match[2]))
