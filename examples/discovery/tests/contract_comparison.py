"""Compares two answers field by field: presence, JSON type, exact value, order of lists."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

HEADERS = ("content-type", "www-authenticate", "allow", "location")


@dataclass(frozen=True, slots=True)
class Answer:
    """What a server sent."""

    status: int
    headers: dict[str, str]  # names in lower case
    body: bytes

    def json(self) -> Any:
        """The body's content; a key given twice is an error."""
        return json.loads(self.body, object_pairs_hook=_object)


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError(f"a key is given twice: {sorted(key for key, _ in pairs)}")
    return found


def answer_differences(left: Answer, right: Answer) -> list[str]:
    """All that a client could notice, one line each; empty when the answers are equal."""
    found = [] if left.status == right.status else [f"status: {left.status} and {right.status}"]
    for name in HEADERS:
        if left.headers.get(name) != right.headers.get(name):
            found.append(f"header {name}: {left.headers.get(name)} and {right.headers.get(name)}")
    try:
        found.extend(differences(left.json(), right.json()))
    except ValueError as error:
        found.append(f"body: {error}")
    return found


def differences(left: Any, right: Any, path: str = "$") -> Iterator[str]:
    """Differences of two JSON values with their paths; the order of keys in an object means nothing."""
    if type(left) is not type(right):
        yield f"{path}: {left!r} and {right!r}"
    elif isinstance(left, dict):
        for key in sorted(left.keys() | right.keys()):
            if key not in left or key not in right:
                yield f"{path}.{key}: only on the {'right' if key in right else 'left'}"
            else:
                yield from differences(left[key], right[key], f"{path}.{key}")
    elif isinstance(left, list):
        if len(left) != len(right):
            yield f"{path}: {len(left)} and {len(right)} elements"
        for number, (one, other) in enumerate(zip(left, right, strict=False)):
            yield from differences(one, other, f"{path}[{number}]")
    elif repr(left) != repr(right):
        yield f"{path}: {left!r} and {right!r}"
