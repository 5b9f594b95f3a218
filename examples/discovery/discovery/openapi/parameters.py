"""Parameters. In a query an empty string and any spelling of zero mean "not given": each accepts a text form too."""

from __future__ import annotations

from typing import Any

from discovery.openapi.words import CLOCK, DATE_IN, KNOWN_ID, Schema

MAX_NUMBER = 1_000_000
NONE_GIVEN: Schema = {"type": "string", "enum": ["", "0"], "description": "No filter."}


def query(name: str, schema: Schema, description: str) -> dict[str, Any]:
    """A query parameter that may also be left empty."""
    return {
        "name": name,
        "in": "query",
        "description": f"{description} Empty or `0`: not given.",
        "allowEmptyValue": True,
        "schema": {"anyOf": [schema, NONE_GIVEN]},
    }


def short_text(longest: int, **more: Any) -> Schema:
    """A text for a query."""
    return {"type": "string", "maxLength": longest, **more}


def number(name: str, description: str, most: int = MAX_NUMBER) -> dict[str, Any]:
    """A whole number, where 0 means "not given"."""
    return query(name, {"type": "integer", "minimum": 0, "maximum": most}, description)


DISCOVERY = [
    query("city", short_text(60, examples=["lisbon"]), "Slug of a city, see /v1/filters."),
    query("date", DATE_IN, "Day of the visit; today (UTC) without it."),
    query("start_time", CLOCK, "Start of the wanted time; counts only together with end_time."),
    query("end_time", CLOCK, "End of the wanted time, later than start_time."),
    number("capacity_min", "Least number of people."),
    number("capacity_max", "Largest number of people."),
    query("category", short_text(60, examples=["meeting-room"]), "Slug of a category, see /v1/filters."),
    query("add_ons", short_text(400, examples=["projector"]), "Slugs, comma separated; an item must have all."),
    query("lat", {"type": "number", "minimum": -90, "maximum": 90},
          "Latitude; together with lng the nearest come first."),
    query("lng", {"type": "number", "minimum": -180, "maximum": 180}, "Longitude."),
    number("page", "Page, from 1."),
    number("page_size", "Items a page; larger than the setting allows is cut."),
    query("cache", short_text(20, examples=["true"]), "`true` asks the cache service for a pre-computed answer first."),
]  # fmt: skip

DAY = query("date", DATE_IN, "The day; today (UTC) without it.")
PAGE = [number("page", "Page, from 1."), number("page_size", "Rows a page, at most 100.")]


def path_id(name: str) -> dict[str, Any]:
    """The id in a path."""
    return {"name": name, "in": "path", "required": True, "schema": KNOWN_ID}


IDEMPOTENCY_KEY = {
    "name": "Idempotency-Key",
    "in": "header",
    "description": "Sent again with the same body it gives the first answer again; with another body 409.",
    "schema": {"type": "string", "pattern": "^[\\x21-\\x7e]{1,200}$"},
}
