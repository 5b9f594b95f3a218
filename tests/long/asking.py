"""Requests to the Discovery Platform by chance: what users would ask, and what nobody would."""

from __future__ import annotations

import datetime as dt
import random
from collections.abc import Iterator

from contract_facts import Facts
from contract_requests import BAD_TOKENS, CLOCKS, DAYS, NOT_GIVEN, ODD, PARAMETERS, Request, detail, listing

USERS = ("user1", "user2", "user3", "user4", "user5", "user17", "user21", "user22", "user40")
ODD_SHARE = 0.12
"""Of the parameters that have a value nobody would mean; most requests must reach the data."""
WINDOWS = (("09:00", "10:00"), ("10:00", "12:30"), ("08:15", "19:45"), ("13:00", "18:00"), ("06:00", "09:00"))


def usual(facts: Facts, chance: random.Random) -> Request:
    """A request that is answered 200: three listings for a detail page."""
    day = facts.day + dt.timedelta(days=chance.randrange(7))
    if chance.random() < 0.25:
        return detail(chance.choice(facts.locations), "user1", date=day)
    wanted: dict[str, object] = {"city": chance.choice((facts.town, facts.village, facts.big_city)), "date": day}
    if chance.random() < 0.4:
        wanted["start_time"], wanted["end_time"] = chance.choice(WINDOWS)
    for name in ("capacity_min", "category", "add_ons", "point", "page", "page_size"):
        if chance.random() < 0.25:
            wanted |= dict(zip(("lat", "lng"), facts.town_position, strict=True)) if name == "point" else {
                name: _sensible(facts, chance, name)
            }  # fmt: skip
    return listing(**wanted)


def any_requests(facts: Facts, seed: int) -> Iterator[Request]:
    """Without an end: any parameters together, with sensible and odd values, any user, any location."""
    chance = random.Random(seed)
    while True:
        if chance.random() < 0.25:
            yield _any_detail(facts, chance)
        else:
            yield _any_listing(facts, chance)


def _any_listing(facts: Facts, chance: random.Random) -> Request:
    # cities with few items, because the legacy version answers those quickly
    city = chance.choice((facts.town, facts.village, facts.village, facts.village))
    wanted: dict[str, object] = {"city": city, "date": facts.day + dt.timedelta(days=chance.randrange(-3, 10))}
    for name in PARAMETERS[2:]:
        if chance.random() < 0.3:
            wanted[name] = _sensible(facts, chance, name)
    if chance.random() < 0.3:
        wanted["start_time"], wanted["end_time"] = chance.choice(WINDOWS)
    for name in list(wanted):
        if chance.random() < ODD_SHARE and name != "city":
            wanted[name] = chance.choice((*NOT_GIVEN, *ODD, *(DAYS if name == "date" else CLOCKS)))
    names = list(wanted)
    chance.shuffle(names)
    token = chance.choice((None, None, None, *USERS, *BAD_TOKENS)) if chance.random() < 0.2 else None
    return listing(*((name, wanted[name]) for name in names), token=token)


def _any_detail(facts: Facts, chance: random.Random) -> Request:
    location = chance.choice((*facts.locations, facts.other_status, chance.randint(1, facts.last_location + 2)))
    day: object = facts.day + dt.timedelta(days=chance.randrange(-3, 10))
    if chance.random() < ODD_SHARE:
        day = chance.choice((*NOT_GIVEN, *ODD, *DAYS))
    return detail(location, chance.choice((*USERS, *USERS, *BAD_TOKENS)), date=day)


def _sensible(facts: Facts, chance: random.Random, name: str) -> object:
    point = facts.town_position if chance.random() < 0.5 else facts.town_coordinates
    values: dict[str, tuple[object, ...]] = {
        "start_time": tuple(start for start, _ in WINDOWS),
        "end_time": tuple(end for _, end in WINDOWS),
        "capacity_min": tuple(facts.capacities[:4]),
        "capacity_max": tuple(facts.capacities[-4:]),
        "category": tuple(facts.categories),
        "add_ons": (facts.add_ons[0], ",".join(chance.sample(facts.add_ons[:6], 2)), ",".join(facts.whole_set)),
        "lat": (point[0], round(chance.uniform(-90, 90), 4)),
        "lng": (point[1], round(chance.uniform(-180, 180), 4)),
        "page": (1, 2, 3, 9),
        "page_size": (1, 3, 7, 20, 100),
        "cache": ("true", "false"),
    }
    return chance.choice(values[name])
