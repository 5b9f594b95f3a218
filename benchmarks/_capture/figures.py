"""From the costs of single requests to figures with intervals.

A series is one number a round, by start: `series[start][round]`. A fresh process differs from another one with the
same code by several percent, so rounds of one start are no independent evidence: starts are resampled first, then the
rounds within each (hierarchical bootstrap).
"""

from __future__ import annotations

import random
import statistics
from collections.abc import Callable, Sequence
from dataclasses import dataclass

Series = list[list[float]]
Costs = dict[str, dict[str, list[list[list[float]]]]]
"""variant -> number of queries -> start -> round -> [CPU, clock, CPU after the response], seconds of a request."""
Draw = Sequence[tuple[int, Sequence[int]]]
"""Which rounds of which starts one resample looks at."""
RESAMPLES = 2000
LEVEL = 0.95
CPU, CLOCK, AFTER = 0, 1, 2
MANY = 500
"""Queries of the large request; the small one sends 1."""


@dataclass(frozen=True, slots=True)
class Estimate:
    """A figure and the interval that holds the true one in 95 of 100 runs."""

    value: float
    low: float
    high: float

    def rounded(self, digits: int) -> list[float]:
        """[value, low, high] for the result file."""
        return [round(number, digits) for number in (self.value, self.low, self.high)]


def location(series: Series, draw: Draw) -> float:
    """Mean over the starts of the median over their rounds: one odd request does not count, one odd process does."""
    return statistics.fmean(statistics.median([series[start][at] for at in rounds]) for start, rounds in draw)


def estimate(figure: Callable[[Draw], float], starts: int, rounds: int) -> Estimate:
    """`figure` of all rounds, and the percentiles of its resamples. The same seed each time: figures can be paired."""
    chance = random.Random(20)
    whole = [(start, range(rounds)) for start in range(starts)]
    found = []
    for _ in range(RESAMPLES):
        chosen = [chance.randrange(starts) for _ in range(starts)]
        found.append(figure([(start, [chance.randrange(rounds) for _ in range(rounds)]) for start in chosen]))
    found.sort()
    edge = int(RESAMPLES * (1 - LEVEL) / 2)
    return Estimate(figure(whole), found[edge], found[-1 - edge])


class Figures:
    """All figures of one run."""

    def __init__(self, costs: Costs, bases: dict[str, str]) -> None:
        """bases: variant -> the variant it is compared with, round by round."""
        self.costs = costs
        self.bases = bases
        first = next(iter(costs.values()))[str(MANY)]
        self.starts, self.rounds = len(first), len(first[0])

    def series(self, variant: str, number: Callable[[str, int, int], float]) -> Series:
        """`number(variant, start, round)` of each round."""
        return [[number(variant, start, at) for at in range(self.rounds)] for start in range(self.starts)]

    def added(self, variant: str, queries: int, clock: int = CPU) -> Series:
        """Seconds that a request of so many queries costs more than with the base, round by round."""
        own, base = self.costs[variant][str(queries)], self.costs[self.bases[variant]][str(queries)]
        return self.series(variant, lambda _, start, at: own[start][at][clock] - base[start][at][clock])

    def per_query(self, variant: str, clock: int = CPU) -> Series:
        """Microseconds a query: what 500 queries add, less what one adds, by 499."""
        many, one = self.added(variant, MANY, clock), self.added(variant, 1, clock)
        return self.series(variant, lambda _, start, at: (many[start][at] - one[start][at]) / (MANY - 1) * 1e6)

    def times(self, variant: str, queries: int, clock: int = CPU) -> Series:
        """Cost of the request by the base's cost."""
        own, base = self.costs[variant][str(queries)], self.costs[self.bases[variant]][str(queries)]
        return self.series(variant, lambda _, start, at: own[start][at][clock] / base[start][at][clock])

    def of(self, series: Series, factor: float = 1.0) -> Estimate:
        """Figure and interval of a series."""
        return estimate(lambda draw: location(series, draw) * factor, self.starts, self.rounds)

    def ratio(self, above: Series, below: Series) -> Estimate:
        """Figure and interval of a quotient of two figures."""
        return estimate(lambda draw: location(above, draw) / location(below, draw), self.starts, self.rounds)
