"""Requests near a known one with what the data holds: other keys, readers, codes where one was given."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from itertools import zip_longest
from typing import Any
from urllib.parse import quote, unquote_plus

from subsecond.model.target import RequestSpec
from subsecond.prove.variations import (
    BODY,
    Variation,
    in_query,
    named_headers,
    path_parts,
    path_texts,
    query_of,
    told,
    with_changes,
)

Put = Callable[[str], Any]
"""Gives a JSON body with another value in one place."""


def from_data(
    spec: RequestSpec, parameters: Sequence[str], values: Callable[[str, str | None], Sequence[str]],
    beside: Callable[[str], Sequence[str]],
) -> Iterator[Variation]:  # fmt: skip
    """The requests; each parameter has its turn.

    `values`: those for a name and the value given; of a place in the path the name is what stands before it
    (`/depots/7`), of a number in a header what it is called (`X-User:`): other users have other rights and limits.
    `beside`: other values for a text that is given in the path, a parameter or a JSON body.
    """
    of = told(spec)
    parts = spec.url.partition("?")[0].split("/")
    given = {name: of(value) for name, value in query_of(spec)}
    asked: list[tuple[str, str, str | None]] = []
    asked += [(name, parts[int(name[1:]) - 1], own) for name, own in path_parts(spec)]
    asked += [(name, name, given.get(name)) for name in filter(in_query, parameters)]
    asked += [(name, _who(name), own) for name, own in named_headers(spec) if own.isdecimal()]
    columns = [
        [(name, _sent(name, value)) for value in values(called, own) if value != own] for name, called, own in asked
    ]
    texts = [*path_texts(spec), *((name, own) for name, own in given.items() if _wordy(own))]
    columns += [[(name, _sent(name, value)) for value in beside(unquote_plus(own))] for name, own in texts]
    columns += [[(BODY, json.dumps(put(value))) for value in beside(own)] for own, put in _body_texts(spec)]
    for turn in zip_longest(*columns):
        yield from (with_changes(spec, dict([one])) for one in turn if one is not None)


def _sent(name: str, value: str) -> str:
    return value if name.endswith(":") else quote(value, safe="")


def _who(header: str) -> str:
    """`X-User-Id:` -> user."""
    return header[:-1].lower().removeprefix("x-").removesuffix("-id").replace("-", "_")


def _wordy(value: str) -> bool:
    """Whether a value is a word, no number, date or list, and stands in the file as it is."""
    return value[:1].isalpha() and "{{" not in value and "," not in value


def _body_texts(spec: RequestSpec) -> list[tuple[str, Put]]:
    """The words in a JSON body."""
    if spec.body is None or "{{" in spec.body:
        return []
    try:
        return list(_places(json.loads(spec.body), lambda tree: tree))
    except (ValueError, RecursionError):
        return []


def _places(tree: Any, put: Put) -> Iterator[tuple[str, Put]]:
    if isinstance(tree, dict):
        for key, inner in tree.items():
            yield from _places(inner, _in_place(put, tree, key))
    elif isinstance(tree, list):
        for place, inner in enumerate(tree[:2]):
            yield from _places(inner, _in_place(put, tree, place))
    elif isinstance(tree, str) and _wordy(tree):
        yield tree, put


def _in_place(put: Put, tree: Any, place: Any) -> Put:
    def changed(value: Any) -> Any:
        copy = tree.copy()
        copy[place] = value
        return put(copy)

    return changed
