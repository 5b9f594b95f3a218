"""A screening design: many fixes estimated at once, each switched on in half of the runs.

For slow requests: 32 runs estimate 20 fixes with a standard error of 0.10 s at 5 % noise where one pair for each, in
40 runs, has 0.71 s (measured: reference, measuring, 3.6). Plackett and Burman 1946 (Hadamard matrices).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

from subsecond.measure import student
from subsecond.measure.error_budget import ALPHA

SIZES = (8, 12, 16, 20, 24, 32)
SPARE = 3
"""Degrees of freedom that must be left for the noise: with fewer an interval is several effects wide."""
_PALEY = {12: 11, 20: 19, 24: 23}


@dataclass(frozen=True, slots=True)
class Effect:
    """Seconds that a fix saves, averaged over the others on and off, its 95 % interval and its own standard error."""

    seconds: float
    low: float
    high: float
    error: float
    degrees: int

    def probability(self, above: float) -> float:
        """One-sided: how probable is such an effect where the true one is `above` seconds at most?"""
        return student.above((self.seconds - above) / self.error, self.degrees) if self.error > 0 else 0.0


@dataclass(frozen=True, slots=True)
class Fitted:
    """All effects of a design; `noise` is the standard deviation of what they leave unexplained, in seconds."""

    base: float
    effects: tuple[Effect, ...]
    noise: float


def size_for(fixes: int, most: float) -> int | None:
    """Runs of the smallest design for so many fixes within `most` runs, doubled (fold-over) where that still fits.

    None where not even the smallest fits.
    """
    return next((size for size in SIZES if size >= fixes + 1 + SPARE and size <= most), None)


def design(fixes: int, size: int, folded: bool = False) -> list[tuple[bool, ...]]:
    """Rows of a design: for each run which fixes are on. With `folded` each row's opposite follows at the end.

    Any two fixes are on together in a quarter of the runs, and a fold-over keeps each effect clear of any pair's
    interaction.
    """
    columns = _columns(size)[:fixes]
    if len(columns) < fixes:
        raise ValueError(f"{size} runs tell {len(_columns(size))} fixes apart, not {fixes}")
    rows = [tuple(column[row] > 0 for column in columns) for row in range(size)]
    return rows + [tuple(not on for on in row) for row in rows] if folded else rows


@lru_cache(maxsize=8)
def _columns(size: int) -> list[tuple[int, ...]]:
    """Balanced columns, orthogonal to each other; those first whose products fall on none of them."""
    if size in _PALEY:
        prime = _PALEY[size]
        squares = {number * number % prime for number in range(prime)}
        rows = [[1 if (row - column) % prime in squares else -1 for column in range(prime)] for row in range(prime)]
        return [(*(rows[row][column] for row in range(prime)), -1) for column in range(prime)]
    masks = sorted(range(1, size), key=lambda mask: (mask.bit_count() % 2 == 0, mask))
    return [tuple(-1 if (row & mask).bit_count() % 2 else 1 for row in range(size)) for mask in masks]


def fit(rows: Sequence[tuple[bool, ...]], seconds: Sequence[float]) -> Fitted:
    """Effects from the runs of a whole design, `seconds` in the order of its rows."""
    runs, fixes = len(rows), len(rows[0])
    mean = math.fsum(seconds) / runs
    halves = [
        math.fsum(-value if row[number] else value for row, value in zip(rows, seconds, strict=True)) / runs
        for number in range(fixes)
    ]
    unexplained = [
        value - mean + math.fsum(half if on else -half for half, on in zip(halves, row, strict=True))
        for row, value in zip(rows, seconds, strict=True)
    ]
    degrees = runs - 1 - fixes
    noise = math.sqrt(math.fsum(rest * rest for rest in unexplained) / degrees)
    error = 2 * noise / math.sqrt(runs)
    reach = student.quantile(ALPHA / 2, degrees) * error
    effects = tuple(Effect(2 * half, 2 * half - reach, 2 * half + reach, error, degrees) for half in halves)
    return Fitted(base=mean + math.fsum(halves), effects=effects, noise=noise)
