"""Values that another user might give a parameter: neighbours of the given one, what the base's answer holds."""

from __future__ import annotations

import datetime as dt
import json
import re
from collections.abc import Iterator
from itertools import zip_longest
from typing import Any
from urllib.parse import quote, unquote_plus

MOST_SEEN = 6
"""Values of the answer that are tried for one parameter."""
LONGEST = 60
DATE = re.compile(r"\d{4}-\d\d-\d\d\Z")
_DAY = re.compile(r"\d{4}-\d\d-\d\d(?=T|\b)")
_NUMBER = re.compile(r"-?\d+(\.\d+)?\Z")
_WORD = re.compile(r"[^\W\d_]{3,}")
Leaf = tuple[tuple[str, ...], Any]


def near(value: str | None) -> Iterator[str]:
    """Neighbours of a number or a date; small numbers where nothing is known of it."""
    if value is None or value == "":
        yield from ("1", "2", "10")
    elif value.lstrip("-").isdecimal() and len(value) < 10:
        number = int(value)
        yield from (str(each) for each in dict.fromkeys((number + 1, number - 1, 1, 2, 3, number * 2)) if each > 0)
    elif DATE.match(value):
        try:
            day = dt.date.fromisoformat(value)
            yield from ((day + dt.timedelta(days=days)).isoformat() for days in (1, -1, 3, 7, 30))
        except (ValueError, OverflowError):
            return


def lists(value: str | None) -> Iterator[str]:
    """A list in one value (`3,5`): the other way round, one of it alone, one of it twice."""
    parts = (value or "").split(",")
    if len(parts) > 1 and all(parts):
        yield from dict.fromkeys((",".join(parts[::-1]), parts[0], f"{value},{parts[0]}", f"{value},{parts[-1]}"))


def seen(name: str, given: str | None, body: bytes) -> list[str]:
    """Values that the base's answer holds, percent-encoded.

    Those under a key of like name (`category` -> `category.slug`, `category_id`); where there is none, those of the
    given value's sort, one after the other of each key: a bound (`budget=19.5`) is met exactly, a search finds rows.
    """
    try:
        leaves = [leaf for leaf in _leaves(json.loads(body), ()) if _plain(leaf[1])]
    except (ValueError, RecursionError):
        return []
    wanted = _bare(name)
    found = [str(value) for path, value in leaves if any(_bare(part) == wanted for part in path[-2:])]
    if not found:
        by_key: dict[str, dict[str, None]] = {}
        for path, value in leaves:
            if text := _of_its_sort(str(value), given):
                by_key.setdefault("".join(path[-1:]), {}).setdefault(text)
        found = [text for turn in zip_longest(*by_key.values()) for text in turn if text]
    return list(dict.fromkeys(map(quoted, found)))[:MOST_SEEN]


def quoted(text: str) -> str:
    return quote(unquote_plus(text), safe="")


def _of_its_sort(text: str, given: str | None) -> str | None:
    """What of a text may stand in the place of a given value: a number, a date, a word; of nothing given, any."""
    if day := _DAY.match(text):
        return day[0] if not given or DATE.match(given) else None
    if _NUMBER.match(text):
        return text if not given or _NUMBER.match(given) else None
    word = _WORD.search(text)
    return word[0] if word and (not given or given[:1].isalpha()) else None


def _plain(value: Any) -> bool:
    return isinstance(value, (str, int, float)) and not isinstance(value, bool) and len(str(value)) <= LONGEST


def _bare(name: str) -> str:
    return name.lower().removesuffix("_id").removesuffix("s")


def _leaves(tree: Any, path: tuple[str, ...]) -> Iterator[Leaf]:
    if isinstance(tree, dict):
        for key, value in tree.items():
            yield from _leaves(value, (*path, str(key)))
    elif isinstance(tree, list):
        for value in tree:
            yield from _leaves(value, path)
    else:
        yield path, tree
