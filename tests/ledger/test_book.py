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
