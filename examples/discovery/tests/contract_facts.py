"""What the data holds that requests can be made of: read from the database, so that no expectation is a guess."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Any

import psycopg

# Items that the listing can show at all.
OFFERED = """
    offered AS (
        SELECT i.*, c.slug AS city, l.status AS location_status
        FROM items i JOIN locations l ON l.id = i.location_id JOIN cities c ON c.id = l.city_id
        WHERE i.status = 1 AND l.status = 1
    ),
    towns AS (SELECT city, count(*) AS items FROM offered GROUP BY city)
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Spot:
    """An item on a day, in a city small enough to be shown on one page of 100."""

    item: int
    city: str
    day: dt.date
    location: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """The material of the requests."""

    big_city: str
    town: str  # enough items for a few pages
    village: str  # the fewest items
    empty_city: str | None  # known, but nothing is offered there
    categories: list[str]
    add_ons: list[str]  # the most frequent first
    whole_set: list[str]  # all the add-ons of the town's item that has most
    capacities: list[int]
    holidays: list[tuple[str, dt.date]]  # (city, day)
    foreign_holiday: tuple[str, dt.date]  # a day that is a holiday elsewhere only
    bare: list[tuple[str, float, float]]  # city and position of a location without reviews, and of one without photos
    town_position: tuple[float, float]
    town_coordinates: tuple[float, float]
    booked: Spot
    blocked: Spot  # by a block that has no booking beside it
    long_block: Spot  # by a block that began on an earlier day
    after_midnight: Spot  # the day after a booking that ends past midnight, and that has none of its own
    early: Spot  # a booking that starts before opening
    ruled_twice: Spot
    closed: Spot
    other_status: int  # a location
    locations: list[int]
    last_location: int
    day: dt.date


def read_facts(url: str, day: dt.date) -> Facts:
    """Asks the database at `url`; `day` is one with many bookings."""
    with psycopg.connect(url) as connection:
        return _read(Question(connection), day)


@dataclass(frozen=True, slots=True)
class Question:
    """Short ways to ask."""

    connection: psycopg.Connection[Any]

    def rows(self, text: str, *values: object) -> list[tuple[Any, ...]]:
        return self.connection.execute(f"WITH {OFFERED} {text}", values).fetchall()  # type: ignore[arg-type]

    def column(self, text: str, *values: object) -> list[Any]:
        return [row[0] for row in self.rows(text, *values)]

    def one(self, text: str, *values: object) -> tuple[Any, ...]:
        found = self.rows(text, *values)
        assert found, f"the data has no such case: {text}"
        return found[0]

    def spot(self, text: str, *values: object) -> Spot:
        """The query names columns item and day of the table alias `x`, from which it selects."""
        item, city, day, location = self.one(
            f"""SELECT o.id, o.city, x.day, o.location_id FROM ({text}) x JOIN offered o ON o.id = x.item
                JOIN towns t ON t.city = o.city AND t.items <= 100 ORDER BY x.day, o.id LIMIT 1""",
            *values,
        )
        return Spot(item=item, city=city, day=day, location=location)


def _read(ask: Question, day: dt.date) -> Facts:
    towns = ask.rows("SELECT city, items FROM towns ORDER BY items DESC, city")
    town = next(city for city, items in reversed(towns) if items >= 24)
    return Facts(
        big_city=towns[0][0],
        town=town,
        village=towns[-1][0],
        empty_city=next(
            iter(ask.column("SELECT slug FROM cities WHERE slug NOT IN (SELECT city FROM towns) ORDER BY id")), None
        ),
        categories=ask.column("SELECT slug FROM categories ORDER BY id"),
        add_ons=ask.column(
            "SELECT a.slug FROM add_ons a JOIN item_add_ons x ON x.add_on_id = a.id"
            " GROUP BY a.slug ORDER BY count(*) DESC, 1"
        ),
        whole_set=ask.one(
            """SELECT array_agg(a.slug ORDER BY a.id DESC) FROM offered o JOIN item_add_ons x ON x.item_id = o.id
               JOIN add_ons a ON a.id = x.add_on_id WHERE o.city = %s
               GROUP BY o.id ORDER BY count(*) DESC, o.id LIMIT 1""",
            town,
        )[0],
        capacities=ask.column("SELECT DISTINCT capacity FROM offered WHERE city = %s ORDER BY 1", town),
        holidays=ask.rows(
            "SELECT DISTINCT ON (h.country) c.slug, h.day FROM holidays h JOIN cities c ON c.country = h.country"
            " ORDER BY h.country, h.day DESC, c.id DESC"
        ),
        foreign_holiday=ask.one(
            """SELECT c.slug, h.day FROM cities c JOIN towns t ON t.city = c.slug, holidays h WHERE NOT EXISTS (
               SELECT FROM holidays own WHERE own.country = c.country AND own.day = h.day) AND t.items <= 100
               ORDER BY c.id, h.id LIMIT 1"""
        ),
        bare=[_without(ask, table) for table in ("reviews", "location_photos")],
        town_position=ask.one(
            "SELECT l.lat, l.lng FROM locations l JOIN offered o ON o.location_id = l.id WHERE o.city = %s LIMIT 1",
            town,
        ),
        town_coordinates=ask.one("SELECT lat, lng FROM cities WHERE slug = %s", town),
        locations=ask.column("SELECT id FROM locations WHERE status = 1 ORDER BY id LIMIT 20"),
        other_status=ask.one("SELECT id FROM locations WHERE status <> 1 ORDER BY id LIMIT 1")[0],
        last_location=ask.one("SELECT max(id) FROM locations")[0],
        day=day,
        **_spots(ask, day),
    )


