"""Bookings as clients see them."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from typing import Any

from sqlalchemy import Row

from discovery.booking.rules import Span
from discovery.booking.wish import Page


def booking(row: Row[Any]) -> dict[str, Any]:
    """One booking; `row` comes from queries.find_booking or find_page."""
    return {
        "id": row.id,
        "status": row.status,
        "item": {"id": row.item_id, "name": row.item_name},
        "location": {"id": row.location_id, "name": row.location_name},
        "city": {"slug": row.city_slug, "name": row.city_name, "timezone": row.timezone},
        "date": row.starts_at.date().isoformat(),
        "start_time": _clock(row.starts_at),
        "end_date": row.ends_at.date().isoformat(),
        "end_time": _clock(row.ends_at),
        "attendees": row.attendees,
        "total": str(row.total),
        "currency": row.currency,
        "notes": row.notes,
        "created_at": row.created_at.isoformat(timespec="seconds"),
    }


def page(wanted: Page, total: int, rows: Sequence[Row[Any]]) -> dict[str, Any]:
    """A page of the user's bookings."""
    return {
        "page": wanted.number,
        "page_size": wanted.size,
        "total": total,
        "pages": -(-total // wanted.size),
        "bookings": [booking(row) for row in rows],
    }


def slots(free: Iterable[Span]) -> list[dict[str, str]]:
    """The times that can still be had."""
    return [{"start": _clock(span.start), "end": _clock(span.end)} for span in free]


def _clock(time: dt.datetime) -> str:
    return f"{time.hour:02d}:{time.minute:02d}"
