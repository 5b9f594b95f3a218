"""Requests near a known one: other values of its parameters, taken from the catalogue and from the base's answers."""

from __future__ import annotations

import datetime as dt
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import quote, unquote_plus

from subsecond.model.target import RequestSpec

Query = tuple[tuple[str, str], ...]
ABSENT = None
"""In place of a value: the parameter is left out."""

ABSENCE = ("", "%20", "null", "None", "undefined")
ZEROS = ("0", "00", "%200", "-0", "0.0", "false", "False", "no", "[]", "{}")
NUMBERS = (
    "1", "-1", "+1", "%2B1", "1e3", "1_000", "%D9%A1", "nan", "inf", "2147483647", "2147483648",
    "9223372036854775808", "12345678901234567890", "1.5",
)  # fmt: skip
TEXTS = ("%25", "_", "%5C", "%27", "%22", ";", "%00", "%F0%9F%98%80", "e%CC%81", "%D7%A9", "a" * 300)
LISTS = (",", "1,2", "1,1", "a,,b")
DATES = ("2024-02-29", "2023-02-29", "1970-01-01", "9999-12-31", "2024-13-01", "2024-02-29T00:00:00Z")
CATALOGUE = (*ABSENCE, *ZEROS, *NUMBERS, *TEXTS, *LISTS, *DATES)
PATH_VALUES = ("0", "-1", "2147483647", "2147483648", "9223372036854775808", "x", "1.5", "%00", "%20")
"""Reference: fixing and proving, section 6. Percent-encoded, as they stand in an address."""
MOST_SEEN = 6
"""Values of one field of the answers that are tried."""
_IDENTIFIER = re.compile(r"\d{1,18}\Z|[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}\Z")
_DATE = re.compile(r"\d{4}-\d\d-\d\d\Z")


@dataclass(frozen=True, slots=True, kw_only=True)
class Variation:
    """A changed request: `changes` holds the new raw value of each changed parameter, None where it is left out."""

    spec: RequestSpec
    changes: tuple[tuple[str, str | None], ...]

    def __str__(self) -> str:
        parts = [f"{name} left out" if value is None else f"{name}={value}" for name, value in self.changes]
        return f"{self.spec.name} with {', '.join(parts)}"


def query_of(spec: RequestSpec) -> Query:
    """The parameters of the address as they stand there, percent-encoding and `{{variables}}` kept."""
    text = spec.url.partition("#")[0].partition("?")[2]
    return tuple((name, value) for name, _, value in (part.partition("=") for part in text.split("&") if part))


def path_parts(spec: RequestSpec) -> Query:
    """The parts of the path that look like an identifier: numbers and UUIDs, named `/2` by their place."""
    parts = spec.url.partition("#")[0].partition("?")[0].split("/")
    return tuple((f"/{place}", part) for place, part in enumerate(parts) if _IDENTIFIER.match(part))


def with_changes(spec: RequestSpec, changes: Mapping[str, str | None]) -> Variation:
    """The request with some parameters changed, added or left out; the others keep their place."""
    parts = spec.url.partition("?")[0].split("/")
    for name, part in changes.items():
        if name.startswith("/"):
            parts[int(name[1:])] = part or ""
    path = "/".join(parts)
    kept: list[tuple[str, str | None]] = [(name, changes.get(name, value)) for name, value in query_of(spec)]
    known = {name for name, _ in kept}
    kept += [(name, value) for name, value in changes.items() if name not in known and not name.startswith("/")]
    text = "&".join(f"{name}={value}" for name, value in kept if value is not None)
    return Variation(spec=replace(spec, url=f"{path}?{text}" if text else path), changes=tuple(changes.items()))


def harmless(spec: RequestSpec, parameters: Sequence[str], body: bytes) -> Iterator[Variation]:
    """Requests of the same sort, as other users send them: each parameter left out, other plausible values."""
    given = dict(query_of(spec))
    for name, value in path_parts(spec):
        for other in _near(value):
            yield with_changes(spec, {name: other})
    for name in parameters:
        if name in given:
            yield with_changes(spec, {name: ABSENT})
        for value in _near(given.get(name)):
            yield with_changes(spec, {name: value})
        for value in _seen(name, body):
            if value != given.get(name):
                yield with_changes(spec, {name: value})


def edges(spec: RequestSpec, parameters: Sequence[str], literals: Sequence[str] = ()) -> Iterator[Variation]:
    """One parameter at a time through the catalogue, then another case of its value, another name, a doubled one."""
    given = dict(query_of(spec))
    for name, _ in path_parts(spec):
        for value in PATH_VALUES:
            yield with_changes(spec, {name: value})
    for name in parameters:
        if name in given:
            yield with_changes(spec, {name: ABSENT})
        for value in dict.fromkeys([*CATALOGUE, *map(_quoted, literals)]):
            yield with_changes(spec, {name: value})
        if own := given.get(name):
            if own.swapcase() != own and "%" not in own and "{{" not in own:
                yield with_changes(spec, {name: own.swapcase()})
            yield with_changes(spec, {name: f"{own}&{name}=1"})
            yield with_changes(spec, {name: ABSENT, name.upper(): own})
    yield with_changes(spec, {"unknown_parameter": "1"})


def pairs(spec: RequestSpec, parameters: Sequence[str]) -> Iterator[Variation]:
    """Two parameters at once through the values that mean "nothing" somewhere."""
    for position, name in enumerate(parameters):
        for other in parameters[position + 1 :]:
            for value in ("", "0", ABSENT):
                for second in ("", "0", "1"):
                    yield with_changes(spec, {name: value, other: second})


def _near(value: str | None) -> Iterator[str]:
    """Neighbours of a number or a date; small numbers where nothing is known of it."""
    if value is None or value == "":
        yield from ("1", "2", "10")
    elif value.lstrip("-").isdecimal() and len(value) < 10:
        number = int(value)
        yield from (str(each) for each in dict.fromkeys((number + 1, number - 1, 1, 2, 3, number * 2)) if each > 0)
    elif _DATE.match(value):
        try:
            day = dt.date.fromisoformat(value)
            yield from ((day + dt.timedelta(days=days)).isoformat() for days in (1, -1, 3, 7, 30))
        except (ValueError, OverflowError):
            return


def _seen(name: str, body: bytes) -> list[str]:
    """Values that the base's answer holds under a key of like name (`category` -> `category.slug`, `category_id`)."""
    try:
        tree = json.loads(body)
    except (ValueError, RecursionError):
        return []
    wanted = name.lower().removesuffix("_id").removesuffix("s")
    found: dict[str, None] = {}
    for path, value in _leaves(tree, ()):
        if isinstance(value, (str, int)) and not isinstance(value, bool) and len(str(value)) <= 60:
            near = [part.lower() for part in path[-2:]]
            if any(part.removesuffix("_id").removesuffix("s") == wanted for part in near):
                found.setdefault(_quoted(str(value)))
    return list(found)[:MOST_SEEN]


def _leaves(tree: Any, path: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], Any]]:
    if isinstance(tree, dict):
        for key, value in tree.items():
            yield from _leaves(value, (*path, str(key)))
    elif isinstance(tree, list):
        for value in tree:
            yield from _leaves(value, path)
    else:
        yield path, tree


def _quoted(text: str) -> str:
    return quote(unquote_plus(text), safe="")
