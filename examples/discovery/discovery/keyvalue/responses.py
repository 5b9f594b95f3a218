"""Answers of optimized discovery, kept for a short while."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from discovery.keyvalue import versions
from discovery.keyvalue.client import store
from discovery.keyvalue.searches import fingerprint
from discovery.params import DiscoveryParams

SECONDS = 30  # the oldest answer that is ever given, whatever went wrong with the marks of changes
SWITCH = "DISCOVERY_RESPONSE_CACHE"  # `off`: for measuring and counting what an answer costs


@dataclass(frozen=True, slots=True, kw_only=True)
class Lookup:
    """What the store said about one search; marks are those from before the database is asked, None: no store."""

    key: str
    marks: Mapping[str, str] | None = None
    body: bytes | None = None

    @property
    def header(self) -> str:
        """Value of `Cache-Status` (RFC 9211)."""
        if self.body is not None:
            return "discovery; hit"
        return "discovery; fwd=bypass" if self.marks is None else "discovery; fwd=miss"


def look_up(params: DiscoveryParams) -> Lookup:
    """Asks for the answer to a search, and under which marks a new one has to be kept; one round trip."""
    known = store()
    key = f"{known.prefix}discovery:{fingerprint(params)}"
    if os.environ.get(SWITCH, "").lower() == "off":
        return Lookup(key=key)

    def read(client: Any) -> tuple[bytes | None, dict[bytes, bytes]]:
        with client.pipeline(transaction=True) as pipe:
            kept, marks = pipe.get(key).hgetall(versions.key(known)).execute()
            return kept, marks

    found = known.ask(read)
    if found is None:
        return Lookup(key=key)
    marks = {name.decode(): mark.decode() for name, mark in found[1].items()}
    return Lookup(key=key, marks=marks, body=_good_body(found[0], marks))


def _good_body(kept: bytes | None, marks: Mapping[str, str]) -> bytes | None:
    """The body, unless a change came since."""
    if kept is None:
        return None
    city, stamp, body = kept.split(b"\n", 2)
    return body if stamp.decode() == versions.stamp(marks, int(city) if city else None) else None


def keep(lookup: Lookup, city_id: int | None, body: bytes) -> None:
    """Keeps the answer that had to be made after `look_up`; city_id: the city it is for, None for all of them."""
    if lookup.marks is None:
        return
    city = "" if city_id is None else city_id
    content = f"{city}\n{versions.stamp(lookup.marks, city_id)}\n".encode() + body
    store().ask(lambda client: client.set(lookup.key, content, ex=SECONDS))
