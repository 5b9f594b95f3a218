"""`/locations/{id}`: one location and what happens there on a day."""

from __future__ import annotations

import datetime as dt
from typing import Any

from flask import Blueprint, render_template, request

from discovery.site import api
from discovery.site.guard import refuse


def add_to(site: Blueprint) -> None:
    """Adds the page."""
    site.add_url_rule("/locations/<int:number>", "location", location)


def location(number: int) -> str:
    """For users who are logged in and may read the location."""
    answer = api.get(f"/v1/locations/{number}/detail", date=request.args.get("date"))
    if not answer.ok:
        refuse(answer.status, answer.error["message"])
    found = answer.content
    opening = opening_hours(found)
    return render_template(
        "site/location.html", found=found, opening=opening, days=[day_of(item, opening) for item in found["items"]]
    )


def opening_hours(found: dict[str, Any]) -> tuple[int, int] | None:
    """Minutes after midnight at which the location opens and closes on the day; None when closed."""
    weekday = dt.date.fromisoformat(found["date"]).weekday()
    for row in found["location"]["hours"]:
        if row["weekday"] == weekday:
            return in_minutes(row["opens"]), in_minutes(row["closes"])
    return None


def in_minutes(clock: str) -> int:
    """Minutes after midnight of a time HH:MM."""
    return int(clock[:2]) * 60 + int(clock[3:])


def day_of(item: dict[str, Any], opening: tuple[int, int] | None) -> list[dict[str, Any]]:
    """An item's bookings as bars in a drawing that is 100 wide from opening to closing."""
    if opening is None:
        return []
    opens, closes = opening
    bars = []
    for booking in item["bookings"]:
        start, end = in_minutes(booking["start"]), in_minutes(booking["end"])
        left, right = max(start, opens), min(end if end > start else closes, closes)
        if right > left:
            bars.append({"x": 100 * (left - opens) / (closes - opens), "width": 100 * (right - left) / (closes - opens),
                         **booking})  # fmt: skip
    return bars
