"""Builds the detail endpoint's answer from what the database said; needs no connection any more."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Row

from discovery.optimized.detail.queries import BOOK, MANAGE, NOBODY, READ, BookingFacts, ItemFacts, Occupancy, Viewer
from discovery.optimized.formats import clock, money
from discovery.optimized.reference_data import ReferenceData, StatusFacts

PEOPLE_SLUGS = frozenset({"hot-desk", "day-pass"})
"""Categories whose items are shared, so that their occupancy counts people and a day pass admits to them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """All that was read for one request."""

    reference: ReferenceData
    viewer: Viewer
    location: Row[Any]
    items: Sequence[ItemFacts]
    bookings: dict[int, list[BookingFacts]]
    occupancy: dict[int, Occupancy]


def detail_response(day: dt.date, found: Found) -> dict[str, Any]:
    """The body of the answer, ready for JSON."""
    viewer = found.viewer
    return {
        "date": day.isoformat(),
        "location": _location(found.location, found.reference),
        "user": {"id": viewer.id, "name": viewer.name, "plan": viewer.plan, "company": viewer.company},
        "permissions": {
            "read": READ in viewer.scopes,
            "book": BOOK in viewer.scopes,
            "manage": MANAGE in viewer.scopes,
        },
        "restrictions": [
            {"kind": kind, "value": value} for kind, value, _ in sorted(found.location.restrictions or [])
        ],
        "currency": found.reference.settings.currency,
        "items": [_item(row, found) for row in found.items],
    }


def _location(row: Row[Any], reference: ReferenceData) -> dict[str, Any]:
    return {
        "id": row.id,
        "name": row.name,
        "address": row.address,
        "description": row.description,
        "lat": row.lat,
        "lng": row.lng,
        "status": _status(reference.statuses[row.status]),
        "city": {
            "slug": row.city_slug,
            "name": row.city_name,
            "country": row.city_country,
            "timezone": row.city_timezone,
        },
        # The account of a manager may be gone.
        "manager": {"id": row.manager_id, "name": row.manager_name} if row.manager_name is not None else None,
        "hours": [
            {"weekday": weekday, "opens": _clock_of(opens), "closes": _clock_of(closes)}
            for weekday, opens, closes in sorted(row.hours or [])
        ],
    }


def _item(row: ItemFacts, found: Found) -> dict[str, Any]:
    category = found.reference.categories[row.category_id]
    for_people = category.slug in PEOPLE_SLUGS
    occupancy = found.occupancy.get(row.id, NOBODY)
    daypass = found.viewer.daypass
    return {
        "id": row.id,
        "name": row.name,
        "category": {"slug": category.slug, "name": category.name, "kind": category.kind},
        "floor": row.floor,
        "capacity": row.capacity,
        "hourly_price": money(row.hourly_price),
        "day_price": money(row.day_price),
        "status": _status(found.reference.statuses[row.status]),
        "bookings": [_booking(booking) for booking in found.bookings.get(row.id, ())],
        "occupancy": occupancy._asdict() if for_people else None,
        "daypass": {"status": daypass} if for_people and daypass is not None else None,
    }


def _booking(row: BookingFacts) -> dict[str, str]:
    return {"start": clock(row.starts_at), "end": clock(row.ends_at), "status": row.status}


def _status(status: StatusFacts) -> dict[str, str]:
    return {"code": status.code, "label": status.label}


def _clock_of(text: str) -> str:
    """`HH:MM` of a time that PostgreSQL has written as JSON."""
    return clock(dt.time.fromisoformat(text))
