"""The part of the requests that whoever writes a patch never hears of, so that no patch can be made to fit them.

The split is by hash: the same request is held back in every run and on every machine. The target's own requests are
known to all; of those near them and of the edge values one in five is held back. They are asked last, so that what
fails in the open is told with its exact input; where only a held-back one fails, the kind of the difference is told.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator

from subsecond.prove.variations import Variation

ONE_IN = 5
HINT = "the request is held back from whoever writes the patch; subsecond prove --reveal shows it to a person"


def is_held_back(one: Variation) -> bool:
    """Whether this request is told to nobody who writes patches."""
    changes = "&".join(f"{name}={value}" for name, value in one.changes)
    digest = hashlib.sha256(f"{one.spec.method} {one.spec.url} {changes}".encode("utf-8", "surrogatepass")).digest()
    return int.from_bytes(digest[:8], "big") % ONE_IN == 0


def open_first(variations: Iterable[Variation]) -> list[Variation]:
    """The same requests, those that are held back last."""
    return sorted(variations, key=is_held_back)


def told_apart(variations: Iterable[Variation], secret: bool) -> Iterator[tuple[Variation, bool]]:
    """Those of them that are held back, or those that are not, each with `secret`."""
    return ((one, secret) for one in variations if is_held_back(one) == secret)


def told(request: str, kind: str) -> str:
    """A failure of a held-back request: near which request, and what sort of difference, no value and no input."""
    return f"a request near {request} that is held back: {kind}"
