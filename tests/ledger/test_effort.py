"""What each request took, in one ledger and beside another one's."""

from __future__ import annotations

import json
import time
from dataclasses import replace
from pathlib import Path

import pytest
from click.testing import CliRunner

from subsecond.cli.ledger import command
from subsecond.ledger.book import opened
from subsecond.ledger.effort import efforts
from subsecond.ledger.stated import EXAMPLES, stated
from subsecond.model.attempt import Attempt, Outcome
from subsecond.model.promise import Promise


def about(request: str, outcome: Outcome, key: str = "") -> Attempt:
    promised = Promise(counts={request: {"queries": 3}} if request else {})
    return Attempt(
        number=0, step="S1", finding="F1", kind="lazy-load", proposer="person", base="a" * 40, key=key, outcome=outcome,
        promised=promised,
    )  # fmt: skip


def tried(folder: Path, *attempts: Attempt) -> None:
    """Write attempts down, and a constraint after each that failed."""
    with opened(folder) as ledger:
        for number, one in enumerate(attempts):
            ledger.end(replace(ledger.begin(one), outcome=one.outcome))
            if one.outcome == "reverted":
                time.sleep(0.002)
                ledger.constrain(stated(EXAMPLES[number]))


def test_a_second_request_begins_with_what_the_first_one_taught(tmp_path: Path) -> None:
    tried(
        tmp_path, about("list", "reverted"), about("list", "kept"), about("detail", "kept"), about("detail", "refused"),
        about("", "lost"), about("", "kept", key="known"),
    )  # fmt: skip
    with opened(tmp_path) as ledger:
        found = efforts(ledger.attempts(), ledger.learnt(), {"known": "detail"})
    told = [(one.request, one.attempts, one.kept, one.reverted, one.refused, one.lost, one.known) for one in found]
    assert told == [("list", 2, 1, 1, 0, 0, 0), ("detail", 3, 2, 0, 1, 0, 1), ("", 1, 0, 0, 0, 1, 1)]


def test_two_ledgers_stand_beside_each_other(tmp_path: Path) -> None:
    taught, empty = tmp_path / "taught", tmp_path / "empty"
    for folder in (taught, empty):
        folder.mkdir()
    tried(taught, about("list", "reverted"), about("detail", "kept"))
    tried(empty, about("detail", "reverted"), about("detail", "kept"))
    words = ["--cwd", str(taught), "--compare", str(empty)]
    shown = CliRunner().invoke(command, words).output
    firsts = [line.partition(" ")[0] for line in shown.splitlines()]
    assert [one for one in firsts if one in {"list", "detail"}] == ["list", "detail", "detail"], shown
    both = json.loads(CliRunner().invoke(command, [*words, "--json"]).output)["efforts"]
    told = {
        name: [(one["request"], one["kept"] + one["reverted"], one["known"]) for one in efforts]
        for name, efforts in both.items()
    }
    assert told == {"here": [("list", 1, 0), ("detail", 1, 1)], str(empty): [("detail", 2, 0)]}


def test_a_folder_without_a_ledger_is_told_and_left_alone(tmp_path: Path) -> None:
    tried(tmp_path, about("list", "kept"))
    other = tmp_path / "other"
    other.mkdir()
    with pytest.raises(Exception, match="no ledger") as told:
        CliRunner().invoke(command, ["--cwd", str(tmp_path), "--compare", str(other)], catch_exceptions=False)
    assert getattr(told.value, "slug", "") == "no-ledger"
    assert not list(other.iterdir())
