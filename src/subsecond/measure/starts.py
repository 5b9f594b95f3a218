"""Two programs compared over fresh starts of both: what a process was born with is no property of its code.

Identical code in a second process differed by 0.5 to 14 %, and five of twelve intervals from the pairs of one start
excluded zero (reference: measuring, 3.5). So a start is the unit: the pairs of one start give one figure, and the
interval is over the figures of all starts. Student's t and not a bootstrap: resampling five figures gives intervals
that are too short (tests/test_measure_starts.py simulates both levels).
"""

from __future__ import annotations

import math
import statistics
from collections.abc import Sequence
from dataclasses import dataclass

from subsecond.measure import signed_rank, student
from subsecond.measure.error_budget import ALPHA

LEAST_STARTS = 5
"""Fewer give no verdict (reference: measuring, 3.5)."""
LEAST_SLOWER = 0.05
FLOORS = 2.0
"""Margin of non-inferiority: max(5 %, 2 x floor) (reference: measuring, 3.5). Asking that nothing be significantly
slower would refuse 28 % of right patches over ten routes."""
_LEAST_ERROR = 1e-6
"""Standard error, as a logarithm, where all starts gave the very same figure."""


@dataclass(frozen=True, slots=True)
class Effect:
    """Logarithm of base / candidate (positive: the candidate is faster), its interval of 95 %, and the starts."""

    log: float
    low: float
    high: float
    error: float
    starts: int

    def above(self, margin: float) -> float:
        """How probable is such a figure where the true one is `margin` at most?"""
        return student.above((self.log - margin) / self.error, self.starts - 1)

    def below(self, margin: float) -> float:
        """How probable is such a figure where the true one is `margin` at least?"""
        return student.above((margin - self.log) / self.error, self.starts - 1)

    def starts_for(self, margin: float) -> int | None:
        """Starts after which the interval would exclude `margin` if the figure stayed; None where it never would."""
        distance = abs(self.log - margin)
        if distance < _LEAST_ERROR:
            return None
        half = (self.high - self.low) / 2
        return max(self.starts + 1, math.ceil(self.starts * (half / distance) ** 2))


def effect(by_start: Sequence[Sequence[float]]) -> Effect | None:
    """The effect from the log ratios of each start's pairs; None where there are too few starts."""
    figures = [signed_rank.estimate(pairs) for pairs in by_start if pairs]
    if len(figures) < LEAST_STARTS:
        return None
    log = statistics.mean(figures)
    error = max(statistics.stdev(figures) / math.sqrt(len(figures)), _LEAST_ERROR)
    half = student.quantile(ALPHA / 2, len(figures) - 1) * error
    return Effect(log, log - half, log + half, error, len(figures))


def slower_margin(floor: float) -> float:
    """The difference of logarithms by which a request may be slower; `floor`: what is seen where nothing differs."""
    return max(-math.log1p(-LEAST_SLOWER), FLOORS * floor)
