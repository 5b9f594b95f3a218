"""The median's interval holds what it says, against the binomial distribution and against simulated noise."""

from __future__ import annotations

import math
import random

from hypothesis import given
from hypothesis import strategies as st

from subsecond.measure.intervals import median_interval

seconds = st.lists(st.floats(0.0001, 100), min_size=1, max_size=60)


@given(seconds)
def test_interval_holds_the_median_and_only_measured_values(sample: list[float]) -> None:
    interval = median_interval(sample)
    assert interval.low <= interval.median <= interval.high
    assert {interval.low, interval.high} <= set(sample)


@given(seconds, st.randoms())
def test_order_does_not_matter(sample: list[float], source: random.Random) -> None:
    shuffled = sample[:]
    source.shuffle(shuffled)
    assert median_interval(shuffled) == median_interval(sample)


def test_ranks_are_those_of_the_table() -> None:
    # Conover's table for 95 %: n = 12 takes the 3rd and 10th value, n = 20 the 6th and 15th
    for n, low, high in ((3, 1, 3), (6, 1, 6), (12, 3, 10), (20, 6, 15)):
        interval = median_interval([float(value) for value in range(1, n + 1)])
        assert (interval.low, interval.high) == (low, high)


def test_covers_the_true_median_of_skewed_noise() -> None:
    source = random.Random(7)
    true = math.exp(0.0)
    covered = 0
    for _ in range(2000):
        interval = median_interval([source.lognormvariate(0.0, 0.5) for _ in range(12)])
        covered += interval.low <= true <= interval.high
    # exact level for n = 12 is 96.1 %; four standard errors below
    assert covered / 2000 > 0.961 - 4 * math.sqrt(0.961 * 0.039 / 2000)
