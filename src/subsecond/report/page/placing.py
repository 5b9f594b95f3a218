"""Numbers in order: isotonic regression, and inversions as crossings."""

from __future__ import annotations

from bisect import bisect_right, insort
from collections.abc import Sequence


def isotonic(wanted: Sequence[float], weights: Sequence[float]) -> list[float]:
    """The never falling numbers that are nearest to those wanted (weighted squares): pool adjacent violators."""
    pools: list[tuple[float, float, int]] = []
    for value, weight in zip(wanted, weights, strict=True):
        pools.append((value, weight, 1))
        while len(pools) > 1 and pools[-2][0] > pools[-1][0]:
            (one, left, many), (other, right, more) = pools[-2:]
            pools[-2:] = [((one * left + other * right) / (left + right), left + right, many + more)]
    return [value for value, _, many in pools for _ in range(many)]


def within(wanted: Sequence[float], low: float, high: float, step: float) -> list[float]:
    """Numbers near those wanted, each at least `step` above the one before, all from `low` to `high`."""
    limit = high - step * (len(wanted) - 1)
    found = isotonic([value - step * number for number, value in enumerate(wanted)], [1.0] * len(wanted))
    return [min(max(value, low), limit) + step * number for number, value in enumerate(found)]


def crossings(segments: Sequence[tuple[float, float]]) -> int:
    """Pairs of straight segments between two lines that cross each other."""
    seen: list[float] = []
    count = 0
    for _, after in sorted(segments):
        count += len(seen) - bisect_right(seen, after)
        insort(seen, after)
    return count
