"""Every operation of the API with all its answers."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any

from discovery.openapi import parameters
from discovery.openapi.parameters import number, path_id, query, short_text
from discovery.openapi.words import Schema, json_content, ref

WHY = {
    400: "A parameter or a field does not parse or is out of range.",
    401: "No token where one is needed, or one that is bad or expired.",
    403: "The user is unknown or may not do that.",
    404: "There is no such thing.",
    409: "It cannot stand beside what is there already.",
    413: "The body is too large.",
    414: "The address is longer than 4,094 bytes; the server answers by itself, in HTML.",
    429: "Too many requests; `Retry-After` says when to come back.",
    503: "Too much is going on at once; it may work in a moment.",
}
OPEN: list[dict[str, list[str]]] = [{}, {"bearer": []}]
"""A token is not needed; a bad one is refused all the same."""
NEEDED: list[dict[str, list[str]]] = [{"bearer": []}]
RETRY_AFTER = {"Retry-After": {"description": "Seconds.", "schema": {"type": "integer", "minimum": 0}}}


def problem(status: int, conflict: str) -> dict[str, Any]:
    """The answer for an error; `conflict` names the schema of a 409."""
    if status == 414:
        return {"description": WHY[status], "content": {"text/html": {"schema": {"type": "string"}}}}
    schema = conflict if status == 409 else "Error"
    answer: dict[str, Any] = {"description": WHY[status], "content": json_content(ref(schema))}
    if status == 429:
        answer["headers"] = RETRY_AFTER
    return answer


def operation(
    name: str,
    summary: str,
    tag: str,
    answer: Schema | None,
    *errors: int,
    status: int = 200,
    given: list[dict[str, Any]] | None = None,
    body: Schema | None = None,
    security: list[dict[str, list[str]]] = NEEDED,
    headers: dict[str, Any] | None = None,
    conflict: str = "Error",
    note: str = "",
) -> dict[str, Any]:
    """One method of a path. `answer`: what success looks like, None without a body. 414 and 429 are added."""
    success: dict[str, Any] = {"description": HTTPStatus(status).phrase}
    if answer is not None:
        success["content"] = json_content(answer)
    if headers:
        success["headers"] = headers
    queried = any(parameter["in"] == "query" for parameter in given or [])
    wrong = {*errors, 429} | ({400, 413} if body else set()) | ({414} if queried else set())
    made: dict[str, Any] = {
        "operationId": name,
        "summary": summary,
        "tags": [tag],
        "security": security,
        "parameters": given or [],
        "responses": {str(status): success} | {str(code): problem(code, conflict) for code in sorted(wrong)},
    }
    if note:
        made["description"] = note
    if body:
        made["requestBody"] = {"required": True, "content": json_content(body)}
    return made


SEARCH = {
    "/v1/discovery": {
        "get": operation(
            "discover", "Find items that can be booked on a day", "search", ref("Discovery"), 400, 401, 404,
            given=parameters.DISCOVERY, security=OPEN,
            note="13 filters. The first 500 matches count; the cheapest come first, or with lat and lng the nearest.",
        )
    },
    "/v1/locations/{id}/detail": {
        "get": operation(
            "location", "One location, its first items and what happens there on a day", "search", ref("Detail"),
            400, 401, 403, 404, given=[path_id("id"), parameters.DAY],
        )
    },
    "/v1/filters": {
        "get": operation("filters", "What can be filtered by", "search", ref("Filters"), security=[])
    },
    "/v1/items/{id}": {
        "get": operation(
            "item", "One item, and what of it can be booked on a day", "search", ref("ItemOnADay"), 400, 401, 404,
            given=[path_id("id"), parameters.DAY], security=OPEN,
            note="A slot that has begun or lies within the item's notice is not available here.",
        )
    },
    "/v1/me": {"get": operation("me", "Whose the token is, and what that user may do", "account", ref("Me"), 401, 403)},
}  # fmt: skip

BOOKING_ID = path_id("id")
BOOKINGS = {
    "/v1/bookings": {
        "get": operation(
            "listBookings", "Your bookings, the latest first", "bookings", ref("Bookings"), 400, 401, 503,
            given=parameters.PAGE,
        ),
        "post": operation(
            "book", "Book an item", "bookings", ref("Booking"), 401, 403, 404, 409, 503, status=201,
            given=[parameters.IDEMPOTENCY_KEY], body=ref("NewBooking"), conflict="BookingConflict",
            headers={"Location": {"description": "Of the booking.", "schema": {"type": "string"}, "required": True},
                     "Idempotent-Replayed": {"description": "`true`: the answer to the first request with this key.",
                                             "schema": {"type": "string", "const": "true"}}},
            note="Needs `booking:create` for the item's location. 409 `conflict` lists what is free on that day.",
        ),
    },
    "/v1/bookings/{id}": {
        "get": operation(
            "readBooking", "One of your bookings", "bookings", ref("Booking"), 401, 404, 503, given=[BOOKING_ID]
        )
    },
    "/v1/bookings/{id}/cancel": {
        "post": operation(
            "cancelBooking", "Cancel one of your bookings", "bookings", ref("Booking"), 401, 404, 409, 503,
            given=[BOOKING_ID], conflict="BookingConflict",
            note="Cancelling twice is the same as once. A booking that has begun stays.",
        )
    },
}  # fmt: skip

ITEM_ID, HOLIDAY_ID, SETTING_ID = path_id("id"), path_id("id"), path_id("id")
ADMIN = {
    "/v1/admin/items": {
        "get": operation(
            "listItems", "Items, by id", "admin", ref("AdminItems"), 400, 401, 403,
            given=[query("search", short_text(120), "A part of the name."), number("location_id", "Of one location."),
                   *parameters.PAGE],
        ),
        "post": operation(
            "addItem", "Add an item", "admin", ref("AdminItem"), 401, 403, status=201, body=ref("NewItem")
        ),
    },
    "/v1/admin/items/statuses": {
        "get": operation("listStatuses", "What an item's status may be", "admin", ref("Statuses"), 401, 403)
    },
    "/v1/admin/items/{id}": {
        "get": operation("readItem", "One item", "admin", ref("AdminItem"), 401, 403, 404, given=[ITEM_ID]),
        "patch": operation(
            "changeItem", "Change an item", "admin", ref("AdminItem"), 401, 403, 404,
            given=[ITEM_ID], body=ref("ItemChange"),
            note="Only the fields that are sent change. An item is taken out of the offer by its status.",
        ),
    },
    "/v1/admin/holidays": {
        "get": operation(
            "listHolidays", "Holidays, by day", "admin", ref("Holidays"), 400, 401, 403,
            given=[query("country", short_text(10, examples=["PT"]), "Two letters."),
                   number("year", "A year from 2000 to 2100.", 2100), *parameters.PAGE],
        ),
        "post": operation(
            "addHoliday", "Add a holiday", "admin", ref("Holiday"), 401, 403, 409, status=201, body=ref("NewHoliday"),
            note="Discovery shows it at once.",
        ),
    },
    "/v1/admin/holidays/{id}": {
        "delete": operation(
            "removeHoliday", "Remove a holiday", "admin", None, 401, 403, 404, status=204, given=[HOLIDAY_ID]
        )
    },
    "/v1/admin/config": {
        "get": operation(
            "listSettings", "Settings, by name", "admin", ref("Settings"), 400, 401, 403,
            given=[query("search", short_text(120), "A part of the name."), *parameters.PAGE],
        )
    },
    "/v1/admin/config/{id}": {
        "patch": operation(
            "changeSetting", "Change a setting", "admin", ref("Setting"), 401, 403, 404,
            given=[SETTING_ID], body=ref("SettingChange"),
            note="A worker of the optimized version goes on with the old value for up to five minutes.",
        )
    },
}  # fmt: skip

PLATFORM = {
    "/healthz": {
        "get": {
            "operationId": "health",
            "summary": "Whether the worker answers",
            "tags": ["platform"],
            "security": [],
            "responses": {"200": {"description": "OK", "content": json_content(ref("Health"))}},
        }
    },
    "/openapi.json": {
        "get": {
            "operationId": "openapi",
            "summary": "This document",
            "tags": ["platform"],
            "security": [],
            "responses": {"200": {"description": "OK", "content": json_content({"type": "object"})}},
        }
    },
}
