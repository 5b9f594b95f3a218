"""JSON bodies of requests, read field by field; what is wrong is told as it is for query parameters."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Collection, Mapping
from decimal import Decimal
from typing import Any

from flask import request

from discovery.errors import InvalidParameter
from discovery.params import DAY, FIRST_DAY, LAST_DAY

LARGEST_BODY = 100_000  # bytes; more is answered with 413
MONEY = re.compile(r"[0-9]{1,5}(\.[0-9]{1,2})?")
Body = Mapping[str, Any]


def json_object(known: Collection[str]) -> dict[str, Any]:
    """The request's body; raises InvalidParameter unless it is a JSON object that has no field but the known ones."""
    request.max_content_length = LARGEST_BODY
    try:
        content = request.get_json(silent=True)
    except RecursionError:  # brackets within brackets, a hundred thousand deep
        content = None
    if not isinstance(content, dict):
        raise InvalidParameter("The body must be a JSON object, sent as application/json.")
    for name in content:
        if name not in known:
            raise InvalidParameter(f"There is no field of that name; known are {', '.join(sorted(known))}.")
    return content


def text(body: Body, name: str, longest: int, shortest: int = 1) -> str:
    """A text without the blanks around it, which must have a length from `shortest` to `longest`."""
    value = body.get(name)
    if not isinstance(value, str):
        raise InvalidParameter(f"{name} must be a text.", name)
    return storable(value.strip(), name, longest, shortest)


def storable(value: str, name: str, longest: int, shortest: int = 0) -> str:
    """The text, if PostgreSQL can store it (no NUL, no half of a surrogate pair) and its length is allowed."""
    if not shortest <= len(value) <= longest:
        raise InvalidParameter(f"{name} must have {shortest} to {longest} characters.", name)
    if any(char == "\x00" or "\ud800" <= char <= "\udfff" for char in value):
        raise InvalidParameter(f"{name} holds a character that cannot be stored.", name)
    return value


def whole(body: Body, name: str, least: int, most: int) -> int:
    """A whole number from `least` to `most`."""
    value = body.get(name)
    if not isinstance(value, int) or isinstance(value, bool) or not least <= value <= most:
        raise InvalidParameter(f"{name} must be a whole number from {least} to {most}.", name)
    return value


def one_of(body: Body, name: str, choices: Collection[Any]) -> Any:
    """One of a few values; `choices` is sorted into the message."""
    value = body.get(name)
    # True == 1 in Python, not in JSON.
    if isinstance(value, bool) or not isinstance(value, str | int) or value not in choices:
        raise InvalidParameter(f"{name} must be one of {', '.join(map(str, sorted(choices)))}.", name)
    return value


def money(body: Body, name: str) -> Decimal:
    """An amount as a text: up to 99999.99, at most two decimals."""
    value = body.get(name)
    if not isinstance(value, str) or not MONEY.fullmatch(value):
        raise InvalidParameter(f'{name} must be an amount as a text, such as "12.50", up to 99999.99.', name)
    return Decimal(value)


def day(body: Body, name: str) -> dt.date:
    """A date `YYYY-MM-DD` from 2000 to 2100."""
    value = body.get(name)
    try:
        wanted = dt.date.fromisoformat(value) if isinstance(value, str) and DAY.fullmatch(value) else None
    except ValueError:
        wanted = None
    if wanted is None or not FIRST_DAY <= wanted <= LAST_DAY:
        raise InvalidParameter(f"{name} must be a date YYYY-MM-DD from {FIRST_DAY} to {LAST_DAY}.", name)
    return wanted
