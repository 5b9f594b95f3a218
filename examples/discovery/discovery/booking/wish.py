"""What a client asks for, read from the request; nothing here knows the database."""

from __future__ import annotations

import datetime as dt
import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass

from discovery import bodies
from discovery.errors import InvalidParameter
from discovery.params import CLOCK, MAX_ID, Arguments, integer

FIELDS = ("item_id", "date", "start_time", "end_time", "attendees", "notes")
LONGEST_NOTES = 500
MOST_ATTENDEES = 1_000_000
KEY = re.compile(r"[\x21-\x7e]{1,200}")
PAGE_SIZE, LARGEST_PAGE = 20, 100


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """A wanted booking: times are the location's own."""

    item_id: int
    start: dt.datetime
    end: dt.datetime
    attendees: int
    notes: str

    def digest(self) -> str:
        """Equal for equal wishes, however they were written."""
        parts = [self.item_id, self.start.isoformat(), self.end.isoformat(), self.attendees, self.notes]
        return hashlib.sha256(json.dumps(parts).encode()).hexdigest()


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """Which part of a list is wanted: the first page is 1."""

    number: int
    size: int


def read_wish() -> Wish:
    """The body of the request; raises InvalidParameter for the first field that is wrong."""
    body = bodies.json_object(FIELDS)
    item_id = bodies.whole(body, "item_id", 1, MAX_ID)
    day = bodies.day(body, "date")
    start, end = _clock(body, "start_time"), _clock(body, "end_time")
    if end <= start:
        raise InvalidParameter("end_time must be later than start_time.", "end_time")
    return Wish(
        item_id=item_id,
        start=dt.datetime.combine(day, start),
        end=dt.datetime.combine(day, end),
        attendees=bodies.whole(body, "attendees", 1, MOST_ATTENDEES) if "attendees" in body else 1,
        notes=bodies.text(body, "notes", LONGEST_NOTES, shortest=0) if "notes" in body else "",
    )


def read_key(headers: Mapping[str, str]) -> str | None:
    """The `Idempotency-Key`, None without one; raises InvalidParameter."""
    key = headers.get("Idempotency-Key", "").strip()
    if key and not KEY.fullmatch(key):
        raise InvalidParameter(
            "Idempotency-Key must have 1 to 200 visible ASCII characters and no blank.", "Idempotency-Key"
        )
    return key or None


def read_page(args: Arguments) -> Page:
    """`page` and `page_size`; raises InvalidParameter. A larger page is cut."""
    number = integer(args, "page") or 1
    return Page(number=number, size=min(integer(args, "page_size") or PAGE_SIZE, LARGEST_PAGE))


def _clock(body: bodies.Body, name: str) -> dt.time:
    value = body.get(name)
    match = CLOCK.fullmatch(value) if isinstance(value, str) else None
    if match is None:
        raise InvalidParameter(f"{name} must be a time HH:MM.", name)
    return dt.time(int(match[1]), int(match[2]))
