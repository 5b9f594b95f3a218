"""The protocol of pairs: blocks, looks, margins, and how often it is wrong."""

from __future__ import annotations

import itertools
import math
import random
from collections.abc import Callable

import pytest

from subsecond.measure import pairs
from subsecond.measure.error_budget import ALPHA, LOOKS, holm, over_looks, spent_at
from subsecond.measure.pairs import Arm, Margin, Sample, chance, compare, margin, noise_floor


def runner(base: float, fix: float, noise: float, source: random.Random) -> Callable[[Arm], Sample]:
    def run(arm: Arm) -> Sample:
        seconds = (base if arm == "base" else fix) * source.lognormvariate(0, noise)
        return Sample(seconds, seconds * source.lognormvariate(0, noise))

    return run


def test_blocks_are_abba_and_begin_at_random() -> None:
    sent: list[Arm] = []

    noisy = runner(1.0, 0.97, 0.1, random.Random(1))

    def run(arm: Arm) -> Sample:
        sent.append(arm)
        return noisy(arm)

    compare(run, margin(1.0, 0.01), trials=1, integers=False, source=random.Random(1), goes_on=lambda: len(sent) < 40)
    blocks = {tuple(sent[number : number + 4]) for number in range(0, 40, 4)}
    assert blocks == {("base", "fix", "fix", "base"), ("fix", "base", "base", "fix")}


def test_the_margin_is_the_largest_of_three() -> None:
    assert margin(1.0, 0.0).seconds == 0.03
    assert margin(0.1, 0.0).seconds == 0.005
    assert margin(1.0, 0.05).seconds == pytest.approx(2 * (1 - math.exp(-0.05)))
    assert math.isinf(margin(0.004, 0.0).log)  # 5 ms of a request of 4 ms: no gain could exceed it


def test_a_clear_gain_ends_early_and_its_seconds_are_right() -> None:
    source = random.Random(2)
    least = margin(0.4, noise_floor([runner(0.4, 0.2, 0.03, source)("base") for _ in range(12)]))
    timed = compare(runner(0.4, 0.2, 0.03, source), least, trials=10, integers=False, source=source)
    assert timed.ended == "gain"
    assert len(timed.pairs) == 6  # by its size: the ranks of six pairs cannot reach the level that ten trials need
    found = timed.gain()
    assert found.low <= found.seconds <= found.high
    assert found.seconds == pytest.approx(0.2, abs=0.02)


def test_a_small_gain_is_shown_by_ranks_and_no_luck_by_size() -> None:
    source = random.Random(5)
    timed = compare(runner(0.4, 0.35, 0.03, source), margin(0.4, 0.005), trials=10, integers=False, source=source)
    assert timed.ended == "gain"
    assert len(timed.pairs) >= 12
    # six equal differences beyond the margin: no spread is believed that is below the noise floor
    assert chance([0.08] * 6, margin(0.4, 0.02)) > 0.01
    assert chance([0.8] * 6, margin(0.4, 0.02)) < 1e-6


def test_no_gain_is_told_and_integers_want_seconds_only() -> None:
    source = random.Random(3)
    timed = compare(runner(1, 1, 0.02, source), margin(1.0, 0.01), trials=5, integers=False, source=source)
    assert timed.ended == "no gain"
    timed = compare(runner(1, 0.5, 0.02, source), margin(1.0, 0.01), trials=5, integers=True, source=source)
    assert (timed.ended, len(timed.pairs)) == ("sharp", 6)


def test_time_that_is_over_ends_it() -> None:
    timed = compare(
        runner(1, 1, 0.2, random.Random(4)), Margin(0.03, 0.01, 0.03), trials=5, integers=False,
        source=random.Random(4), goes_on=itertools.chain([True] * 4, itertools.repeat(False)).__next__,
    )  # fmt: skip
    assert timed.ended == "time"
    assert timed.probability == 1.0 or timed.looks


def test_a_block_that_drifts_is_thrown_away_for_either_arm() -> None:
    for odd in ("base", "fix"):
        values = {"base": [1.0], "fix": [1.0]}
        values[odd] = [1.0, 3.0, *[1.0] * 200]
        rows = {arm: itertools.chain(row, itertools.repeat(1.0)) for arm, row in values.items()}
        timed = compare(
            lambda arm, rows=rows: Sample(value := next(rows[arm]), value), margin(1.0, 0.01), trials=1,  # type: ignore[misc]
            integers=False, source=random.Random(1),
        )  # fmt: skip
        assert timed.thrown == 1
        assert set(timed.differences()) == {0.0}


def test_the_error_of_all_looks_and_all_trials_is_shared_out() -> None:
    assert sum(map(spent_at, LOOKS)) == 1
    assert over_looks([(6, 0.01), (12, 0.001)]) == pytest.approx(0.008)
    assert over_looks([]) == 1
    assert holm([0.04, 0.001, 0.02, 0.9]) == [False, True, False, False]
    assert holm([0.012, 0.001, 0.02]) == [True, True, True]
    assert holm([]) == []


def test_an_audit_without_any_gain_confirms_nothing() -> None:
    """20 trials of nothing under 12 % noise and spikes of 5 %; `benchmarks/statistics.py` counts over many audits."""
    source = random.Random(5)
    probabilities = []
    for _ in range(20):
        run = runner(0.5, 0.5, 0.12, source)
        least = margin(0.5, noise_floor([run("base") for _ in range(2 * pairs.FLOOR_PAIRS)]))
        probabilities.append(compare(run, least, trials=20, integers=False, source=source).probability)
    assert not any(holm(probabilities, ALPHA))
