"""The committed record of a run: each attempt's prompt, patch, note and verdict, in order."""

from __future__ import annotations

import json
import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks.optimize.export import NOTES, git
from benchmarks.optimize.hand_over import SAID
from subsecond.model.attempt import Attempt

FOLDER = Path(__file__).parent / "transcript"
RECORDS = {"assistant": FOLDER, "fixers": FOLDER.with_name("fixers")}
"""The record of each kind of run."""
EXPORTED = "export.json"
"""How the application was exported for the run: the replay judges on the same requests and data."""
OUTCOMES = ("kept", "reverted", "refused")


@dataclass(frozen=True, slots=True, kw_only=True)
class Turn:
    """One attempt of the record. `verdict`: see `_verdict`."""

    number: int
    patch: str
    verdict: dict[str, Any]


def write(project: Path, attempts: Sequence[Attempt], handed_over: Path | None, folder: Path = FOLDER) -> int:
    """Write the record of a run of the exported `project` in place of the one that was there -> how many turns.

    `handed_over` is the folder of the hand-overs, None for a run of the fixers (without prompts and notes).
    """
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    notes = json.loads((project / NOTES).read_text())
    (folder / EXPORTED).write_text(json.dumps({name: notes[name] for name in ("city", "candidates")}) + "\n")
    told = [one for one in attempts if one.outcome in OUTCOMES]
    for one in told:
        turn = folder / f"{one.number:03}"
        turn.mkdir()
        (turn / "patch").write_text(one.patch, errors="surrogateescape")
        (turn / "verdict.json").write_text(json.dumps(_verdict(one), indent=2) + "\n")
        own = project / ".subsecond" / "attempts" / turn.name
        if (own / "prompt.md").exists():
            shutil.copy(own / "prompt.md", turn)
        note = _note(own / "transcript.txt", handed_over)
        if note:
            (turn / "note.md").write_text(note)
    return len(told)


def read(folder: Path = FOLDER) -> list[Turn]:
    """The record, empty where there is none yet."""
    return [
        Turn(
            number=int(turn.name),
            patch=(turn / "patch").read_text(errors="surrogateescape"),
            verdict=json.loads((turn / "verdict.json").read_text()),
        )
        for turn in sorted(folder.glob("[0-9]*"))
    ]


def exported(folder: Path = FOLDER) -> dict[str, Any]:
    """The options of `export` that the record was made with."""
    found: dict[str, Any] = json.loads((folder / EXPORTED).read_text())
    return found


def committed(project: Path, folder: Path = FOLDER) -> str:
    """Commit what a record kept in the exported `project`, patch by patch, judging nothing -> the last commit."""
    for turn in read(folder):
        if turn.verdict["outcome"] == "kept":
            git(project, "apply", "--index", str(folder / f"{turn.number:03}" / "patch"))
            git(project, "commit", "-q", "-m", f"turn {turn.number}")
    return git(project, "rev-parse", "HEAD").strip()


def _verdict(one: Attempt) -> dict[str, Any]:
    return {
        "step": one.step,
        "finding": one.finding,
        "key": one.key,
        "kind": one.kind,
        "proposer": one.proposer,
        "outcome": one.outcome,
        "why": one.why,
        "culprit": one.culprit,
        "promised": {
            "counts": {request: dict(of) for request, of in one.promised.counts.items()},
            "faster": list(one.promised.faster),
        },
        "gates": [
            {"gate": each.gate, "verdict": each.verdict, "why": each.why, "evidence": list(each.evidence)}
            for each in one.gates
        ],
        "seconds": None if one.seconds is None else round(one.seconds, 1),
    }


def _note(transcript: Path, handed_over: Path | None) -> str:
    """What whoever edited said of it: the transcript names the hand-over."""
    if handed_over is None or not transcript.exists():
        return ""
    first = transcript.read_text(errors="replace").partition("\n")[0]
    note = handed_over / first.removeprefix(SAID).strip() / "note.md"
    return note.read_text() if first.startswith(SAID) and note.exists() else ""
