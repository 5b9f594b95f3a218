"""The assistant's command of `subsecond optimize`: puts the prompt where somebody can find it and waits for the edits.

A hand-over is a folder `NNN` with `prompt.md` and `where`, the path of the folder to be edited. Whoever edits puts a
file `done` beside them, with a note if they like, or `give-up` with a reason. What came of it stays: `patch`,
`note.md`, and `closed` with the word that ended it and the minutes it took.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

from subsecond.assistant.external import GAVE_UP

DONE, GIVE_UP, CLOSED = "done", "give-up", "closed"
POLL_SECONDS = 0.5
SETTLE_SECONDS = 0.2
"""A file appears before its text does."""
SAID = "hand-over "
"""Begins the line in the transcript that names the folder."""


def hand_over(into: Path, prompt: Path, minutes: float) -> int:
    """Hand the working folder over and wait for it -> the exit code: 0 edited, GAVE_UP, 4 nobody answered."""
    folder = _next_folder(into)
    shutil.copy(prompt, folder / "prompt.md")
    _write(folder / "where", f"{Path.cwd()}\n")  # last: whoever waits for it finds the prompt there
    print(f"{SAID}{folder.name}", flush=True)
    began, deadline = time.monotonic(), time.monotonic() + minutes * 60
    while time.monotonic() < deadline:
        for answer in (DONE, GIVE_UP):
            if (folder / answer).exists():
                time.sleep(SETTLE_SECONDS)
                return _ended(folder, answer, (time.monotonic() - began) / 60)
        time.sleep(POLL_SECONDS)
    _write(folder / CLOSED, f"timed out\n{minutes:.1f}\n")
    print(f"nobody put {DONE} or {GIVE_UP} into {folder} within {minutes:g} minutes")
    return 4


def _ended(folder: Path, answer: str, minutes: float) -> int:
    note = (folder / answer).read_text(errors="replace").strip()
    _write(folder / "note.md", f"{note}\n" if note else "")
    _write(folder / "patch", _patch(Path.cwd(), folder))
    _write(folder / CLOSED, f"{answer}\n{minutes:.1f}\n")
    if answer == DONE:
        return 0
    print(" ".join(note.split()) or "no reason was given")
    return GAVE_UP


def waiting(into: Path) -> Path | None:
    """The hand-over that waits for an answer, None where none does."""
    for folder in sorted(into.glob("[0-9]*")):
        where = folder / "where"
        answered = any((folder / name).exists() for name in (DONE, GIVE_UP, CLOSED))
        if not answered and where.exists() and Path(where.read_text().strip()).is_dir():
            return folder
    return None


def wait(into: Path, minutes: float) -> int:
    """Print where the next hand-over is as soon as there is one -> 0, or 1 where none came in time."""
    deadline = time.monotonic() + minutes * 60
    while True:
        folder = waiting(into)
        if folder is not None:
            print(f"prompt  {folder / 'prompt.md'}\nedit    {(folder / 'where').read_text().strip()}")
            print(f"then    a note of what was done into {folder / DONE}, or why not into {folder / GIVE_UP}")
            return 0
        if time.monotonic() >= deadline:
            print(f"no hand-over waits in {into}", file=sys.stderr)
            return 1
        time.sleep(POLL_SECONDS)


def minutes_spent(into: Path) -> float:
    """Minutes that all hand-overs together waited for an answer."""
    return sum(float(one.read_text().splitlines()[1]) for one in into.glob(f"[0-9]*/{CLOSED}"))


def _next_folder(into: Path) -> Path:
    into.mkdir(parents=True, exist_ok=True)
    number = max((int(one.name) for one in into.iterdir() if one.name.isdigit()), default=0) + 1
    folder = into / f"{number:03}"
    folder.mkdir()
    return folder


def _patch(tree: Path, folder: Path) -> str:
    """What was edited, against the index that the tool made of the folder; that index stays as it is."""
    top = subprocess.run(
        ["git", "-C", str(tree), "rev-parse", "--git-dir"], capture_output=True, text=True, check=True
    ).stdout.strip()
    index = folder / "index"
    shutil.copy(tree / top / "index", index)
    env = {**os.environ, "GIT_INDEX_FILE": str(index)}

    def git(*arguments: str) -> str:
        done = subprocess.run(["git", "-C", str(tree), *arguments], env=env, capture_output=True, check=True)
        return done.stdout.decode("utf-8", "surrogateescape")

    base = git("write-tree").strip()
    git("add", "-A")
    patch = git("diff", "--cached", "--no-color", "--no-ext-diff", "--no-renames", "--binary", base)
    index.unlink()
    return patch


def _write(path: Path, text: str) -> None:
    """Whole or not at all: others look at it at any moment."""
    part = path.with_suffix(".part")
    part.write_text(text, errors="surrogateescape")
    part.rename(path)
