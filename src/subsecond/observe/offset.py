"""How many rows a statement was told to skip: the value of its OFFSET, which is no personal data and is kept."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise

from subsecond.sql.fingerprint import token_groups
from subsecond.sql.placeholders import numbered
from subsecond.sql.values import plain


def offset_of(text: str, values: object) -> int | None:
    """The largest OFFSET of a statement with its values' `repr`; None without one, or where it cannot be read."""
    if "offset" not in text.lower():
        return None
    known = values if isinstance(values, Sequence) and not isinstance(values, str) else ()
    return max(_offsets(numbered(text)[0], known), default=None)


def _offsets(text: str, values: Sequence[object]) -> Iterator[int]:
    tokens = [(group, token) for group, token in token_groups(text) if group not in ("space", "comment")]
    for (_, word), (group, token) in pairwise(tokens):
        if word.lower() != "offset":
            continue
        if group == "number" and token.isdecimal():
            yield int(token)
        if group == "placeholder" and token.startswith(":v") and int(token[2:]) < len(values):
            value = plain(str(values[int(token[2:])]))
            if type(value) is int:
                yield value
