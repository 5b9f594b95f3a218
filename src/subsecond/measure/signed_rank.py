"""Wilcoxon's signed ranks on paired differences, exactly: estimate, interval and probability without a table.

Assumes only that each difference is symmetric about the true value, which interleaved pairs in random order are when
nothing differs. Source: Hollander, Wolfe, Chicken, Nonparametric Statistical Methods, 3.1 to 3.3 (Hodges-Lehmann
estimate, interval from Walsh averages).
"""

from __future__ import annotations

import bisect
import math
import statistics
from collections.abc import Sequence
from functools import lru_cache

MOST = 200
"""Pairs up to which the exact distribution is used; more are never taken."""


@lru_cache(maxsize=64)
def _cumulative(n: int) -> tuple[float, ...]:
    """P(T <= t) for t = 0 … n(n+1)/2, T the sum of the ranks of n positive differences where none is real."""
    ways = [1]
    for rank in range(1, n + 1):
        ways += [0] * rank
        for total in range(len(ways) - 1, rank - 1, -1):
            ways[total] += ways[total - rank]
    sums, seen = [], 0
    for number in ways:
        seen += number
        sums.append(seen / 2**n)
    return tuple(sums)


def walsh(differences: Sequence[float]) -> list[float]:
    """Means of all pairs of differences, each with itself too, in order."""
    return sorted((one + other) / 2 for number, one in enumerate(differences) for other in differences[number:])


def estimate(differences: Sequence[float]) -> float:
    """The Hodges-Lehmann estimate of what the differences (at least one) are about."""
    return statistics.median(walsh(differences))


def interval(differences: Sequence[float], alpha: float) -> tuple[float, float]:
    """Both ends of the interval of level 1 - `alpha`; infinite where so few pairs reach no such level."""
    averages = walsh(differences)
    rank = _rank(len(differences), alpha / 2)
    if rank is None:
        return -math.inf, math.inf
    return averages[rank], averages[-1 - rank]


def _rank(n: int, tail: float) -> int | None:
    """The largest k with P(T <= k) <= `tail`, which is an index from either end; None where even 0 exceeds it."""
    return bisect.bisect_right(_cumulative(min(n, MOST)), tail) - 1 if 0.5**n <= tail else None


def probability(differences: Sequence[float], above: float) -> float:
    """One-sided: how probable are differences so large where the true one is `above` at most?

    Ties with `above` count against the claim.
    """
    if math.isinf(above):
        return 1.0
    averages = walsh(differences)
    larger = sum(value > above for value in averages)
    # P(T >= t) = P(T <= all - t): the distribution is symmetric
    return _cumulative(min(len(differences), MOST))[len(averages) - larger]
