"""What a gain that was measured in one process foretells of a patch, which runs in others.

A trial compares runs of one process, and its interval holds what differs between those. The same code in another
process, with another hash seed and another layout of its memory, is slower or faster by some percent (reference:
measuring, section 3, rule 5: 0.5 to 14 %), and so is the patched one.
"""

from __future__ import annotations

import math

from subsecond.measure.pairs import Gain

SPREAD = 0.09
"""Standard deviation of what a trial says of base / fix, as a logarithm, about what five fresh starts a side show of
the patch: the root mean square of 16 pairs on one application (benchmarks, prediction, `market`, 2026-11-26); on the
others of that benchmark it is put to the test."""
NORMAL_95 = 1.960


def foreseen(seconds: float, low: float, high: float, base: float, normal: float = NORMAL_95) -> Gain:
    """A gain of a process and its interval, of runs of `base` seconds -> what the speed gate's fresh starts will show.

    `normal`: the quantile of the normal distribution that belongs to the interval's level (95 %: 1.960). What differs
    between processes is independent of the trial's own noise, so both are added as squares. It is a factor, so where a
    large gain leaves little, little differs.
    """
    between = normal * SPREAD * max(0.0, base - seconds)
    return Gain(seconds, seconds - math.hypot(seconds - low, between), seconds + math.hypot(high - seconds, between))
