"""A child that is asked many times: one process for all questions, and none of its own troubles left to the next."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import textwrap
from pathlib import Path

import psutil
import pytest

from subsecond.harness import kept_child

MARK = "answer:"
ECHO = """
import os, sys, time
for line in sys.stdin:
    word = line.strip()
    if word == "die":
        print("something is wrong", flush=True)
        os._exit(3)
    if word == "sleep":
        time.sleep(60)
    print(f"answer:{word} {os.getpid()}", flush=True)
"""


@pytest.fixture
def command(tmp_path: Path) -> list[str]:
    path = tmp_path / "child.py"
    path.write_text(ECHO)
    return [sys.executable, str(path)]


def asked(command: list[str], word: str, seconds: float = 30.0) -> tuple[str, int]:
    found = kept_child.ask(command, word, MARK, seconds)
    assert found.text is not None
    said, pid = found.text.split()
    return said, int(pid)


def test_one_process_answers_all(command: list[str]) -> None:
    first, second = asked(command, "one"), asked(command, "two")
    assert (first[0], second[0]) == ("one", "two")
    assert first[1] == second[1]


def test_one_that_ended_says_why_and_the_next_question_has_a_new_one(command: list[str]) -> None:
    _, pid = asked(command, "one")
    assert kept_child.ask(command, "die", MARK, 30.0) == kept_child.Answer(None, "something is wrong")
    said, other = asked(command, "two")
    assert said == "two"
    assert other != pid
    os.kill(other, signal.SIGKILL)
    psutil.wait_procs([psutil.Process(other)] if psutil.pid_exists(other) else [], timeout=1)
    assert asked(command, "three")[0] == "three"


def test_one_that_does_not_answer_is_killed(command: list[str]) -> None:
    _, pid = asked(command, "one")
    with pytest.raises(TimeoutError):
        kept_child.ask(command, "sleep", MARK, 0.3)
    assert not psutil.pid_exists(pid)
    assert asked(command, "two")[0] == "two"


def test_no_child_outlives_the_tool(command: list[str]) -> None:
    code = f"""
        from subsecond.harness import kept_child
        print(kept_child.ask({command!r}, "one", {MARK!r}, 30.0).text, flush=True)
    """
    done = subprocess.run([sys.executable, "-c", textwrap.dedent(code)], capture_output=True, text=True, check=True)
    assert not psutil.pid_exists(int(done.stdout.split()[1]))
    assert done.stderr == ""


def test_a_program_that_is_not_there_is_an_error_of_the_system(tmp_path: Path) -> None:
    with pytest.raises(OSError, match="No such file"):
        kept_child.ask([str(tmp_path / "none")], "one", MARK, 1.0)
