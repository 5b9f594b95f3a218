"""A running platform of its own for the tests that book: what they change must not be seen by others."""

from __future__ import annotations

import datetime as dt
import http.client
import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import psycopg
import pytest
from contract_platform import started

DEMO_PASSWORD = "discover-me"
FIRST_DAY = 21  # days from now on which tests look for free items: any item's notice is over by then

# Active items with their location's hours on a day that is no holiday, with nothing booked or blocked from the day
# before to the day after, the least id first.
FREE = """
    SELECT i.id, i.location_id, i.capacity, i.hourly_price, i.slot_minutes, i.min_notice, h.opens, h.closes, c.slug
    FROM items i
    JOIN locations l ON l.id = i.location_id
    JOIN cities c ON c.id = l.city_id
    JOIN location_hours h ON h.location_id = l.id AND h.weekday = extract(isodow FROM %(day)s::date)::int - 1
    WHERE i.status = 1 AND l.status = 1
      AND NOT EXISTS (SELECT FROM holidays o WHERE o.country = c.country AND o.day = %(day)s)
      AND NOT EXISTS (SELECT FROM bookings b WHERE b.item_id = i.id
                      AND b.starts_at < %(day)s::date + 2 AND b.ends_at > %(day)s::date - 1)
      AND NOT EXISTS (SELECT FROM item_blocks b WHERE b.item_id = i.id
                      AND b.starts_at < %(day)s::date + 2 AND b.ends_at > %(day)s::date - 1)
      AND (SELECT count(*) FROM price_rules p WHERE p.item_id = i.id
           AND p.weekday = extract(isodow FROM %(day)s::date)::int - 1) >= %(rules)s
    ORDER BY i.id
"""


@dataclass(frozen=True, slots=True)
class Answer:
    """What a request was answered."""

    status: int
    headers: dict[str, str]
    text: str

    @property
    def json(self) -> Any:
        """The body, which must be JSON."""
        return json.loads(self.text)

    @property
    def error(self) -> tuple[int, str, str | None]:
        """Status, code and parameter of an error."""
        found = self.json["error"]
        return self.status, found["code"], found["parameter"]


@dataclass(frozen=True, slots=True)
class Item:
    """An item that is free on a whole day, and that day."""

    id: int
    location_id: int
    capacity: int
    hourly_price: Any
    slot_minutes: int
    min_notice: int
    opens: dt.time
    closes: dt.time
    city: str
    day: dt.date

    def wish(self, start: str = "12:00", end: str = "13:00", **more: Any) -> dict[str, Any]:
        """The body of a booking."""
        return {"item_id": self.id, "date": str(self.day), "start_time": start, "end_time": end} | more


@dataclass
class BookingGround:
    """The platform, asked over HTTP and looked into with SQL."""

    state: dict[str, Any]
    environment: dict[str, str]
    version: str = "optimized"
    _tokens: dict[int, str] = field(default_factory=dict)
    _given: set[int] = field(default_factory=set)
    _versions: dict[str, BookingGround] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._versions[self.version] = self

    @property
    def var(self) -> Path:
        """Where the platform keeps everything."""
        return Path(self.environment["DISCOVERY_VAR"])

    @cached_property
    def port(self) -> int:
        """Where the version listens."""
        return urlsplit(self.state["apps"][self.version]).port or 0

    @cached_property
    def database(self) -> str:
        """The URL of the version's database."""
        return str(self.state["databases"][self.version])

    def on(self, version: str) -> BookingGround:
        """The same platform in that version; always the same object, which remembers what items it gave out."""
        return self._versions.get(version) or BookingGround(
            self.state, self.environment, version, self._tokens, _versions=self._versions
        )

    def token(self, user: int) -> str:
        """A token of the user, from the auth service."""
        if user not in self._tokens:
            login = {"email": f"user{user}@example.com", "password": DEMO_PASSWORD}
            answer = send(urlsplit(self.state["auth_url"]).port or 0, "POST", "/token", login)
            assert answer.status == 200, answer
            self._tokens[user] = answer.json["token"]
        return self._tokens[user]

    def ask(self, method: str, path: str, user: int | None, body: Any = None, key: str | None = None) -> Answer:
        """Sends a request; `user` None sends no token."""
        headers = {"Authorization": f"Bearer {self.token(user)}"} if user else {}
        return send(self.port, method, path, body, headers | ({"Idempotency-Key": key} if key else {}))

    def book(self, user: int, wish: dict[str, Any], key: str | None = None) -> Answer:
        """Asks for a booking."""
        return self.ask("POST", "/v1/bookings", user, wish, key)

    def booked(self, user: int, wish: dict[str, Any]) -> Any:
        """A booking that must succeed."""
        answer = self.book(user, wish)
        assert answer.status == 201, answer
        return answer.json

    def sql(self, statement: str, *values: Any) -> list[Any]:
        """Rows of a statement in the version's database; plain values where there is one column."""
        with psycopg.connect(self.database, autocommit=True) as connection:
            cursor = connection.execute(statement, values)
            rows = cursor.fetchall() if cursor.description else []
        return [row[0] if len(row) == 1 else row for row in rows]

    def items(self, count: int, *, rules: int = 0) -> list[Item]:
        """Items that are free on the next day with enough of them, and that no test was given before."""
        with psycopg.connect(self.database) as connection:
            for ahead in range(FIRST_DAY, FIRST_DAY + 14):
                day = dt.date.today() + dt.timedelta(days=ahead)
                rows = connection.execute(FREE, {"day": day, "rules": rules}).fetchall()
                found = [Item(*row, day) for row in rows if row[0] not in self._given and fits(row)]
                if len(found) >= count:
                    self._given.update(item.id for item in found[:count])
                    return found[:count]
        raise AssertionError(f"no {count} free items on any day")

    def item(self, *, rules: int = 0) -> Item:
        """One of them."""
        return self.items(1, rules=rules)[0]

    def jobs(self, booking_id: int) -> list[str]:
        """The kinds of events that wait, are sent or were sent for a booking, in order."""
        return self.sql(
            "SELECT args->'event'->>'kind' FROM procrastinate.procrastinate_jobs"
            " WHERE (args->'event'->'booking'->>'id')::int = %s ORDER BY id",
            booking_id,
        )


def fits(row: tuple[Any, ...]) -> bool:
    """Whether the tests' usual times lie within the opening hours, and two people find room."""
    return bool(row[6] <= dt.time(10) and row[7] >= dt.time(17) and row[2] >= 2)


def send(port: int, method: str, path: str, body: Any = None, headers: dict[str, str] | None = None) -> Answer:
    """One request on a connection of its own; a body that is no text is sent as JSON."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    text = body if body is None or isinstance(body, str) else json.dumps(body)
    try:
        connection.request(method, path, text, {"Content-Type": "application/json", **(headers or {})})
        answer = connection.getresponse()
        return Answer(answer.status, {k.lower(): v for k, v in answer.getheaders()}, answer.read().decode())
    finally:
        connection.close()


@pytest.fixture(scope="session")
def bookings(tmp_path_factory: pytest.TempPathFactory) -> Iterator[BookingGround]:
    """The platform of the tests that book, asked in its optimized version."""
    with started(tmp_path_factory.mktemp("bookings")) as (state, environment):
        yield BookingGround(state, environment)
