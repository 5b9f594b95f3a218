"""What is made of a run of `benchmarks/prediction`: which finding a case means, shares with intervals, the score."""

from __future__ import annotations

import subprocess
from pathlib import Path
from typing import Any

import pytest

from benchmarks.prediction import predicted
from benchmarks.prediction.applications import only
from benchmarks.prediction.cases import Case, catalogue
from benchmarks.prediction.real import patched
from benchmarks.prediction.score import bounds_held, score

CASE = Case(app="shop", request="list", patch="owner", kind="lazy-load", mark="Room.owner")


def trial(seconds: float | None, *, verdict: str = "confirmed", points: Any = (), request: str = "list") -> Any:
    """A record as `trials.json` has it; of a base of 0.2 s, between half and one and a half times the gain."""
    gain = {"gain_seconds": seconds, "low": seconds and seconds / 2, "high": seconds and seconds * 1.5}
    said = {"request": request, "virtual_fix": "eager-load", "verdict": verdict, "fidelity": "measured", "why": "so"}
    return {
        "finding": "F1", "parameters": {"relation": "Room.owner"}, "method": "pairs", "points": points,
        "base_seconds": 0.2, "trial": {**said, **gain, "queries_saved": 9},
    }  # fmt: skip


def seen(*trials: Any, sets: Any = ()) -> dict[str, Any]:
    finding = {
        "id": "F1",
        "kind": "lazy-load",
        "title": "Owners one by one",
        "function": "listed",
        "file": "a.py",
        "line": 3,
    }
    return {"findings": [{**finding, "requests": ["list"]}], "trials": list(trials), "sets": list(sets)}


def test_a_case_is_found_by_its_kind_its_request_and_a_text() -> None:
    found = predicted.finding_of(CASE, seen(trial(0.1)))
    assert found is not None
    assert found["id"] == "F1"
    other = Case(app="shop", request="detail", patch="owner", kind="lazy-load", mark="Room.owner")
    assert predicted.finding_of(other, seen(trial(0.1))) is None
    assert "no lazy-load" in predicted.prediction(other, seen(trial(0.1)))["why"]


def test_the_way_that_confirmed_it_predicts() -> None:
    said = predicted.prediction(CASE, seen(trial(0.15, verdict="inconclusive"), trial(0.1), trial(0.05)))
    assert said["share"] == pytest.approx(0.5)
    assert (said["trial_low"], said["trial_high"]) == (pytest.approx(0.29, abs=0.01), pytest.approx(0.71, abs=0.01))
    assert said["low"] < said["trial_low"] and said["trial_high"] < said["high"]
    assert predicted.prediction(CASE, seen(trial(None)))["why"] == "eager-load: so"


def test_intervals_come_from_the_pairs_where_they_are_kept() -> None:
    points = [(0.4, 0.1), (0.4, 0.11), (0.42, 0.1), (0.4, 0.105), (0.39, 0.1), (0.4, 0.098)]
    said = predicted.prediction(CASE, seen(trial(0.15, points=points)))
    assert 0.72 < said["trial_low"] < said["share"] < said["trial_high"] < 0.77
    assert 0.62 < said["low"] < said["trial_low"] and said["trial_high"] < said["high"] < 0.85
    assert said["base_seconds"] == 0.4


def test_a_set_needs_a_patch_for_each_of_its_findings() -> None:
    saving = {"seconds": 0.1, "low": 0.09, "high": 0.11}
    whole = {"request": "list", "through_phase": None, "base_seconds": 0.2, "saving": saving, "estimate": False}
    said, cases = predicted.set_of("list", [CASE], seen(trial(0.1), sets=[{**whole, "findings": ["F1"]}]))
    assert said["share"] == pytest.approx(0.5)
    assert cases == [CASE]
    known = seen(trial(0.1), sets=[{**whole, "findings": ["F1"]}])
    said, cases = predicted.set_of("list", [], known)
    assert (said["why"], cases) == ("no patch for lazy-load: Owners one by one", [])


def pair(predicted: float, real: float, fidelity: str = "measured") -> dict[str, Any]:
    """A pair whose prediction is known to 10 ms, its real gain to 5 ms."""
    return {
        "case": f"{predicted} {real}", "app": "shop",
        "predicted": predicted, "low": predicted - 0.01, "high": predicted + 0.01,
        "trial_low": predicted - 0.006, "trial_high": predicted + 0.006,
        "real": real, "real_low": real - 0.005, "real_high": real + 0.005, "fidelity": fidelity, "open": False,
    }  # fmt: skip


def test_only_measured_gains_count_for_coverage() -> None:
    pairs = [pair(0.1, 0.105), pair(0.1, 0.114), pair(0.1, 0.2), pair(0.1, 0.9, "estimate")]
    found = score(pairs, [{"predicted": 0.11, "real": 0.1}, {"predicted": 0.1, "real": 0.1}])
    assert (found["coverage"], found["coverage_of_trials_own"]) == (0.333, 0.333)
    assert found["coverage_by_application"] == {"shop": 0.333}
    assert found["agree_within_both_intervals"] == 0.667
    assert found["misses"] == ["0.1 0.114", "0.1 0.2"]
    assert found["by_fidelity"] == {"measured": 3, "estimate": 1}
    assert (found["cumulative_error"], found["cumulative_worst"]) == (0.05, 0.1)


def test_an_interval_of_too_few_pairs_counts_for_nothing() -> None:
    said = predicted.prediction(CASE, seen(trial(0.15, points=[(0.4, 0.1), (0.4, 0.11)])))
    assert said["open"]
    assert (said["trial_low"], said["trial_high"]) == (pytest.approx(-1), pytest.approx(1))
    found = score([pair(0.1, 0.105), {**pair(0.1, 0.9), "open": True}], [])
    assert (found["coverage"], found["counted_for_coverage"], found["open_intervals"]) == (1.0, 1, 1)


def test_bounds_hold_on_their_own_side() -> None:
    pairs = [pair(0.1, 0.2, "lower bound"), pair(0.1, 0.05, "lower bound"), pair(0.1, 0.05, "upper bound")]
    assert bounds_held(pairs) == {"lower bound": [1, 2], "upper bound": [1, 1]}


def test_every_patch_is_one_that_applies(tmp_path: Path) -> None:
    """Of the applications that lie in this repository; two patches of one line's neighbours apply in turn."""
    folders = {
        "market": Path("benchmarks/prediction/market"),
        "library": Path("benchmarks/detection/sealed/library"),
        "clinic": Path("benchmarks/detection/sealed/clinic"),
        "desk": Path("benchmarks/detection/open"),
    }
    root = Path(__file__).resolve().parents[1]
    listed = catalogue()
    for app, folder in folders.items():
        base = tmp_path / app / "base"
        base.parent.mkdir()
        subprocess.run(["cp", "-r", str(root / folder), str(base)], check=True)
        cases = [case for case in listed.cases if case.app == app]
        assert cases
        for case in cases:
            if case.by == "hand":
                patched(base, "one", [case.file.read_text()])
        for request in [one.request for one in listed.sets if one.app == app]:
            patched(base, "all", [one.file.read_text() for one in cases if one.request == request and one.by == "hand"])


def test_a_request_file_keeps_what_is_wanted_and_the_login() -> None:
    text = "@host = h\n\n### in\n# @setup\nPOST /in\n\n### a\nGET /a\n\n### b\nGET /b\n"
    assert only(text, ["b"]) == "@host = h\n\n### in\n# @setup\nPOST /in\n\n### b\nGET /b\n"
    with pytest.raises(SystemExit, match="no request is called c; there are in, a, b"):
        only(text, ["c"])
