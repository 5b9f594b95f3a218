"""The optimize benchmark: an export that tells nothing, hand-overs that are answered, a record that reads back."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from benchmarks.optimize import export, hand_over, measured, result, section, transcript
from benchmarks.optimize.platform import PYTHON, Platform
from benchmarks.optimize.without import LEFT_OUT, TOLD
from subsecond.assistant.external import Outcome, ask
from subsecond.harness.checkout import Checkout
from subsecond.model.attempt import Attempt
from subsecond.model.proof import GateVerdict
from subsecond.target import load
from tests.prove.conftest import git

ROOT = Path(__file__).parents[1]
CONDITIONS = {"scale": "full", "rtt_ms": 2.0, "load_average": 0.5, "load_average_after": 2.0}
needs_example = pytest.mark.skipif(not PYTHON.exists(), reason="the example has no environment yet")


def platform(var: Path) -> Platform:
    """A platform that is not asked for anything."""
    return Platform(
        var=var, scale="small", auth_url="http://127.0.0.1:1803", database_url="", environment=dict(os.environ),
        read=(var,), connect=("127.0.0.1:1805",),
    )  # fmt: skip


@needs_example
def test_the_export_runs_and_tells_nothing(tmp_path: Path) -> None:
    folder = tmp_path / "app"
    commit = export.export(folder, platform(tmp_path))

    assert git(folder, "rev-parse", "HEAD").strip() == commit and git(folder, "status", "--porcelain") == ""
    for name in LEFT_OUT:
        assert name in ("README.md", "subsecond.toml", ".gitignore") or not (folder / name).exists(), name
    files = git(folder, "ls-files").splitlines()
    assert len(files) > 60
    assert [name for name in files if TOLD.search((folder / name).read_text(errors="replace"))] == []
    assert "@auth = http://127.0.0.1:1803" in (folder / "requests.http").read_text()
    target = load(folder, {})
    assert target.goal_seconds == 0.5 and target.migrate == "alembic upgrade head"

    env = {
        "PATH": os.environ["PATH"],
        "DISCOVERY_VAR": str(tmp_path),
        "DISCOVERY_DATABASE_URL": "postgresql+psycopg:///x",
    }
    modules = "import discovery.legacy.views.detail, discovery.legacy.controllers.discovery, discovery.parts, sys; "
    python = [str(folder / ".venv/bin/python"), "-c", f"{modules}print(sys.prefix)"]
    done = subprocess.run(python, cwd=folder, env=env, capture_output=True, text=True, check=False)
    assert done.stdout.strip() == str(folder / ".venv"), done.stderr
    heads = subprocess.run(
        [str(folder / ".venv/bin/alembic"), "heads"], cwd=folder, env=env, capture_output=True, text=True, check=False
    )
    assert heads.stdout.split() == ["0002", "(head)"], heads.stderr
    with pytest.raises(SystemExit, match="is not empty"):
        export.export(folder, platform(tmp_path))


def handed_over(tmp_path: Path, answer: Callable[[Path, Path], None], minutes: str = "1") -> Outcome:
    """What the tool gets of one hand-over; `answer` is told the hand-over's folder and the folder to be edited."""
    tree, into = tmp_path / "tree", tmp_path / "into"
    tree.mkdir()
    (tree / "shop.py").write_text("SLOW = True\n")

    def play() -> None:
        deadline = time.monotonic() + 30
        while (folder := hand_over.waiting(into)) is None and time.monotonic() < deadline:
            time.sleep(0.05)
        if folder is not None:
            answer(folder, Path((folder / "where").read_text().strip()))

    copy = Checkout(name="HEAD", tree=tree, target=load(tree, {"app": "shop:app"}))
    command = [sys.executable, "-m", "benchmarks.optimize", "hand-over", "--into", str(into), "--minutes", minutes]
    player = threading.Thread(target=play)
    player.start()
    outcome = ask([*command, "{prompt_file}"], "make it quick", copy, 60, {"PYTHONPATH": str(ROOT)})
    player.join()
    return outcome


