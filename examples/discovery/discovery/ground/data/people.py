"""Users, what they may do, their passes and their opinions."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from datetime import date, timedelta
from random import Random

from discovery.ground.data import words
from discovery.ground.data.world import World
from discovery.settings import (
    BENCH_DATE,
    DELETED_USER_ID,
    DEMO_LOCATION_ID,
    DEMO_PASSWORD,
    DEMO_USER_ID,
    LIMITED_USER_ID,
)

NULL = "\\N"  # in the text format of COPY
PLANS = ("free", "free", "free", "team", "team", "business")
SCOPES = ("location:read", "booking:create", "location:manage", "report:view", "billing:view")
NO_REVIEWS = (29, 4)  # locations with this remainder have none
SPECIAL_USERS = 20  # below this id only the rows written here
FIRST_DAY = date(2025, 1, 1)
DAYS = 876  # 2.4 years
DAYPASS_STATUSES = ("active", "active", "active", "used", "used", "cancelled")


def users(world: World, rng: Random) -> Iterator[str]:
    """Ids from 1 without the deleted one; `user<id>@example.com`, all with the demo password."""
    for row in range(1, world.scale.users + 1):
        number = row + 1 if row >= DELETED_USER_ID else row
        name = f"{words.FIRST_NAMES[int(rng.random() * 24)]} {words.LAST_NAMES[int(rng.random() * 20)]}"
        company = words.COMPANIES[int(rng.random() * 12)] if rng.random() < 0.5 else NULL
        salt = f"{number * 2654435761 % 2**32:08x}"
        digest = hashlib.sha256(f"{salt}{DEMO_PASSWORD}".encode()).hexdigest()
        day = date(2022, 1, 1) + timedelta(days=int(rng.random() * 1000))
        yield (
            f"{number}\tuser{number}@example.com\t{name}\t{PLANS[int(rng.random() * 6)]}\t{company}"
            f"\tsha256${salt}${digest}\t{day} 08:{number % 60:02}:00\n"
        )


def _known_permissions(world: World) -> list[tuple[int, str, int | None]]:
    """The rows that demonstrations and tests rely on."""
    return [
        (DEMO_USER_ID, "location:read", None),
        (DEMO_USER_ID, "booking:create", None),
        (DEMO_USER_ID, "location:manage", DEMO_LOCATION_ID),
        (DEMO_USER_ID, "report:view", None),
        (LIMITED_USER_ID, "location:read", DEMO_LOCATION_ID),
        (LIMITED_USER_ID, "location:read", 2),
        (LIMITED_USER_ID, "location:read", world.scale.locations),
        (LIMITED_USER_ID, "booking:create", 2),
        (LIMITED_USER_ID, "location:read", 10 * world.scale.locations),  # a location that is gone
        (3, "booking:create", None),  # no right to read
        (4, "location:manage", DEMO_LOCATION_ID),
        (5, "location:read", DEMO_LOCATION_ID),
        (5, "location:read", DEMO_LOCATION_ID),  # granted twice
        (5, "location:manage", None),
        (DELETED_USER_ID, "location:read", None),
        (DEMO_USER_ID, "admin:inventory", None),
        (DEMO_USER_ID, "admin:holidays", None),
        (DEMO_USER_ID, "admin:config", None),
    ]


def permissions(world: World, rng: Random) -> Iterator[str]:
    """Three rows a user on average."""
    known = _known_permissions(world)
    for number in range(1, world.scale.permissions + 1):
        if number <= len(known):
            user, scope, place = known[number - 1]
        else:
            user = SPECIAL_USERS + int(rng.random() * (world.scale.users - SPECIAL_USERS)) + 1
            scope = SCOPES[int(rng.random() ** 1.5 * len(SCOPES))]
            place = None if rng.random() < 0.2 else int(rng.random() * world.scale.locations) + 1
        yield f"{number}\t{user}\t{scope}\t{NULL if place is None else place}\n"


def daypasses(world: World, rng: Random) -> Iterator[str]:
    """Passes over the whole range of days; the demo user's first one for the bench date was cancelled."""
    days = [str(FIRST_DAY + timedelta(days=n)) for n in range(DAYS)]
    known = [
        (DEMO_USER_ID, DEMO_LOCATION_ID, "cancelled"),
        (DEMO_USER_ID, DEMO_LOCATION_ID, "active"),
        (DEMO_USER_ID, DEMO_LOCATION_ID, "used"),
        (LIMITED_USER_ID, DEMO_LOCATION_ID, "cancelled"),
        (LIMITED_USER_ID, 2, "used"),
    ]
    for number, (user, place, status) in enumerate(known, 1):
        yield f"{number}\t{user}\t{place}\t{BENCH_DATE}\t{status}\n"
    for number in range(len(known) + 1, world.scale.daypasses + 1):
        status = DAYPASS_STATUSES[int(rng.random() * 6)]
        yield (
            f"{number}\t{int(rng.random() * world.scale.users) + 1}\t{int(rng.random() * world.scale.locations) + 1}"
            f"\t{days[int(rng.random() * DAYS)]}\t{status}\n"
        )


def reviews(world: World, rng: Random) -> Iterator[str]:
    """Stars and a text; every 29th location has none, the others very different numbers."""
    texts = words.opinion_texts(rng)
    reviewed = [n for n in range(1, world.scale.locations + 1) if n % NO_REVIEWS[0] != NO_REVIEWS[1]]
    days = [str(FIRST_DAY + timedelta(days=n)) for n in range(DAYS)]
    stars = (1, 2, 3, 3, 4, 4, 4, 5, 5, 5)
    for number in range(1, world.scale.reviews + 1):
        place = reviewed[int(rng.random() ** 1.2 * len(reviewed))]
        yield (
            f"{number}\t{place}\t{int(rng.random() * world.scale.users) + 1}\t{stars[int(rng.random() * 10)]}"
            f"\t{texts[int(rng.random() * 500)]}\t{days[int(rng.random() * DAYS)]} 12:{number % 60:02}:00\n"
        )
