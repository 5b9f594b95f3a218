"""Both versions give the same answer to every request, and the requests really reach every part of the contract."""

from __future__ import annotations

import copy
import datetime as dt
import random
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import contract_requests
import pytest
from contract_comparison import Answer, answer_differences, differences
from contract_facts import Facts, read_facts
from contract_platform import Platform
from contract_requests import PARAMETERS, Request, all_requests

pytestmark = pytest.mark.xdist_group("discovery-contract")
BENCH_DATE = dt.date(2026, 10, 14)


@dataclass(frozen=True, slots=True)
class Pair:
    """One request and both answers to it."""

    request: Request
    legacy: Answer
    optimized: Answer


@dataclass(frozen=True, slots=True)
class Run:
    """Everything that was asked."""

    facts: Facts
    pairs: list[Pair]

    def bodies(self, path: str) -> list[Any]:
        """Contents of the optimised version's successful answers below a path."""
        return [pair.optimized.json() for pair in self.pairs
                if pair.request.path.startswith(path) and pair.optimized.status == 200]  # fmt: skip


@pytest.fixture(scope="module")
def run(platform: Platform) -> Run:
    """Asks everything once; two at a time, because each version has two workers."""
    facts = read_facts(platform.state["databases"]["legacy"], BENCH_DATE)

    def ask(request: Request) -> Pair:
        # Both sides of one request lie close together: "today" must not change in between.
        return Pair(request, platform.ask("legacy", request), platform.ask("optimized", request))

    with ThreadPoolExecutor(2) as pool:
        return Run(facts, list(pool.map(ask, all_requests(facts))))


def test_all_answers_are_equal(run: Run) -> None:
    assert len(run.pairs) >= 400
    found = [f"{pair.request}\n    {'; '.join(lines[:4])}"
             for pair in run.pairs if (lines := answer_differences(pair.legacy, pair.optimized))]  # fmt: skip
    assert not found, f"{len(found)} of {len(run.pairs)} answers differ\n" + "\n".join(found[:15])


def test_no_answer_is_a_crash(run: Run) -> None:
    assert [pair.request for pair in run.pairs if pair.optimized.status >= 500] == []


def test_the_listing_was_reached_in_all_its_parts(run: Run) -> None:
    seen = {name for body in run.bodies("/v1/discovery") for name in listing_features(body)}
    assert seen >= {
        "no city", "holiday", "empty", "far page", "capped", "several pages", "slot free", "slot taken", "available",
        "no slots", "closed", "add-ons", "no add-ons", "rule", "rating", "no rating", "photo", "no photo", "amenities",
        "distance", "no distance", "rank out of order", "price tie", "null attribute", "short last slot",
        "window taken", "window free",
    }  # fmt: skip


def test_the_detail_was_reached_in_all_its_parts(run: Run) -> None:
    seen = {name for body in run.bodies("/v1/locations") for name in detail_features(body)}
    assert seen >= {
        "confirmed", "pending", "idle item", "occupied", "unoccupied", "no occupancy", "daypass active", "no daypass",
        "restrictions", "company", "no company", "book", "no book", "manage", "no manage", "other status", "ten items",
        "closed weekday",
    }  # fmt: skip


def test_all_errors_were_reached(run: Run) -> None:
    errors = [(pair.optimized.status, pair.optimized.json()["error"], pair.request) for pair in run.pairs
              if pair.optimized.status != 200]  # fmt: skip
    assert {status for status, _, _ in errors} == {400, 401, 403, 404}
    wrong = {error["parameter"] for status, error, _ in errors if status == 400}
    assert wrong == set(PARAMETERS) - {"cache"}
    assert {error["code"] for _, error, _ in errors} == {"invalid_parameter", "unauthorized", "forbidden", "not_found"}


def test_items_that_stand_for_a_rule_were_seen(run: Run) -> None:
    """The one booked, the one blocked ... stand in their answers as the rule wants it."""
    answers = {pair.request: pair.optimized for pair in run.pairs}
    shown = {}
    for name, request in contract_requests.spots(run.facts).items():
        wanted = getattr(run.facts, name).item
        shown[name] = next(item for item in answers[request].json()["items"] if item["id"] == wanted)
    for name in ("booked", "blocked", "long_block"):
        assert not all(slot["available"] for slot in shown[name]["slots"]), name
    assert shown["after_midnight"]["slots"]
    assert shown["after_midnight"]["slots"][0]["available"]
    assert not shown["early"]["slots"][0]["available"]
    assert shown["ruled_twice"]["price"] != shown["ruled_twice"]["hourly_price"]
    assert shown["closed"]["slots"] == []
    assert shown["closed"]["location"]["opens"] is None


def test_the_comparison_notices_every_planted_difference(run: Run) -> None:
    """Any value changed, any key left out, any two elements swapped."""
    bodies = [*run.bodies("/v1/discovery?city")[:20], *run.bodies("/v1/locations")[:10]]
    chance, planted = random.Random(7), 0
    for body in bodies:
        assert not list(differences(body, copy.deepcopy(body)))
        for _ in range(20):
            changed = copy.deepcopy(body)
            what = plant(changed, chance)
            assert list(differences(body, changed)), what
            assert list(differences(changed, body)), what
            planted += 1
    assert planted >= 500


