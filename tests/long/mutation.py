"""Hypothesis strategies that damage valid material: a few changes anywhere, or bytes of no meaning at all."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from tests.long.figures import scaled

EXAMPLES = 20_000
AGAIN = 400
"""Copies of a piece that is repeated: deep nesting, long lines."""

place = st.floats(0, 1, width=16)
control = "\x00\t\n\r\x0b\x1b\x85\u2028\ufeff\ud7ff🪑ä\"'{}[]()<>@#:;=?%$\\/ .,-"


def fuzz(**strategies: st.SearchStrategy[Any]) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """`given` for a long run: new examples each time, no data base of old ones, a failure is still made small."""

    def around(test: Callable[..., None]) -> Callable[..., None]:
        bounded = settings(
            max_examples=scaled(EXAMPLES), deadline=None, database=None, print_blob=True,
            phases=(Phase.explicit, Phase.generate, Phase.shrink), suppress_health_check=list(HealthCheck),
        )  # fmt: skip
        return bounded(given(**strategies)(test))

    return around


def damaged(seeds: Sequence[str], pieces: Sequence[str]) -> st.SearchStrategy[str]:
    """One of `seeds` after one to six changes; `pieces` are what is put in."""
    piece = st.one_of(st.sampled_from(pieces), st.text(st.sampled_from(control) | st.characters(), max_size=4))
    change = st.tuples(st.integers(0, 6), place, place, piece)
    return st.builds(_changed, st.sampled_from(seeds), st.lists(change, min_size=1, max_size=6))


def damaged_bytes(seeds: Sequence[bytes]) -> st.SearchStrategy[bytes]:
    """Bytes of no meaning, or one of `seeds` with bytes put in, changed or cut off."""
    change = st.tuples(place, st.binary(max_size=4), st.integers(0, 8))
    return st.one_of(
        st.binary(max_size=200),
        st.builds(_bytes_changed, st.sampled_from(seeds), st.lists(change, min_size=1, max_size=5)),
    )


def _bytes_changed(seed: bytes, changes: Sequence[tuple[float, bytes, int]]) -> bytes:
    for at, new, lost in changes:
        start = int(at * len(seed))
        seed = seed[:start] + new + seed[start + lost :]
    return seed


def _changed(seed: str, changes: Sequence[tuple[int, float, float, str]]) -> str:
    for kind, one, other, piece in changes:
        start, end = sorted((int(one * len(seed)), int(other * len(seed))))
        seed = _change(seed, kind, start, end, piece)[:30_000]
    return seed


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