def _without(ask: Question, table: str) -> Any:
    """City and position of a location with items of which the table holds no row."""
    return ask.one(
        f"""SELECT o.city, l.lat, l.lng FROM locations l JOIN offered o ON o.location_id = l.id WHERE NOT EXISTS
            (SELECT FROM {table} t WHERE t.location_id = l.id) ORDER BY l.id LIMIT 1"""
    )


OPEN = "JOIN location_hours h ON h.location_id = i.location_id AND h.weekday = extract(isodow FROM {day}) - 1"
NOT_BOOKED = """NOT EXISTS (SELECT FROM bookings b WHERE b.item_id = i.id AND b.starts_at::date = {day}
                AND b.status <> 'cancelled')"""


def _spots(ask: Question, day: dt.date) -> dict[str, Spot]:
    """Items on days that stand for one rule of the contract each."""

    def open_on(text: str) -> str:
        return OPEN.format(day=text)

    def idle_on(text: str) -> str:
        return NOT_BOOKED.format(day=text)

    block_day, next_day = "k.starts_at::date", "(b.starts_at::date + 1)"
    return {
        "booked": ask.spot(
            f"""SELECT b.item_id AS item, b.starts_at::date AS day FROM bookings b JOIN items i ON i.id = b.item_id
                {open_on("b.starts_at")} WHERE b.starts_at::date = %s AND b.status = 'pending'
                AND b.starts_at::time >= h.opens AND b.ends_at::time <= h.closes
                AND NOT EXISTS (SELECT FROM item_blocks k WHERE k.item_id = i.id)""",
            day,
        ),
        "blocked": ask.spot(
            f"""SELECT k.item_id AS item, {block_day} AS day FROM item_blocks k JOIN items i ON i.id = k.item_id
                {open_on("k.starts_at")} WHERE {idle_on(block_day)} AND k.ends_at::date = {block_day}
                AND k.starts_at::time > h.opens AND k.ends_at::time < h.closes"""
        ),
        "long_block": ask.spot(
            f"""SELECT k.item_id AS item, k.starts_at::date + 1 AS day FROM item_blocks k
                JOIN items i ON i.id = k.item_id {open_on("(k.starts_at + interval '1 day')")}
                WHERE k.ends_at::date > k.starts_at::date + 1 AND {idle_on("(k.starts_at::date + 1)")}"""
        ),
        "after_midnight": ask.spot(
            f"""SELECT b.item_id AS item, {next_day} AS day FROM bookings b JOIN items i ON i.id = b.item_id
                {open_on("(b.starts_at + interval '1 day')")} WHERE b.ends_at::date > b.starts_at::date
                AND b.ends_at::time > '00:00' AND b.status = 'confirmed' AND {idle_on(next_day)}"""
        ),
        "early": ask.spot(
            f"""SELECT b.item_id AS item, b.starts_at::date AS day FROM bookings b JOIN items i ON i.id = b.item_id
                {open_on("b.starts_at")} WHERE b.starts_at::time < h.opens AND b.ends_at::time > h.opens
                AND b.status = 'confirmed'"""
        ),
        "ruled_twice": ask.spot(
            """SELECT r.item_id AS item, %s::date + ((r.weekday - extract(isodow FROM %s::date)::int + 8) %% 7) AS day
               FROM price_rules r GROUP BY r.item_id, r.weekday HAVING count(DISTINCT r.factor) > 1""",
            day,
            day,
        ),
        "closed": ask.spot(
            """SELECT i.id AS item, d::date AS day
               FROM items i, generate_series(%s::date, %s::date + 6, interval '1 day') d
               WHERE NOT EXISTS (SELECT FROM location_hours h WHERE h.location_id = i.location_id
               AND h.weekday = extract(isodow FROM d) - 1)""",
            day,
            day,
        ),
    }
