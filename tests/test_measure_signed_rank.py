"""Signed ranks: against counting by hand, and by simulation against what the interval claims."""

from __future__ import annotations

import itertools
import math
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from subsecond.measure import signed_rank

differences = st.lists(st.floats(-5, 5), min_size=1, max_size=20)


@pytest.mark.parametrize("n", [1, 2, 5, 8])
def test_the_probability_is_that_of_all_sign_patterns(n: int) -> None:
    sums = [sum(rank for rank, up in enumerate(signs, 1) if up) for signs in itertools.product((0, 1), repeat=n)]
    for signs in itertools.product((-1, 1), repeat=n):
        seen = [sign * rank for rank, sign in enumerate(signs, 1)]
        total = sum(value for value in seen if value > 0)
        assert signed_rank.probability(seen, 0.0) == pytest.approx(sum(one >= total for one in sums) / 2**n)


@given(differences, st.floats(-3, 3))
def test_all_moves_with_the_differences(sample: list[float], by: float) -> None:
    moved = [value + by for value in sample]
    assert signed_rank.estimate(moved) == pytest.approx(signed_rank.estimate(sample) + by, abs=1e-9)
    low, high = signed_rank.interval(sample, 0.05)
    assert low <= signed_rank.estimate(sample) <= high
    assert math.isinf(low) == (len(sample) < 6)  # 2 / 2**6 is the first below 5 %


def test_six_pairs_give_the_whole_range() -> None:
    assert signed_rank.interval([1, 2, 3, 4, 5, 6], 0.05) == (1, 6)
    assert signed_rank.probability([1, 2, 3, 4, 5, 6], 0) == 1 / 64
    assert signed_rank.probability([1, 2, 3], math.inf) == 1


@pytest.mark.parametrize("n", [6, 12, 48])
def test_the_interval_covers_what_it_says(n: int) -> None:
    source = random.Random(n)
    covered = 0
    for _ in range(1500):
        low, high = signed_rank.interval([0.3 + source.gauss(0, 0.2) for _ in range(n)], 0.05)
        covered += low <= 0.3 <= high
    assert covered / 1500 > 0.95 - 4 * math.sqrt(0.95 * 0.05 / 1500)