def test_edits_are_taken_and_kept(tmp_path: Path) -> None:
    def answer(folder: Path, tree: Path) -> None:
        assert (folder / "prompt.md").read_text() == "make it quick"
        (tree / "shop.py").write_text("SLOW = False\n")
        (tree / "new.py").write_text("NEW = 1\n")
        (folder / hand_over.DONE).write_text("wired what was there\n")

    outcome = handed_over(tmp_path, answer)
    folder = tmp_path / "into" / "001"
    assert outcome.failure == "" and "+SLOW = False" in outcome.patch and "new.py" in outcome.patch
    assert (folder / "patch").read_text() == outcome.patch
    assert (folder / "note.md").read_text() == "wired what was there\n"
    assert outcome.transcript == "hand-over 001\n" and hand_over.waiting(tmp_path / "into") is None
    assert 0 <= hand_over.minutes_spent(tmp_path / "into") < 1


def test_who_gives_up_says_why(tmp_path: Path) -> None:
    outcome = handed_over(tmp_path, lambda folder, tree: (folder / hand_over.GIVE_UP).write_text("not\nworth it"))  # type: ignore[arg-type,return-value]
    assert outcome.failure == "the assistant gave up: not worth it" and not outcome.patch


def test_an_answer_that_never_comes(tmp_path: Path) -> None:
    outcome = handed_over(tmp_path, lambda folder, tree: None, minutes="0.02")
    assert "exit code 4: nobody put done or give-up into" in outcome.failure
    assert (tmp_path / "into" / "001" / hand_over.CLOSED).read_text().startswith("timed out")


def test_a_record_reads_back(tmp_path: Path) -> None:
    project, into = tmp_path / "app", tmp_path / "into"
    for number, said in ((1, "hand-over 001\n"), (2, "")):
        own = project / ".subsecond" / "attempts" / f"{number:03}"
        own.mkdir(parents=True)
        (own / "prompt.md").write_text(f"prompt {number}")
        (own / "transcript.txt").write_text(said)
    (project / export.NOTES).parent.mkdir()
    (project / export.NOTES).write_text('{"city": "porto", "candidates": 40, "who": "assistant", "minutes": 3}')
    (into / "001").mkdir(parents=True)
    (into / "001" / "note.md").write_text("batched\n")
    kept = Attempt(
        number=1, step="S1", finding="F1", kind="lazy-load", proposer="assistant (continue)", base="b", commit="c",
        patch="diff\n", outcome="kept", why="equal", seconds=61.04,
        gates=(GateVerdict(gate="boot", verdict="passed", why="it starts"),),
    )  # fmt: skip
    refused = Attempt(
        number=2, step="S2", finding="F2", kind="hot-loop", proposer="assistant (continue)", base="c",
        outcome="refused", why="given up",
    )  # fmt: skip
    assert transcript.write(project, [kept, refused], into, tmp_path / "record") == 2
    assert transcript.exported(tmp_path / "record") == {"city": "porto", "candidates": 40}
    first, second = transcript.read(tmp_path / "record")
    assert first.patch == "diff\n" and first.verdict["outcome"] == "kept" and first.verdict["seconds"] == 61.0
    assert second.patch == "" and second.verdict["why"] == "given up"
    assert (tmp_path / "record" / "001" / "note.md").read_text() == "batched\n"
    assert not (tmp_path / "record" / "002" / "note.md").exists()
    assert transcript.read(tmp_path / "nothing") == []

    side = {"seconds_median": 1.5, "queries": 9, "session_sites": 5, "sessions": 9, "rows": 40, "errors_20_clients": 2,
            "requests_20_clients": 40}  # fmt: skip
    bench = {"endpoints": {"detail": {"legacy": side, "optimized": side, "beside": {**side, "queries": 5}}}}
    figures = result.run_figures([kept, refused], measured.endpoints(bench), 12.34, {"scale": "small"})
    assert figures["kept"] == 1 and figures["reverted"] == 0 and figures["minutes"] == 12.3
    assert figures["refused"] == [{"kind": "hot-loop", "why": "given up"}]
    assert [figures["endpoints"]["detail"][side]["queries"] for side in ("before", "after", "hand_optimized")] == [
        9,
        5,
        9,
    ]

    text = section.section({"date": "2026-01-01", "runs": {"fixers": {**figures, "conditions": CONDITIONS}}})
    assert "| statements a request | 9 | 5 | 9 | 30-40 | about 5 |" in text
    assert "- hot-loop: given up" in text and "2 of 40" in text