@pytest.mark.parametrize(
    ("one", "other"),
    [(1, 1.0), (1, True), (0, False), (None, 0), (None, ""), ("1", 1), ([], {}), ([1, 2], [2, 1]), ([1], [1, 1]),
     ({"a": None}, {}), (0.0, -0.0), ("1.10", "1.1"), ({"a": 1}, {"a": 1, "b": 2})],
)  # fmt: skip
def test_values_that_look_alike_differ(one: Any, other: Any) -> None:
    assert list(differences(one, other))


def test_status_and_headers_count_too() -> None:
    headers = {"content-type": "application/json"}
    answer = Answer(200, headers, b'{"a": 1}')
    assert answer_differences(answer, Answer(200, headers, b'{ "a":1 }\n')) == []
    assert answer_differences(answer, Answer(201, headers, b'{"a": 1}'))
    assert answer_differences(answer, Answer(200, {"content-type": "text/html"}, b'{"a": 1}'))
    assert answer_differences(answer, Answer(200, headers, b'{"a": 1, "a": 1}'))
    assert answer_differences(answer, Answer(200, headers, b"{"))


def listing_features(body: dict[str, Any]) -> Iterator[str]:
    """Names of what an answer of the listing shows."""
    items = body["items"]
    yield from (name for name, there in (
        ("no city", body["city"] is None and items), ("holiday", body["holiday"]), ("empty", body["total"] == 0),
        ("far page", body["total"] and not items), ("capped", body["total"] == 500),
        ("several pages", body["pages"] > 1),
        ("rank out of order", [i["price_rank"] for i in items] != sorted(i["price_rank"] for i in items)),
        ("price tie", len({i["hourly_price"] for i in items}) < len(items)),
    ) if there)  # fmt: skip
    for item in items:
        yield from item_features(item)


def item_features(item: dict[str, Any]) -> Iterator[str]:
    """Names of what one item of the listing shows."""
    place, slots = item["location"], item["slots"]
    windowed = bool(slots) and slots[0]["start"] > place["opens"] and item["price"] != item["hourly_price"]
    yield from (name for name, there in (
        ("slot free", any(slot["available"] for slot in slots)), ("no slots", not slots),
        ("available", item["available"]),
        ("slot taken", any(not slot["available"] for slot in slots)), ("closed", place["opens"] is None),
        ("add-ons", len(item["add_ons"]) > 1), ("no add-ons", not item["add_ons"]),
        ("rule", item["price"] != item["hourly_price"]), ("rating", place["rating"] is not None),
        ("no rating", place["rating"] is None and place["review_count"] == 0), ("photo", place["cover_photo"]),
        ("no photo", place["cover_photo"] is None), ("amenities", len(place["amenities"]) > 1),
        ("distance", place["distance_km"]), ("no distance", place["distance_km"] is None),
        ("null attribute", None in item["attributes"].values()),
        ("short last slot", slots and slots[-1]["end"] < place["closes"]),
        ("window taken", windowed and not item["available"]), ("window free", windowed and item["available"]),
    ) if there)  # fmt: skip


def detail_features(body: dict[str, Any]) -> Iterator[str]:
    """Names of what an answer of the detail endpoint shows."""
    for scope in ("book", "manage"):
        yield scope if body["permissions"][scope] else f"no {scope}"
    yield from (name for name, there in (
        ("restrictions", len(body["restrictions"]) > 1), ("company", body["user"]["company"]),
        ("no company", body["user"]["company"] is None),
        ("other status", body["location"]["status"]["code"] != "active"),
        ("ten items", len(body["items"]) == 10), ("closed weekday", len(body["location"]["hours"]) < 7),
    ) if there)  # fmt: skip
    for item in body["items"]:
        occupancy, daypass = item["occupancy"], item["daypass"]
        yield from (booking["status"] for booking in item["bookings"])
        yield "no occupancy" if occupancy is None else "occupied" if occupancy["attendees"] else "unoccupied"
        yield f"daypass {daypass['status']}" if daypass else "no daypass"
        if not item["bookings"]:
            yield "idle item"


def plant(body: Any, chance: random.Random) -> str:
    """Changes one thing somewhere in the content and says what."""
    holders = [holder for holder in containers(body) if holder]
    holder = chance.choice(holders)
    if isinstance(holder, list):
        first = chance.randrange(len(holder))
        second = next((n for n, value in enumerate(holder) if repr(value) != repr(holder[first])), None)
        if second is None:
            del holder[first]
            return f"left out element {first}"
        holder[first], holder[second] = holder[second], holder[first]
        return f"swapped elements {first} and {second}"
    key = chance.choice(sorted(holder))
    if chance.random() < 0.3:
        del holder[key]
        return f"left out {key}"
    holder[key] = other_value(holder[key])
    return f"changed {key}"


def containers(value: Any) -> Iterator[Any]:
    """All objects and lists in a JSON value."""
    if isinstance(value, dict | list):
        yield value
        for inner in value.values() if isinstance(value, dict) else value:
            yield from containers(inner)


def other_value(value: Any) -> Any:
    """A value of the same sort that differs as little as can be."""
    match value:
        case bool():
            return not value
        case int() | float():
            return value + 0.001
        case str():
            return f"{value} "
        case None:
            return ""
        case _:
            return None
