"""What a gain that was measured in one process foretells of a patch, which runs in others.

A trial compares runs of one process, and its interval holds what differs between those. The same code in another
process, with another hash seed and another layout of its memory, is slower or faster by some percent (reference:
measuring, section 3, rule 5: 0.5 to 14 %), and so is the patched one.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

SPREAD = 0.05
"""Standard deviation of the logarithm of a request's seconds between processes with equal code."""
STARTS = 5
"""Of the speed gate, a side: what is foreseen is what it will show."""
NORMAL_95 = 1.960


@dataclass(frozen=True, slots=True)
class Foreseen:
    """Seconds that a patch will be seen to save, with the ends of an interval."""

    seconds: float
    low: float
    high: float


def foreseen(seconds: float, low: float, high: float, base: float, normal: float = NORMAL_95) -> Foreseen:
    """A gain of a process and its interval, of runs of `base` seconds -> what fresh starts of both sides will show.

    `normal`: the quantile of the normal distribution that belongs to the interval's level (95 %: 1.960). What differs
    between processes is independent of the trial's own noise, so both are added as squares.
    """
    between = normal * SPREAD * math.hypot(base, base - seconds) / math.sqrt(STARTS)
    return Foreseen(
        seconds, seconds - math.hypot(seconds - low, between), seconds + math.hypot(high - seconds, between)
    )
