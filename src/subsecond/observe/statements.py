"""What was sent, with its values, for as long as the audit runs: a spool line -> statements to plan again."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

from subsecond.model.database import RecordedStatement
from subsecond.sql.fingerprint import fingerprint, operation
from subsecond_agent import protocol

EXAMPLES = 5
"""Sets of values kept of one statement: enough to see whether a value is always the same."""


def statements_of(line: Mapping[str, Any], request: str) -> list[RecordedStatement]:
    """The SELECTs of one recorded request, one for each fingerprint, in order of first appearance."""
    found: dict[str, RecordedStatement] = {}
    for name, _, _, duration, _, attributes in line["spans"]:
        if name != protocol.SPAN_QUERY or protocol.EXECUTEMANY in attributes or protocol.ERROR_TYPE in attributes:
            continue
        text = line["texts"][attributes[protocol.DB_TEXT]]
        if operation(text) != "SELECT":
            continue
        values = attributes.get(protocol.PARAMETERS, [])
        one = RecordedStatement(
            fingerprint=fingerprint(text),
            text=text,
            examples=((text, tuple(values)),),
            count=1,
            seconds=duration / 1e6,
            requests=(request,),
        )
        before = found.get(one.fingerprint)
        found[one.fingerprint] = one if before is None else _added(before, one, EXAMPLES)
    return list(found.values())


def together(recordings: Iterable[Iterable[RecordedStatement]]) -> tuple[RecordedStatement, ...]:
    """The statements of several requests (one run of each), the dearest first."""
    found: dict[str, RecordedStatement] = {}
    for statements in recordings:
        for one in statements:
            before = found.get(one.fingerprint)
            found[one.fingerprint] = one if before is None else _added(before, one, 2 * EXAMPLES)
    return tuple(sorted(found.values(), key=lambda one: -one.seconds))


def _added(one: RecordedStatement, other: RecordedStatement, most: int) -> RecordedStatement:
    return replace(
        one,
        examples=tuple(dict.fromkeys([*one.examples, *other.examples]))[:most],
        count=one.count + other.count,
        seconds=one.seconds + other.seconds,
        requests=tuple(dict.fromkeys([*one.requests, *other.requests])),
    )
