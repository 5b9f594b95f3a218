"""The city that was asked for, and whether the day is a holiday there."""

from __future__ import annotations

import datetime as dt
from typing import NamedTuple

from sqlalchemy import Connection, bindparam, select

from discovery.models import City, Holiday

HOLIDAY = (
    select(Holiday.name)
    .where(Holiday.country == City.country, Holiday.day == bindparam("day"))
    .order_by(Holiday.id)
    .limit(1)
    .scalar_subquery()
)
CITY = (
    select(City.id, City.slug, City.name, City.country, City.timezone, HOLIDAY)
    .where(City.slug == bindparam("slug"))
    .order_by(City.id)
    .limit(1)
)


class CityFacts(NamedTuple):
    """A row of `cities`; `holiday` is the name of the day's holiday in its country, None on other days."""

    id: int
    slug: str
    name: str
    country: str
    timezone: str
    holiday: str | None


def find_city(connection: Connection, slug: str, day: dt.date) -> CityFacts | None:
    """The city with that slug, None when there is none. One statement for both questions."""
    row = connection.execute(CITY, {"slug": slug, "day": day}).one_or_none()
    return CityFacts(*row) if row else None
