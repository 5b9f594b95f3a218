"""What was changed when, so that no kept answer is given that a change made wrong.

A hash in the store holds a random mark for each city in which something was changed. An answer carries the marks under
which it was made, and is good as long as they are the same.
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from typing import Any

from discovery.keyvalue.client import Store, store

EVERYWHERE = "all"  # marked by a change that may be seen in any city
ANYWHERE = "any"  # marked by every change
NEVER = "-"  # stands for the mark of what was not changed lately
SECONDS = 3600  # for which marks are kept; an answer made before is gone long since


def changed(city_id: int | None) -> None:
    """Say, after the commit, that discovery shows something else now: in a city, or anywhere (None).

    To be called while a request is handled. Never raises: where the store does not answer, an answer that it still
    holds goes by itself within `responses.SECONDS`.
    """
    known, mark = store(), secrets.token_hex(8)
    place = EVERYWHERE if city_id is None else str(city_id)

    def write(client: Any) -> None:
        with client.pipeline(transaction=True) as pipe:
            pipe.hset(key(known), mapping={place: mark, ANYWHERE: mark})
            pipe.expire(key(known), SECONDS)
            pipe.execute()

    known.ask(write)


def key(known: Store) -> str:
    """Where the marks are."""
    return f"{known.prefix}versions"


def stamp(marks: Mapping[str, str], city_id: int | None) -> str:
    """The marks that an answer depends on: for a city, or for all of them together (None)."""
    names = (ANYWHERE,) if city_id is None else (EVERYWHERE, str(city_id))
    return " ".join(marks.get(name, NEVER) for name in names)
