"""Medians with honest intervals: no assumption on the shape of the noise."""

from __future__ import annotations

import math
import statistics
from collections.abc import Sequence

from subsecond.model.audit import Interval

CONFIDENCE = 0.95
"""Usual level; the interval's real level is at least this where the sample allows it at all."""


def median_interval(seconds: Sequence[float], confidence: float = CONFIDENCE) -> Interval:
    """Median of `seconds` (at least one) with the distribution-free interval from order statistics.

    Ranks from the binomial distribution (Conover, Practical Nonparametric Statistics, 3.2). Below six values
    no such interval reaches 95 %: then it is the smallest and the largest value, whose level is 1 - 2^(1-n).
    """
    ordered = sorted(seconds)
    n = len(ordered)
    rank, tail = 0, 0.0
    for candidate in range(n // 2):
        tail += math.comb(n, candidate) * 0.5**n
        if 1 - 2 * tail < confidence:
            break
        rank = candidate
    return Interval(median=statistics.median(ordered), low=ordered[rank], high=ordered[n - 1 - rank])
