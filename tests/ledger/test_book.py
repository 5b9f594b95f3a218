"""The ledger keeps what happened, also when the tool is killed in between."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from subsecond.errors import SubsecondError
from subsecond.ledger.book import FILE, opened
from subsecond.ledger.export import read, text_of
from subsecond.ledger.stated import EXAMPLES, stated
from subsecond.model.attempt import Attempt
from subsecond.model.proof import GateVerdict

NEW = Attempt(number=0, step="S1", finding="F1", kind="lazy-load", proposer="person", base="a" * 40, patch="diff")


def test_attempts_come_back_in_order_with_their_verdicts(tmp_path: Path) -> None:
    with opened(tmp_path) as ledger:
        first = ledger.begin(NEW)
        gate = GateVerdict(gate="boot", verdict="failed", why="BlockingIOError", evidence=("shop.py, line 2",))
        ledger.end(replace(first, outcome="reverted", why="boot failed", gates=(gate,)))
        ledger.end(replace(ledger.begin(NEW), outcome="kept"))
    with opened(tmp_path) as ledger:
        found = ledger.attempts()
    assert [(one.number, one.outcome) for one in found] == [(1, "reverted"), (2, "kept")]
    assert found[0].gates == (gate,)
    assert found[0].seconds is not None
    assert (tmp_path / ".subsecond" / FILE).stat().st_mode & 0o777 == 0o600


def test_a_tool_killed_in_an_attempt_loses_that_attempt_alone(tmp_path: Path) -> None:
    script = (
        "import os, signal, sys; from pathlib import Path; from dataclasses import replace\n"
        "from subsecond.ledger.book import opened; from tests.ledger.test_book import NEW\n"
        "with opened(Path(sys.argv[1])) as ledger:\n"
        "    ledger.end(replace(ledger.begin(NEW), outcome='kept')); ledger.begin(NEW)\n"
        "    os.kill(os.getpid(), signal.SIGKILL)\n"
    )
    done = subprocess.run([sys.executable, "-c", script, str(tmp_path)], check=False, cwd=os.getcwd())
    assert done.returncode == -signal.SIGKILL
    with opened(tmp_path) as ledger:
        assert [one.number for one in ledger.settle()] == [2]
        assert [one.outcome for one in ledger.attempts()] == ["kept", "lost"]


def test_constraints_are_remembered_once_and_survive_their_file(tmp_path: Path) -> None:
    with opened(tmp_path) as ledger:
        for words in EXAMPLES:
            assert ledger.constrain(stated(words))
        assert not ledger.constrain(replace(stated(EXAMPLES[0]), because="said again"))
        kept = ledger.constraints()
    path = tmp_path / "subsecond-constraints.toml"
    path.write_text(text_of(kept))
    assert read(path) == kept
    assert read(tmp_path / "none.toml") == []


def test_a_file_that_is_no_ledger_is_told_in_one_line(tmp_path: Path) -> None:
    with opened(tmp_path):
        pass
    (tmp_path / ".subsecond" / FILE).write_text("no database at all, but long enough to be looked at as one" * 20)
    with pytest.raises(SubsecondError) as caught, opened(tmp_path):
        pass
    assert caught.value.slug == "store-unreadable"


def test_a_constraint_of_unknown_form_is_told_with_its_place(tmp_path: Path) -> None:
    path = tmp_path / "subsecond-constraints.toml"
    path.write_text('[[constraint]]\nrule = "untouched"\n')
    with pytest.raises(SubsecondError) as caught:
        read(path)
    assert "constraint 1" in caught.value.message


def test_a_person_takes_back_what_was_kept_and_keeps_what_passed(tmp_path: Path) -> None:
    passed = (GateVerdict(gate="boot", verdict="passed", why="40 answers"),)
    with opened(tmp_path) as ledger:
        for base, commit in (("a", "b"), ("b", "c"), ("c", "d")):
            one = replace(NEW, base=base * 40, commit=commit * 40, gates=passed)
            ledger.end(replace(ledger.begin(one), outcome="kept"))
        gone = ledger.reject(2, "photos come from elsewhere soon")
        assert [(one.number, one.why) for one in gone] == [
            (2, "rejected by a person: photos come from elsewhere soon"), (3, "it was kept on top of 2"),
        ]  # fmt: skip
        with pytest.raises(SubsecondError, match="builds on one that is reverted"):
            ledger.accept(3)
        assert (ledger.accept(2).outcome, ledger.accept(3).outcome) == ("kept", "kept")
        with pytest.raises(SubsecondError, match="is kept already"):
            ledger.accept(3)
        with pytest.raises(SubsecondError, match=r"there is no attempt 9 \(the ledger has 1 to 3\)"):
            ledger.reject(9, "why")
        failed = replace(NEW, gates=(replace(passed[0], verdict="failed"),), commit="e" * 40)
        ledger.end(replace(ledger.begin(failed), outcome="reverted", why="boot failed"))
        with pytest.raises(SubsecondError, match="did not pass all gates: boot failed"):
            ledger.accept(4)
        with pytest.raises(SubsecondError, match="is not kept, it was reverted"):
            ledger.reject(4, "why")
