"""Parts of a diff, and the smallest set of them that still fails."""

from __future__ import annotations

import subprocess
from collections.abc import Sequence
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from subsecond.attempts import fails_alike
from subsecond.ledger.hunks import Hunk, join, smallest, split
from subsecond.model.proof import GateVerdict
from tests.prove.conftest import git


def part(number: int) -> Hunk:
    return Hunk(f"f{number}", f"head {number}\n", f"body {number}\n")


@given(st.integers(1, 24), st.sets(st.integers(0, 23), min_size=1, max_size=4))
def test_the_smallest_set_is_found_whatever_its_size(count: int, culprits: set[int]) -> None:
    parts = [part(number) for number in range(count)]
    wanted = [parts[number % count] for number in culprits]
    asked: list[int] = []

    def fails(some: Sequence[Hunk]) -> bool:
        asked.append(len(some))
        return all(one in some for one in wanted)

    assert set(smallest(parts, fails)) == set(wanted)
    assert len(asked) <= count * count + 4 * count


def test_what_cannot_be_told_counts_as_no() -> None:
    parts = [part(number) for number in range(6)]
    assert smallest(parts, lambda some: True if parts[2] in some else None) == [parts[2]]
    assert smallest(parts, lambda some: None) == parts


def test_any_subset_of_a_real_diff_applies_and_all_of_it_gives_the_change_back(tmp_path: Path) -> None:
    git(tmp_path, "init", "-q", "-b", "main")
    (tmp_path / "a b.py").write_text("".join(f"line {number}\n" for number in range(40)))
    (tmp_path / "old.py").write_text("x = 1\n")
    git(tmp_path, "add", "-A")
    git(tmp_path, "commit", "-q", "-m", "base")
    lines = [f"line {number}\n" for number in range(40)]
    lines[3] = "changed\n"
    lines[20:22] = ["one\n", "two\n", "three\n"]
    del lines[35]
    changed = "".join(lines)
    (tmp_path / "a b.py").write_text(changed)
    (tmp_path / "new.py").write_text("y = 2\n")
    (tmp_path / "old.py").unlink()
    git(tmp_path, "add", "-A")
    hunks = split(git(tmp_path, "diff", "--cached", "-U0", "--no-renames"))
    assert [one.path for one in hunks] == ["a b.py"] * 3 + ["new.py", "old.py"]
    assert hunks[1].added == ["one", "two", "three"]
    assert str(hunks[0]) == "a b.py:4"
    for chosen in (hunks, hunks[1:2], hunks[::2], hunks[3:]):
        git(tmp_path, "reset", "-q", "--hard")
        git(tmp_path, "clean", "-fdq")
        done = subprocess.run(
            ["git", "-C", str(tmp_path), "apply", "--unidiff-zero", "--recount", "-"],
            input=join(chosen), text=True, capture_output=True, check=False,
        )  # fmt: skip
        assert done.returncode == 0, done.stderr
    git(tmp_path, "reset", "-q", "--hard")
    git(tmp_path, "clean", "-fdq")
    subprocess.run(
        ["git", "-C", str(tmp_path), "apply", "--unidiff-zero", "-"], input=join(hunks), text=True, check=True
    )
    assert (tmp_path / "a b.py").read_text() == changed
    assert (tmp_path / "new.py").exists() and not (tmp_path / "old.py").exists()


def test_a_part_that_saves_nothing_has_not_failed_as_the_whole_that_read_more() -> None:
    rows = GateVerdict(gate="budget", verdict="failed", why="list: 2958 rows instead of 2946 (warm)")
    unmet = GateVerdict(gate="budget", verdict="failed", why="list: 0 queries saved where 9 were promised", unmet=True)
    assert fails_alike(rows, rows) is True
    assert fails_alike(unmet, rows) is None
    assert fails_alike(GateVerdict(gate="budget", verdict="passed", why=""), rows) is False
    crash = GateVerdict(gate="boot", verdict="failed", why="NameError: no selectinload")
    assert fails_alike(crash, GateVerdict(gate="boot", verdict="failed", why="BrokenPipeError: …")) is None
