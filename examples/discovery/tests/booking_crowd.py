"""Many clients that want the same few items at once, and what must be true of the rows afterwards."""

from __future__ import annotations

import datetime as dt
import random
import threading
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from itertools import count

from booking_ground import BookingGround, Item

FIRST_USER = 101  # of those who book; below it are the users that other tests know
QUARTERS = [f"{hour:02}:{minute:02}" for hour in range(10, 17) for minute in (0, 15, 30, 45)]
LAST = dt.datetime(1900, 1, 1, 17)  # strptime's day
CANCEL = 0.25  # chance that a client cancels one of its bookings before a try, so that there is always something free
REPEAT = 0.1  # of the requests that made a booking are sent a second time

OVERLAPPING = """
    SELECT count(*) FROM bookings a JOIN bookings b
    ON b.item_id = a.item_id AND b.id > a.id AND b.starts_at < a.ends_at AND b.ends_at > a.starts_at
    WHERE a.item_id = ANY(%s) AND a.status IN ('confirmed', 'pending') AND b.status IN ('confirmed', 'pending')
"""
ROWS = """
    SELECT b.id, b.status,
           (SELECT count(*) FROM item_holds h WHERE h.booking_id = b.id AND h.item_id = b.item_id
            AND h.during = tsrange(b.starts_at, b.ends_at)),
           ARRAY(SELECT j.args->'event'->>'kind' FROM procrastinate.procrastinate_jobs j
                 WHERE j.lock = 'booking-' || b.id ORDER BY j.id)
    FROM bookings b WHERE b.item_id = ANY(%s) AND b.source = 'api'
"""


@dataclass
class Crowd:
    """What the clients did: answers by status, and the bookings they were told they have."""

    statuses: Counter[int] = field(default_factory=Counter)
    made: list[int] = field(default_factory=list)
    cancelled: set[int] = field(default_factory=set)
    unequal: list[str] = field(default_factory=list)
    """Second answers that were not the first."""
    seconds: float = 0.0


def grant(ground: BookingGround, users: list[int]) -> None:
    """Lets them book everywhere."""
    for user in users:
        ground.sql(
            "INSERT INTO permissions (id, user_id, scope) SELECT max(id) + 1, %s, 'booking:create' FROM permissions",
            user,
        )
        ground.token(user)


def rush(ground: BookingGround, items: list[Item], *, clients: int, tries: int, seed: int) -> Crowd:
    """Has the clients book the items at random times until there were so many tries; each is a user of its own."""
    users = list(range(FIRST_USER, FIRST_USER + clients))
    grant(ground, users)
    crowd, number, over = Crowd(), count(), threading.Event()
    began = time.monotonic()

    def client(user: int) -> None:
        rng, mine = random.Random(f"{seed}:{user}"), list[int]()
        while not over.is_set() and next(number) < tries:
            if mine and rng.random() < CANCEL:
                _cancel(ground, crowd, user, mine.pop())
            mine += _try(ground, crowd, user, rng, items)

    with ThreadPoolExecutor(clients) as pool:
        running = [pool.submit(client, user) for user in users]
        try:
            for one in running:
                one.result()
        finally:
            over.set()  # nobody goes on when one has failed, or when the test is broken off
    crowd.seconds = time.monotonic() - began
    return crowd


def _try(ground: BookingGround, crowd: Crowd, user: int, rng: random.Random, items: list[Item]) -> list[int]:
    """Asks for a booking; its id, in a list, if it was made."""
    start = rng.choice(QUARTERS)
    end = dt.datetime.strptime(start, "%H:%M") + dt.timedelta(minutes=rng.choice((15, 30, 45, 60)))
    wish = rng.choice(items).wish(start, f"{min(end, LAST):%H:%M}")
    key = f"{rng.random()}"
    answer = ground.book(user, wish, key)
    crowd.statuses[answer.status] += 1
    if answer.status != 201:
        return []
    crowd.made.append(answer.json["id"])
    if rng.random() < REPEAT:
        again = ground.book(user, wish, key)
        if (again.status, again.text) != (201, answer.text):
            crowd.unequal.append(again.text)
    return [answer.json["id"]]


def _cancel(ground: BookingGround, crowd: Crowd, user: int, booking: int) -> None:
    done = ground.ask("POST", f"/v1/bookings/{booking}/cancel", user)
    assert done.status == 200, done
    crowd.cancelled.add(booking)


def check(ground: BookingGround, items: list[Item], crowd: Crowd) -> None:
    """Counted by SQL: nothing overlaps, and each booking that a client was told of has its row, hold and jobs."""
    wanted = [item.id for item in items]
    assert set(crowd.statuses) == {201, 409}, crowd.statuses
    assert crowd.unequal == []
    assert ground.sql(OVERLAPPING, wanted) == [0]
    rows = {row[0]: row[1:] for row in ground.sql(ROWS, wanted)}
    assert sorted(crowd.made) == sorted(rows)
    for booking, row in rows.items():
        if booking in crowd.cancelled:
            assert row == ("cancelled", 0, ["booking.created", "booking.cancelled"]), booking
        else:
            assert row == ("confirmed", 1, ["booking.created"]), booking
