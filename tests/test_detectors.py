"""The detectors on a real app: every planted defect at its place, silence at every near miss."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from benchmarks.detectors import audited, judge, seal

ROOT = Path(__file__).resolve().parent.parent


@pytest.mark.long
def test_all_that_is_planted_is_named_and_nothing_else() -> None:
    seal()
    score = judge(audited())
    assert score["not_hit"] == []
    assert score["hits"] == score["expected"] == 84


def test_the_judge_notices_a_miss_a_false_alarm_and_a_wrong_place() -> None:
    label = json.loads((ROOT / "tests/corpus/expected.json").read_text())["routes"]["authors-newest"]
    [wanted] = label["expected"]
    finding = {**wanted, "requests": ["authors-newest"], "title": ""}
    others = judge({"findings": []})["misses"] - 1
    moved = {**finding, "function": "elsewhere"}
    alarm = {**finding, "kind": "lazy-load"}
    for reported, expected in (
        ([finding], {"hits": 1, "misses": others, "places_missed": 0, "false_alarms": 0}),
        ([moved], {"hits": 0, "misses": others, "places_missed": 1, "false_alarms": 0}),
        ([alarm], {"hits": 0, "misses": others + 1, "places_missed": 0, "false_alarms": 1}),
    ):
        score = judge({"findings": reported})
        assert {key: score[key] for key in expected} == expected


def test_first_contact_was_published_for_this_very_corpus() -> None:
    first = json.loads((ROOT / "benchmarks/results/detectors_first_contact.json").read_text())
    assert first["corpus_sha256"] == seal()
    assert (first["hits"], first["false_alarms"], len(first["not_hit"])) == (82, 6, 8)


def test_benchmarks_are_listed_by_name() -> None:
    listed = subprocess.run(
        [sys.executable, "-m", "benchmarks"], cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout.split()
    assert "detectors" in listed
    assert not any(name.startswith("_") for name in listed)
