"""Two parameters at once, each with a value that alone was seen to change a good answer.

A fault may need two: a sort order and its direction, a filter and the second page. Trying all pairs of all values would
take for ever; a value that changes nothing, or is refused, says nothing beside another one either.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from itertools import combinations, islice, product

from subsecond.contract.compare import Reply
from subsecond.model.target import RequestSpec
from subsecond.prove.variations import BODY, Variation, by_turns

MOST_VALUES = 4
"""Of one parameter, each with another answer; the longest answers first: an empty list stays empty."""
MOST_PAIRS = 80
"""Of one request; each two parameters have their turn."""


class Effects:
    """Remembers which values had an effect. `plain`: the base's answer to the request as it is."""

    def __init__(self, plain: Reply) -> None:
        self._plain = _digest(plain)
        self._found: dict[str, dict[bytes, tuple[int, str | None]]] = {}

    def met(self, one: Variation, reply: Reply) -> None:
        """The base's answer to a changed request."""
        if len(one.changes) != 1 or reply.status >= 300 or (digest := _digest(reply)) == self._plain:
            return
        ((name, value),) = one.changes
        if name != BODY:
            self._found.setdefault(name, {}).setdefault(digest, (len(reply.body), value))

    def pairs(self, spec: RequestSpec) -> Iterator[Variation]:
        """The requests that these values make, two at a time."""
        longest = {name: sorted(own.values(), key=lambda each: -each[0]) for name, own in self._found.items()}
        values = {name: [value for _, value in own[:MOST_VALUES]] for name, own in longest.items()}
        columns = [
            [{one: first, two: second} for first, second in product(values[one], values[two])]
            for one, two in combinations(values, 2)
        ]
        return islice(by_turns(spec, columns), MOST_PAIRS)


def _digest(reply: Reply) -> bytes:
    return hashlib.sha256(reply.body).digest()
