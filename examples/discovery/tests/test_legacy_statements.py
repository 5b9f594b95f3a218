"""The legacy version still works the way it is known for: how often it asks, where it opens sessions, what it logs."""

from __future__ import annotations

import json
import re
import subprocess
from collections import Counter
from typing import Any

import pytest
from contract_platform import ROOT, Platform, python

pytestmark = pytest.mark.xdist_group("discovery-contract")

DISCOVERY = "/v1/discovery?city=lisbon&date=2026-10-14"
HOLIDAY = "/v1/discovery?city=lisbon&date=2026-10-05"
DETAIL = "/v1/locations/1/detail?date=2026-10-14"
SESSIONS = {
    "permissions.py:permission_flags",
    "views/detail.py:location_detail",
    "daypass.py:daypass_status",
    "occupancy.py:occupancy_of_item",
    "helpers/config.py:load_config",
}


@pytest.fixture(scope="module")
def seen(platform: Platform) -> dict[str, Any]:
    """What the three requests did, by path."""
    requests = [(DISCOVERY, None), (HOLIDAY, None), (DETAIL, 1)]
    done = subprocess.run(
        [python(), str(ROOT / "tests" / "legacy_probe.py")],
        input=json.dumps(requests), capture_output=True, text=True, env=platform.environment, timeout=120, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-2000:]
    return {path: answer for (path, _), answer in zip(requests, json.loads(done.stdout), strict=True)}


def tables(statements: list[str]) -> Counter[str]:
    """How often each table comes first behind FROM."""
    return Counter(found[1] for text in statements if (found := re.search(r"\bFROM\s+(\w+)", text)))


def test_listing_asks_for_every_location(seen: dict[str, Any]) -> None:
    listing = seen[DISCOVERY]
    asked = tables(listing["statements"])
    assert listing["status"] == 200
    assert asked["reviews"] == asked["location_hours"] == asked["location_photos"] == asked["location_amenities"] > 1
    assert {table: asked[table] for table in ("config", "cities", "items", "locations", "bookings", "holidays")} == {
        "config": 1, "cities": 1, "items": 2, "locations": 1, "bookings": 1, "holidays": 1
    }  # fmt: skip
    assert listing["most_held"] == 1
    assert len(listing["lines"]) == 3 * listing["body"]["total"] > 0


def test_listing_reads_the_day_before_it_looks_for_a_holiday(seen: dict[str, Any]) -> None:
    holiday = seen[HOLIDAY]
    asked = tables(holiday["statements"])
    assert holiday["body"]["items"] == []
    assert {"bookings", "item_blocks", "price_rules", "item_add_ons", "add_ons", "holidays"} <= set(asked)
    assert len(holiday["statements"]) == 10
    assert holiday["lines"] == []


def test_detail_asks_for_every_item(seen: dict[str, Any]) -> None:
    detail = seen[DETAIL]
    asked = tables(detail["statements"])
    items = detail["body"]["items"]
    shared = sum(item["occupancy"] is not None for item in items)
    assert len(items) == 10
    assert shared >= 2
    assert asked["bookings"] == 10 + shared
    assert asked["statuses"] == 11
    assert asked["daypasses"] == shared
    assert asked["users"] == 3  # the permission's, the view's and the manager
    assert 30 <= len(detail["statements"]) <= 40


def test_detail_opens_sessions_in_five_places_while_it_holds_one(seen: dict[str, Any]) -> None:
    detail = seen[DETAIL]
    assert set(detail["places"]) == SESSIONS
    assert 7 <= len(detail["places"]) <= 19
    assert detail["most_held"] == 2
