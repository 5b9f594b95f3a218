"""At least 2,000 requests of the two endpoints: the example's own list, and seeded random ones on top of it."""

from __future__ import annotations

import datetime as dt
import json
import random
import subprocess
from collections.abc import Iterator
from typing import Any

from contract_facts import Facts, read_facts
from contract_requests import NOT_GIVEN, ODD, PARAMETERS, Request, all_requests, detail, listing

from benchmarks.optimize.platform import EXAMPLE, PYTHON, Platform, stop
from subsecond.model.target import RequestSpec

WANTED = 2400
SEED = 20260101
DAY = dt.date(2026, 10, 14)
"""A working day with many bookings, a holiday nowhere."""
PROBE_SECONDS = 120.0


def requests(platform: Platform) -> list[RequestSpec]:
    """The requests, tokens filled in, each with a name that says which it is."""
    facts, tokens = read_facts(platform.database_url, DAY), _tokens(platform)
    found = dict.fromkeys(all_requests(facts))
    chance = random.Random(SEED)
    while len(found) < WANTED:
        found.setdefault(_random(facts, chance))
    return [_spec(number, one, tokens) for number, one in enumerate(found, 1)]


def _spec(number: int, request: Request, tokens: dict[str, str]) -> RequestSpec:
    header = request.authorization if request.token is None else f"Bearer {tokens[request.token]}"
    headers = () if header is None else (("Authorization", header),)
    return RequestSpec(name=f"{number}: {request.path[:200]}", method="GET", url=request.path, headers=headers)


def _random(facts: Facts, chance: random.Random) -> Request:
    """Some parameters with useful, unusual or meaningless values; now and then the detail of any location."""
    if chance.random() < 0.2:
        user = chance.choice(("user1", "user2", "user3", "user4", "user5", "user21", "user40"))
        return detail(chance.randint(1, facts.last_location), user, date=_day(chance))
    city = chance.choice((facts.town, facts.village))
    names = chance.sample(PARAMETERS[1:], chance.randint(0, 6))
    given = {name: _value(name, facts, chance) for name in names}
    return listing(**{"city": city, "date": _day(chance), **given})


def _day(chance: random.Random) -> dt.date:
    return DAY + dt.timedelta(days=chance.randint(-40, 40))


def _value(name: str, facts: Facts, chance: random.Random) -> object:
    if chance.random() < 0.15:
        return chance.choice((*NOT_GIVEN, *ODD))
    return chance.choice(list(_useful(name, facts, chance)))


def _useful(name: str, facts: Facts, chance: random.Random) -> Iterator[Any]:
    """Values of a parameter that a client might well send."""
    lat, lng = facts.town_position
    match name:
        case "date":
            yield _day(chance)
        case "start_time" | "end_time":
            yield f"{chance.randint(0, 23):02}:{chance.choice((0, 10, 15, 30, 59)):02}"
        case "capacity_min" | "capacity_max":
            yield from range(max(facts.capacities) + 2)
        case "category":
            yield from facts.categories
        case "add_ons":
            yield ",".join(chance.sample(facts.add_ons, chance.randint(1, 3)))
        case "lat":
            yield lat + chance.uniform(-1, 1)
        case "lng":
            yield lng + chance.uniform(-1, 1)
        case "page":
            yield from (1, 2, 3, 9)
        case "page_size":
            yield from (1, 2, 5, 20, 100, 101)
        case _:
            yield from ("false", "no")  # `cache=true` is answered by another service


def _tokens(platform: Platform) -> dict[str, str]:
    """Tokens of every kind, made by the example's own probe."""
    done = subprocess.run(
        [str(PYTHON), str(EXAMPLE / "tests" / "contract_probe.py"), "tokens"], env={
            **platform.environment, "PYTHONPATH": str(EXAMPLE)}, capture_output=True, text=True, check=False,
        timeout=PROBE_SECONDS,
    )  # fmt: skip
    if done.returncode:
        raise stop(f"no tokens: {(done.stderr.strip().splitlines() or ['the probe failed'])[-1]}")
    found: dict[str, str] = json.loads(done.stdout)
    return found
