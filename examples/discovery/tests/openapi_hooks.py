"""For schemathesis: half of the generated requests speak of things that exist, so that more than refusals is tried."""

from __future__ import annotations

import datetime as dt
from typing import Any

import schemathesis

ITEMS = 200
LOCATIONS = 20
CATEGORIES = ("meeting-room", "hot-desk", "studio")


def _pick(number: int, count: int) -> int:
    return number % count + 1


@schemathesis.hook
def map_path_parameters(context: Any, path_parameters: dict[str, Any] | None) -> dict[str, Any] | None:
    """Every second id is a small one."""
    if path_parameters and isinstance(path_parameters.get("id"), int) and path_parameters["id"] % 2:
        path_parameters["id"] = _pick(path_parameters["id"], LOCATIONS)
    return path_parameters


@schemathesis.hook
def map_body(context: Any, body: Any) -> Any:
    """Items, locations, categories and days that there are, in every second body."""
    if not isinstance(body, dict):
        return body
    if isinstance(body.get("item_id"), int) and body["item_id"] % 2:
        body["item_id"] = _pick(body["item_id"], ITEMS)
        body["date"] = str(dt.date.today() + dt.timedelta(days=10 + body["item_id"]))
        body["start_time"], body["end_time"] = "12:00", "13:00"
        body.pop("attendees", None)
    if isinstance(body.get("location_id"), int) and body["location_id"] % 2:
        body["location_id"] = _pick(body["location_id"], LOCATIONS)
        body["category"] = CATEGORIES[body["location_id"] % len(CATEGORIES)]
        body.pop("status", None)
    return body
