"""Hypothesis strategies that damage valid material: a few changes anywhere, or bytes of no meaning at all."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from typing import Any

from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from tests.long.figures import scaled

EXAMPLES = 20_000
"""Of each reader, at least: those of files get as many in three ways together."""
AGAIN = 400
"""Copies of a piece that is repeated: deep nesting, long lines."""
LONGEST = 12_000
KINDS = (0, 0, 0, 1, 1, 1, 2, 2, 2, 3, 4, 5, 6)
CONTROL = "\x00\t\n\r\x0b\x1b\x85\u2028\ufeff\ud7ff🪑ä\"'{}[]()<>@#:;=?%$\\/ .,-"


def fuzz(
    examples: int = EXAMPLES, **strategies: st.SearchStrategy[Any]
) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """`given` for a long run: new examples each time, no data base of old ones, a failure is still made small."""

    def around(test: Callable[..., None]) -> Callable[..., None]:
        bounded = settings(
            max_examples=scaled(examples), deadline=None, database=None, print_blob=True,
            phases=(Phase.explicit, Phase.generate, Phase.shrink), suppress_health_check=list(HealthCheck),
        )  # fmt: skip
        return bounded(given(**strategies)(test))

    return around


def chances() -> st.SearchStrategy[random.Random]:
    """One draw, from which everything else of an example follows: many draws each would cost more than the test."""
    return st.integers(0, 2**63).map(random.Random)


def words(pieces: Sequence[str], longest: int) -> st.SearchStrategy[str]:
    """`pieces` in any order, as many as may be, some with odd text between them."""
    return chances().map(
        lambda chance: "".join(
            chance.choice(pieces) + (_odd(chance) if chance.random() < 0.15 else "")
            for _ in range(chance.randint(0, longest))
        )
    )


def damaged(seeds: Sequence[str], pieces: Sequence[str]) -> st.SearchStrategy[str]:
    """One of `seeds` after one to six changes; `pieces` are what is put in."""
    return chances().map(lambda chance: changed(chance, chance.choice(seeds), pieces))


def damaged_bytes(seeds: Sequence[bytes]) -> st.SearchStrategy[bytes]:
    """Bytes of no meaning, or one of `seeds` with bytes put in, changed or cut off."""
    return chances().map(lambda chance: bytes_changed(chance, chance.choice(seeds)))


def bytes_changed(chance: random.Random, seed: bytes) -> bytes:
    """Bytes of no meaning, or the seed after one to five changes."""
    if chance.random() < 0.3:
        return chance.randbytes(chance.randrange(200))
    for _ in range(chance.randint(1, 5)):
        start = chance.randint(0, len(seed))
        seed = seed[:start] + chance.randbytes(chance.randrange(4)) + seed[start + chance.randrange(9) :]
    return seed


def changed(chance: random.Random, seed: str, pieces: Sequence[str]) -> str:
    """The seed after one to six changes."""
    for _ in range(chance.randint(1, 6)):
        start, end = sorted((chance.randint(0, len(seed)), chance.randint(0, len(seed))))
        piece = chance.choice(pieces) if chance.random() < 0.7 else _odd(chance)
        seed = _change(seed, chance.choice(KINDS), start, end, piece)[:LONGEST]
    return seed


def _odd(chance: random.Random) -> str:
    return "".join(
        chance.choice(CONTROL) if chance.random() < 0.7 else chr(chance.randrange(0x3000))
        for _ in range(chance.randint(1, 4))
    )


def _change(seed: str, kind: int, start: int, end: int, piece: str) -> str:
    near = min(end, start + 12)
    if kind == 0:  # put in
        return seed[:start] + piece + seed[start:]
    if kind == 1:  # put in the place of something
        return seed[:start] + piece + seed[near:]
    if kind == 2:  # leave out
        return seed[:start] + seed[near:]
    if kind == 3:  # say twice
        return seed[:end] + seed[start:end] + seed[end:]
    if kind == 4:  # say very often
        return seed[:start] + (piece or seed[start:near]) * AGAIN + seed[start:]
    if kind == 5:  # exchange two lines
        lines = seed.split("\n")
        first, second = seed.count("\n", 0, start), seed.count("\n", 0, end)
        lines[first], lines[second] = lines[second], lines[first]
        return "\n".join(lines)
    return seed[:end]  # cut off
