"""Fresh starts of two programs: the level of the interval, and what a bootstrap would have made of it."""

from __future__ import annotations

import math
import random
import statistics

from subsecond.measure.starts import LEAST_STARTS, Effect, effect, slower_margin

SERIES = 2000
BETWEEN, WITHIN, PAIRS = 0.05, 0.03, 6
"""Processes of the same code differ by about 5 % (0.5 to 14 % measured), their pairs by 3 %."""


def simulated(source: random.Random, truth: float, starts: int = LEAST_STARTS) -> list[list[float]]:
    births = [source.gauss(truth, BETWEEN) for _ in range(starts)]
    return [[source.gauss(birth, WITHIN) for _ in range(PAIRS)] for birth in births]


def found(source: random.Random, truth: float) -> Effect:
    result = effect(simulated(source, truth))
    assert result is not None
    return result


def test_the_same_code_seems_different_in_one_series_of_twenty() -> None:
    source = random.Random(6)
    outside = sum(not one.low <= 0 <= one.high for one in (found(source, 0.0) for _ in range(SERIES)))
    assert 0.035 <= outside / SERIES <= 0.065, outside


def test_a_percentile_bootstrap_over_five_starts_would_be_wrong_three_times_as_often() -> None:
    source, outside = random.Random(6), 0
    for _ in range(400):
        figures = [statistics.median(pairs) for pairs in simulated(source, 0.0)]
        means = sorted(statistics.mean(source.choices(figures, k=len(figures))) for _ in range(400))
        outside += not means[10] <= 0 <= means[-11]
    assert outside / 400 > 0.12


def test_a_route_that_is_a_fifth_slower_is_seen_and_an_equal_one_is_not_refused() -> None:
    source, margin = random.Random(6), slower_margin(0.01)
    slower = [found(source, -math.log(1.2)).below(-margin) <= 0.05 for _ in range(500)]
    equal = [found(source, 0.0).below(-margin) <= 0.05 for _ in range(500)]
    assert sum(slower) > 450
    assert sum(equal) < 5


def test_too_few_starts_are_no_figure_and_more_are_asked_for_where_they_would_help() -> None:
    assert effect(simulated(random.Random(6), 0.3, LEAST_STARTS - 1)) is None
    result = Effect(0.05, -0.05, 0.15, 0.036, 5)
    assert result.starts_for(0.05) is None
    assert result.starts_for(0.0) == 20
