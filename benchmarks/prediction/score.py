"""Pairs of prediction and real gain -> coverage of the intervals, errors of the sets. Pure functions."""

from __future__ import annotations

import statistics
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

MEASURED = "measured"
AIM_COVERAGE = 0.85
AIM_CUMULATIVE = 0.15
"""The aims that were set before the first run: coverage at least, error of each set at most."""


def coverage(pairs: Sequence[Mapping[str, Any]]) -> float | None:
    """Share of the measured gains whose interval holds the real one; None where none was measured.

    An open interval holds everything and says nothing, so it does not count.
    """
    measured = _closed(pairs)
    return statistics.mean(map(covered, measured)) if measured else None


def _closed(pairs: Sequence[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    return [pair for pair in pairs if pair["fidelity"] == MEASURED and not pair["open"]]


def covered(pair: Mapping[str, Any]) -> bool:
    """Whether the interval of the prediction holds the real gain."""
    return bool(pair["low"] <= pair["real"] <= pair["high"])


def covered_by_trial(pair: Mapping[str, Any]) -> bool:
    """Whether the trial's own interval does, which holds the noise of its one process alone."""
    return bool(pair["trial_low"] <= pair["real"] <= pair["trial_high"])


def overlaps(pair: Mapping[str, Any]) -> bool:
    """Whether prediction and reality agree within what both are known to: their intervals of 90 % have a common part.

    The real gain is measured too; where its own interval is wide, it may lie outside another one by chance.
    """
    return bool(pair["low"] <= pair["real_high"] and pair["real_low"] <= pair["high"])


def ratio(pair: Mapping[str, Any]) -> float:
    """Predicted gain by real gain."""
    return float(pair["predicted"] / pair["real"]) if pair["real"] else float("inf")


def error(one: Mapping[str, Any]) -> float:
    """By how much of the real gain a set's prediction is off."""
    return abs(one["predicted"] - one["real"]) / abs(one["real"]) if one["real"] else float("inf")


def score(pairs: Sequence[Mapping[str, Any]], sets: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """All figures of a run. `cumulative_error` is the median of the sets' errors, `cumulative_worst` the largest."""
    measured = _closed(pairs)
    errors = [error(one) for one in sets]
    return {
        "coverage": _rounded(coverage(pairs)),
        "coverage_aim": AIM_COVERAGE,
        "coverage_by_application": {
            app: _rounded(statistics.mean(covered(one) for one in measured if one["app"] == app))
            for app in dict.fromkeys(one["app"] for one in measured)
        },
        "coverage_of_trials_own": _rounded(statistics.mean(map(covered_by_trial, measured)) if measured else None),
        "agree_within_both_intervals": _rounded(statistics.mean(map(overlaps, measured)) if measured else None),
        "median_ratio": _rounded(statistics.median(map(ratio, measured)) if measured else None),
        "within_15_percent": _rounded(statistics.mean(abs(ratio(one) - 1) <= 0.15 for one in measured))
        if measured
        else None,
        "counted_for_coverage": len(measured),
        "open_intervals": sum(pair["open"] for pair in pairs if pair["fidelity"] == MEASURED),
        "by_fidelity": dict(Counter(pair["fidelity"] for pair in pairs)),
        "bounds_held": bounds_held(pairs),
        "cumulative_error": _rounded(statistics.median(errors) if errors else None),
        "cumulative_worst": _rounded(max(errors, default=None)),
        "cumulative_aim": AIM_CUMULATIVE,
        "misses": [pair["case"] for pair in measured if not covered(pair)],
    }


def bounds_held(pairs: Sequence[Mapping[str, Any]]) -> dict[str, list[int]]:
    """Of lower and upper bounds: how many held, of how many. A bound holds where the interval reaches that far."""
    lower = [pair for pair in pairs if pair["fidelity"] == "lower bound"]
    upper = [pair for pair in pairs if pair["fidelity"] == "upper bound"]
    return {
        "lower bound": [sum(pair["low"] <= pair["real"] for pair in lower), len(lower)],
        "upper bound": [sum(pair["high"] >= pair["real"] for pair in upper), len(upper)],
    }


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 3)
