"""The screening design: balanced, orthogonal, and its effects are the true ones within what they claim."""

from __future__ import annotations

import math
import random

import pytest

from subsecond.measure import screening


@pytest.mark.parametrize("size", screening.SIZES)
@pytest.mark.parametrize("folded", [False, True])
def test_every_fix_is_on_in_half_of_the_runs_and_any_two_in_a_quarter(size: int, folded: bool) -> None:
    fixes = size - 1 - screening.SPARE
    rows = screening.design(fixes, size, folded)
    assert len(rows) == size * (2 if folded else 1)
    for one in range(fixes):
        assert sum(row[one] for row in rows) == len(rows) / 2
        for other in range(one):
            assert sum(row[one] and row[other] for row in rows) == len(rows) / 4


def test_a_pair_that_overlaps_leaves_the_effects_of_a_folded_design_alone() -> None:
    rows = screening.design(6, 12, folded=True)
    seconds = [10 - row[0] - 2 * row[1] + 0.8 * (row[0] and row[1]) for row in rows]
    found = screening.fit(rows, seconds)
    assert [round(effect.seconds, 6) for effect in found.effects] == [0.6, 1.6, 0, 0, 0, 0]  # half of it is each one's
    assert found.noise > 0.1  # and the overlap shows


def test_the_smallest_design_that_fits_the_time() -> None:
    assert screening.size_for(4, 100) == 8
    assert screening.size_for(20, 100) == 24
    assert screening.size_for(20, 23) is None
    with pytest.raises(ValueError, match="8 runs tell 7 fixes apart, not 9"):
        screening.design(9, 8)


def test_intervals_cover_and_the_error_is_the_published_one() -> None:
    """20 fixes at 5 % noise of a request of 6 s in 32 runs: standard error 0.10 s."""
    source = random.Random(3)
    true = [0.25 * number for number in range(20)]
    rows = screening.design(20, 32)
    covered, errors = 0, []
    for _ in range(200):
        seconds = [6 - sum(gain for gain, on in zip(true, row, strict=True) if on) for row in rows]
        found = screening.fit(rows, [value + source.gauss(0, 0.3) for value in seconds])
        covered += sum(effect.low <= gain <= effect.high for effect, gain in zip(found.effects, true, strict=True))
        errors.append(found.effects[0].error)
    assert sum(errors) / len(errors) == pytest.approx(0.106, rel=0.05)
    assert covered / 4000 > 0.95 - 4 * math.sqrt(0.95 * 0.05 / 4000) * 2  # effects of one run share their noise
