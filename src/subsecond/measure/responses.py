"""Responses compared field by field: path, presence, type, exact value, order; what is no JSON byte by byte."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from subsecond.errors import SubsecondError
from subsecond.store import from_json

MOST_NAMED = 5
"""Differences and noisy paths that are named; the rest is counted."""
MOST_NOISE = 20
"""Paths that may differ between equal runs: a response with more is not compared, it is another one each time."""


@dataclass(frozen=True, slots=True)
class Response:
    """What is compared of an answer."""

    status: int
    kind: str
    """Its media type, without parameters."""
    body: bytes


@dataclass(frozen=True, slots=True)
class Difference:
    """One place: `path` such as `$.items[3].price`, `what`: missing, new, type, value, order, bytes, status."""

    path: str
    what: str

    @property
    def place(self) -> str:
        """The path with every index of a list left open: what is noise in one row is so in all."""
        return re.sub(r"\[\d+\]", "[*]", self.path)

    def __str__(self) -> str:
        return f"{self.path} ({self.what})"


@dataclass(frozen=True, slots=True)
class Reference:
    """The base's response and what of it differs between equal runs (None: all of it, so that nothing is compared)."""

    response: Response
    noise: frozenset[str] | None = frozenset()

    def differences(self, other: Response) -> list[Difference]:
        """Where `other` is another response, noise left out."""
        assert self.noise is not None
        return [one for one in differences(self.response, other) if one.place not in self.noise]


def reference(runs: Sequence[Response]) -> Reference:
    """From at least two runs of the base."""
    first = runs[0]
    places = {one.place for other in runs[1:] for one in differences(first, other)}
    hopeless = len(places) > MOST_NOISE or bool(places & {"", "$"})
    return Reference(first, None if hopeless else frozenset(places))


def differences(one: Response, other: Response) -> list[Difference]:
    """All places where `other` differs from `one`; an empty list where it is the same response."""
    if one.status != other.status:
        return [Difference("", f"status {one.status} became {other.status}")]
    if one.kind != other.kind:
        return [Difference("", f"media type {one.kind} became {other.kind}")]
    if one.body == other.body:
        return []
    try:
        documents = [from_json(response.body, object, "response") for response in (one, other)]
    except SubsecondError:
        return [Difference("", "bytes")]
    return list(_walk(documents[0], documents[1], "$"))


def _walk(one: Any, other: Any, path: str) -> Iterator[Difference]:
    if type(one) is not type(other):
        yield Difference(path, "type")
    elif isinstance(one, dict):
        for key in one.keys() | other.keys():
            inner = f"{path}.{key}"
            if key not in other or key not in one:
                yield Difference(inner, "missing" if key in one else "new")
            else:
                yield from _walk(one[key], other[key], inner)
    elif isinstance(one, list):
        yield from _lists(one, other, path)
    elif one != other or (one == 0 and repr(one) != repr(other)):  # 0.0 and -0.0 are written differently
        yield Difference(path, "value")


def _lists(one: list[Any], other: list[Any], path: str) -> Iterator[Difference]:
    if len(one) != len(other):
        yield Difference(path, f"{len(one)} items became {len(other)}")
        return
    found = [
        place
        for index, (first, second) in enumerate(zip(one, other, strict=True))
        for place in _walk(first, second, f"{path}[{index}]")
    ]
    if found and len(one) > 1 and sorted(map(repr, one)) == sorted(map(repr, other)):
        yield Difference(path, "order")
    else:
        yield from found


def named(found: Sequence[Difference | str]) -> str:
    """The first few, and how many more."""
    shown = ", ".join(str(one) for one in found[:MOST_NAMED])
    return f"{shown} and {len(found) - MOST_NAMED} more" if len(found) > MOST_NAMED else shown
