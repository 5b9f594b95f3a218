"""What the key-value store keeps for a visitor, and what may be lost with it: notices and the last search."""

from __future__ import annotations

from typing import Any, cast

from flask import session

from discovery.keyvalue.sessions import SiteSession

NOTICES, SEARCH = "notices", "search"
LONGEST_SEARCH = 1500  # characters


def _notes() -> dict[str, Any]:
    return cast(SiteSession, session).notes


def say(text: str) -> None:
    """A line for the next page that is shown."""
    _notes().setdefault(NOTICES, []).append(text)


def take() -> list[str]:
    """The lines to show now; each is shown once."""
    lines: list[str] = _notes().pop(NOTICES, [])
    return lines


def keep_search(query: str) -> None:
    """Remember the query string of a search that had an answer."""
    if len(query) <= LONGEST_SEARCH:
        _notes()[SEARCH] = query


def last_search() -> str | None:
    """The query string of the last one."""
    found: str | None = _notes().get(SEARCH)
    return found
