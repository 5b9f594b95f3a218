"""A spool line -> the statements as they were sent, with their values: for trials, in memory only."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from subsecond.model.sent import Sent
from subsecond.sql.fingerprint import fingerprint
from subsecond_agent import protocol


def sent_of(line: Mapping[str, Any]) -> tuple[Sent, ...]:
    """All statements of one recorded request, in order; those of an `executemany` have no values of their own."""
    prints = [fingerprint(text) for text in line["texts"]]
    found = []
    for name, _, _, _, _, attributes in line["spans"]:
        if name != protocol.SPAN_QUERY:
            continue
        number = attributes[protocol.DB_TEXT]
        values = [] if protocol.EXECUTEMANY in attributes else attributes.get(protocol.PARAMETERS, [])
        found.append(Sent(fingerprint=prints[number], text=line["texts"][number], values=tuple(map(str, values))))
    return tuple(found)
