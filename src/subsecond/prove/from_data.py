"""Requests near a known one with what the data holds: other keys, readers, codes where one was given."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from itertools import combinations
from typing import Any, Protocol
from urllib.parse import quote, unquote_plus

from subsecond.model.target import RequestSpec
from subsecond.prove.plausible import DATE
from subsecond.prove.variations import (
    BODY,
    Variation,
    by_turns,
    in_query,
    named_headers,
    path_parts,
    path_texts,
    query_of,
    told,
)

MOST_DAYS = 16
MOST_LISTED, FEW_LISTED = 12, 3
Put = Callable[[Any], Any]
"""Gives a JSON body with another value in one place."""


class Holds(Protocol):
    """What the data holds: `prove.stored.Stored`."""

    def values(self, name: str, given: str | None) -> Sequence[str]:
        """For a name and the value given."""

    def beside(self, text: str) -> Sequence[str]:
        """For a text that a column holds."""

    def together(self, one: str, other: str) -> Sequence[tuple[str, str]]:
        """For two keys that stand in one row."""


def from_data(spec: RequestSpec, parameters: Sequence[str], stored: Holds) -> Iterator[Variation]:
    """The requests; each parameter has its turn.

    Values are looked for by a parameter's name and the value given; of a place in the path the name is what stands
    before it (`/depots/7`), of a number in a header what it is called (`X-User:`): other users have other rights and
    limits; of a body's value its key. A text in the path, a parameter or a body gets what is beside it in its column.
    Two keys of the address and the headers change together: another order is only seen by whoever placed it. So do two
    dates: of one day there are few rows, so few that how their average is rounded shows.
    """
    of = told(spec)
    parts = spec.url.partition("?")[0].split("/")
    given = {name: of(value) for name, value in query_of(spec)}
    users = [(name, own) for name, own in named_headers(spec) if own.isdecimal()]
    asked: list[tuple[str, str, str | None]] = []
    asked += [(name, parts[int(name[1:]) - 1], own) for name, own in path_parts(spec)]
    asked += [(name, name, given.get(name)) for name in filter(in_query, parameters)]
    asked += [(name, who(name), own) for name, own in users]
    columns = [[{name: _sent(name, v)} for v in stored.values(called, own) if v != own] for name, called, own in asked]
    keys = [*path_parts(spec), *((name, own) for name, own in given.items() if _is_key(name, own)), *users]
    columns += [
        [{first: _sent(first, one), second: _sent(second, other)} for one, other in stored.together(own, its)]
        for (first, own), (second, its) in combinations(keys, 2)
    ]
    columns.append(list(_one_day([(name, own) for name, own in given.items() if DATE.match(own)], stored)))
    texts = [*path_texts(spec), *((name, own) for name, own in given.items() if _wordy(own))]
    columns += [[{name: _sent(name, value)} for value in stored.beside(unquote_plus(own))] for name, own in texts]
    columns += [list(_lists(name, own, stored)) for name, own in given.items()]
    for key, own, put in in_body(spec):
        known = [value for value in stored.values(key, str(own)) if value != str(own)]
        others: Sequence[Any] = [*known, *(stored.beside(own) if isinstance(own, str) and _wordy(own) else ())]
        if isinstance(own, int):
            others = [int(value) for value in known if value.lstrip("-").isdecimal()]
        columns.append([{BODY: json.dumps(put(value))} for value in dict.fromkeys(others)])
    yield from by_turns(spec, columns)


def _one_day(dates: Sequence[tuple[str, str]], stored: Holds) -> Iterator[dict[str, str]]:
    """Two dates, from and to: both the same day."""
    if len(dates) == 2:
        (first, begin), (second, end) = dates
        for day in dict.fromkeys((begin, end, *stored.values(first, begin)[:MOST_DAYS])):
            yield {first: day, second: day}


def _lists(name: str, own: str, stored: Holds) -> Iterator[dict[str, str]]:
    """A word, or words with commas between: with many others of the column, and with some; a row may have several."""
    words = own.split(",")
    if not all(map(_wordy, words)):
        return
    others = [quote(value, safe="") for value in stored.beside(unquote_plus(words[0])) if value not in words]
    if len(others) > 1:
        yield {name: ",".join([own, *others[:MOST_LISTED]])}
    yield from ({name: f"{own},{value}"} for value in others[:FEW_LISTED])


def _is_key(name: str, value: str) -> bool:
    return name.lower().endswith("id") and value.isdecimal()


def _sent(name: str, value: str) -> str:
    return value if name.endswith(":") else quote(value, safe="")


def who(header: str) -> str:
    """`X-User-Id:` -> user."""
    return header[:-1].lower().removeprefix("x-").removesuffix("-id").replace("-", "_")


def _wordy(value: str) -> bool:
    """Whether a value is a word, no number, date or list, and stands in the file as it is."""
    return value[:1].isalpha() and "{{" not in value and "," not in value


def in_body(spec: RequestSpec) -> list[tuple[str, str | int, Put]]:
    """The texts and whole numbers in a JSON body, with the key that they stand under."""
    if spec.body is None or "{{" in spec.body:
        return []
    try:
        return list(_places(json.loads(spec.body), "", lambda tree: tree))
    except (ValueError, RecursionError):
        return []


def _places(tree: Any, own: str, put: Put) -> Iterator[tuple[str, str | int, Put]]:
    if isinstance(tree, dict):
        for key, inner in tree.items():
            yield from _places(inner, key, _in_place(put, tree, key))
    elif isinstance(tree, list):
        for place, inner in enumerate(tree[:2]):
            yield from _places(inner, own, _in_place(put, tree, place))
    elif isinstance(tree, str | int) and not isinstance(tree, bool):
        yield own, tree, put


def _in_place(put: Put, tree: Any, place: Any) -> Put:
    def changed(value: Any) -> Any:
        copy = tree.copy()
        copy[place] = value
        return put(copy)

    return changed
