"""The sealed patches, their seal, and the order in which they are judged."""

from __future__ import annotations

import hashlib
import json
import random
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

T = TypeVar("T")
SETS = tuple(
    Path(__file__).resolve().parent / name for name in ("sealed", "sealed_second", "sealed_third", "sealed_fourth")
)
"""Folders of the same form; each was written and sealed when the gates had met (all or most of) the one before."""
SEED = "gates, first contact"
"""Of the order; fixed before the first run."""
NEW_FILE = "/dev/null"
"""What a patch calls the base of a file that it adds."""
SPEED_CLASS = "slower route"
"""What only the speed gate can stop."""
SPEED_EVERY = 12
"""One right patch in so many is asked by the speed gate too: a minute each."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Patch:
    """One line of `patches.jsonl`, as far as judging and telling need it, and the text of the patch."""

    id: str
    app: str
    kind: str
    """Its class."""
    wrong: bool
    expected: str | None
    """The gate that should stop it at the latest, `refused`, or None for a right one."""
    requests: tuple[str, ...]
    why: str
    text: str
    speed: bool
    """Whether the speed gate is asked."""

    def changed(self) -> list[tuple[str, int]]:
        """(file, line) of the base: lines taken out, and the two around a place where lines are only put in."""
        found, file = list[tuple[str, int]](), ""
        for line in self.text.splitlines():
            if line.startswith("--- "):
                file = line.removeprefix("--- ").removeprefix("a/")
            elif line.startswith("@@"):
                number = int(line.split()[1].lstrip("-").partition(",")[0])
                last = " "
            elif line.startswith("-"):
                found.append((file, number))
                number, last = number + 1, "-"
            elif line.startswith("+") and not line.startswith("+++ "):
                if last == " ":
                    found += [(file, number - 1), (file, number)]
                last = "+"
            elif line.startswith(" ") or not line:
                number, last = number + 1, " "
        return [place for place in found if place[0] != NEW_FILE]


def seals() -> dict[str, str]:
    """By set the sha256 over it, after it was held against its `SEAL`; SystemExit where something was changed."""
    return {folder.name: _seal(folder) for folder in SETS}


def _seal(folder: Path) -> str:
    files = (path for path in folder.rglob("*") if path.is_file())
    names = sorted(f"./{path.relative_to(folder)}" for path in files if _counts(path))
    lines = [f"{hashlib.sha256((folder / name).read_bytes()).hexdigest()}  {name}\n" for name in names]
    found = hashlib.sha256("".join(lines).encode()).hexdigest()
    if found != (folder / "SEAL").read_text().strip():
        raise SystemExit(
            f"seal-broken: a file of benchmarks/gates/{folder.name} is not as it was sealed: git checkout it"
        )
    return found


def _counts(path: Path) -> bool:
    return path.name != "SEAL" and "__pycache__" not in path.parts


def patches() -> list[Patch]:
    """All patches, set by set, in the order in which they are judged: any first part of a set samples every class."""
    return [one for folder in SETS for one in _patches(folder)]


def _patches(folder: Path) -> list[Patch]:
    lines = [json.loads(line) for line in (folder / "patches.jsonl").read_text().splitlines()]
    right = [
        line["id"] for line in ordered([(line["app"], line["class"], line) for line in lines if not line["wrong"]])
    ]
    timed = set(right[::SPEED_EVERY])
    return [_patch(folder, line, timed) for line in ordered([(line["app"], line["class"], line) for line in lines])]


def ordered(lines: Iterable[tuple[str, str, T]]) -> list[T]:
    """Stratified over application and class: each stratum shuffled, then dealt out evenly over the whole."""
    strata: dict[tuple[str, str], list[T]] = defaultdict(list)
    for app, kind, line in lines:
        strata[app, kind].append(line)
    source = random.Random(SEED)
    placed: list[tuple[float, T]] = []
    for _, each in sorted(strata.items()):
        source.shuffle(each)
        first = source.random()
        placed += [((number + first) / len(each), line) for number, line in enumerate(each)]
    return [line for _, line in sorted(placed, key=lambda pair: pair[0])]


def _patch(folder: Path, line: dict[str, object], timed: Sequence[str]) -> Patch:
    name, app, kind = str(line["id"]), str(line["app"]), str(line["class"])
    wanted = line["requests"]
    assert isinstance(wanted, list)
    expected = line["expected_gate"]
    return Patch(
        id=name, app=app, kind=kind, wrong=bool(line["wrong"]), expected=None if expected is None else str(expected),
        requests=tuple(wanted), why=str(line["why"]), text=(folder / "patches" / app / f"{name}.patch").read_text(),
        speed=name in timed if not line["wrong"] else kind == SPEED_CLASS,
    )  # fmt: skip


def homes() -> dict[str, Path]:
    """The folders of the applications, by name."""
    return {path.name: path for folder in SETS for path in sorted((folder / "apps").iterdir()) if path.is_dir()}
