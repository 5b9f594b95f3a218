"""Bounds that an app tells when it refuses: `{"error": "more than outstanding", "outstanding": "3.82"}`, `at most 200`.

Whether a bound belongs to what is allowed shows only where it is met exactly, and no catalogue knows it.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator

from subsecond.contract.compare import Reply
from subsecond.model.target import RequestSpec
from subsecond.prove.from_data import in_body
from subsecond.prove.plausible import quoted
from subsecond.prove.variations import BODY, Variation, with_changes

MOST_NUMBERS = 6
"""Of one parameter; those told last first: what is left of an account changes with each use."""
LONGEST_BODY = 2_000
_NUMBER = re.compile(r"(?<![\w.-])-?\d{1,9}(?:\.\d{1,4})?(?![\w-]|\.\d)")


class Refusals:
    """Remembers the numbers in refused answers, by what was changed in the request."""

    def __init__(self) -> None:
        self._told: dict[str, dict[str, None]] = {}

    def met(self, one: Variation, reply: Reply) -> None:
        """The base's answer to a changed request."""
        if not 400 <= reply.status < 500 or len(reply.body) > LONGEST_BODY or len(one.changes) != 1:
            return
        ((name, _),) = one.changes
        own = self._told.setdefault(name, {})
        for number in _NUMBER.findall(reply.body.decode("utf-8", "replace")):
            if number != str(reply.status):
                own.pop(number, None)
                own[number] = None

    def variations(self, spec: RequestSpec) -> Iterator[Variation]:
        """The changed places again, with what was told of them; a whole number's neighbours too."""
        for name, told in self._told.items():
            numbers = [near for text in [*told][: -MOST_NUMBERS - 1 : -1] for near in _near(text)]
            if name != BODY:
                yield from (with_changes(spec, {name: quoted(number)}) for number in numbers)
                continue
            for _, own, put in in_body(spec):
                if isinstance(own, str) and not _NUMBER.fullmatch(own):
                    continue
                for number in numbers:
                    value = number if isinstance(own, str) else float(number) if "." in number else int(number)
                    yield with_changes(spec, {BODY: json.dumps(put(value))})


def _near(text: str) -> list[str]:
    return [text] if "." in text else [text, str(int(text) - 1), str(int(text) + 1)]
