"""What the rounds come to: caught, missed, refused, without a verdict."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from statistics import median
from typing import Any

from benchmarks.gates.corpus import Patch

CONTACTS = (
    "first_contact", "second_contact", "third_contact", "fourth_contact", "fifth_contact", "sixth_contact",
    "seventh_contact", "eighth_contact", "ninth_contact", "tenth_contact", "eleventh_contact",
)  # fmt: skip
"""Rounds of patches that the gates had not met; each is of gates mended after the one before. The fifth: those asked
by the speed gate too; the sixth to eighth: the second set, the ninth what was left of it; the tenth: the third set,
the eleventh: the fourth."""
LATER = "after_mending"
ROUNDS = (*CONTACTS, LATER)
CAUGHT = ("failed", "refused")
REASONS: Mapping[str, str] = json.loads(Path(__file__).with_name("reasons.json").read_text())
"""Written by hand after the first contact: why one was missed, refused, or caught for another fault than its own."""
Outcomes = Mapping[str, Mapping[str, Any]]


def read(path: Path) -> dict[str, dict[str, Any]]:
    """The outcomes of a round by ID, the last of each patch; empty where there was no round."""
    lines = path.read_text().splitlines() if path.exists() else []
    return {found["id"]: found for found in map(json.loads, lines)}


def figures(every: Sequence[Patch], rounds: Mapping[str, Outcomes]) -> dict[str, Any]:
    """The score of what was judged unmet, of these rounds together and each alone (`contacts`); `caught` and the lists
    without `first_contact` in their name are those after the later round."""
    first = {known: found for name in CONTACTS for known, found in rounds[name].items()}
    now = {**first, **{name: found for name, found in rounds[LATER].items() if name in first}}
    tried = [one for one in every if one.id in first]
    wrong, right = [one for one in tried if one.wrong], [one for one in tried if not one.wrong]
    return {
        "wrong": {
            "tried": len(wrong),
            "caught_first_contact": _count(wrong, first, CAUGHT),
            "caught": _count(wrong, now, CAUGHT),
            "no_verdict_first_contact": _count(wrong, first, ("no verdict",)),
            "missed_first_contact": _those(wrong, first, ("passed",)),
            "caught_by_chance": {one.id: REASONS[one.id] for one in _by_chance(wrong, first)},
            "missed": _those(wrong, now, ("passed",)),
            "no_verdict": _those(wrong, now, ("no verdict",)),
            "by_class": _by_class(wrong, first, now),
            "by_gate_first_contact": _by_gate(wrong, first),
            "by_gate": _by_gate(wrong, now),
        },
        "right": {
            "tried": len(right),
            "refused_first_contact": _those(right, first, CAUGHT),
            "refused": _those(right, now, CAUGHT),
            "no_verdict_first_contact": _those(right, first, ("no verdict",)),
            "no_verdict": _those(right, now, ("no verdict",)),
        },
        "contacts": {name: _contact(every, rounds[name]) for name in CONTACTS},
        "asked_for_speed": [one.id for one in tried if one.speed],
        "seconds_a_patch": {
            "wrong": _middle([first[one.id]["seconds"] for one in wrong]),
            "right": _middle([first[one.id]["seconds"] for one in right]),
        },
        "gates_at": {name: sorted({one["gates_at"] for one in found.values()}) for name, found in rounds.items()},
    }  # fmt: skip


def _contact(every: Sequence[Patch], met: Outcomes) -> dict[str, int]:
    """What one round of unmet patches came to."""
    wrong = [one for one in every if one.id in met and one.wrong]
    right = [one for one in every if one.id in met and not one.wrong]
    return {
        "wrong": len(wrong), "caught": _count(wrong, met, CAUGHT),
        "wrong_no_verdict": _count(wrong, met, ("no verdict",)),
        "right": len(right), "refused": _count(right, met, CAUGHT),
        "right_no_verdict": _count(right, met, ("no verdict",)),
    }  # fmt: skip


def _count(some: Sequence[Patch], outcomes: Outcomes, verdicts: Sequence[str]) -> int:
    return sum(outcomes[one.id]["verdict"] in verdicts for one in some)


def _those(some: Sequence[Patch], outcomes: Outcomes, verdicts: Sequence[str]) -> list[dict[str, Any]]:
    return [_told(one, outcomes[one.id]) for one in some if outcomes[one.id]["verdict"] in verdicts]


def _by_chance(wrong: Sequence[Patch], first: Outcomes) -> list[Patch]:
    return [one for one in wrong if one.id in REASONS and first[one.id]["verdict"] in CAUGHT]


def _told(one: Patch, said: Mapping[str, Any]) -> dict[str, Any]:
    fault = {"fault": one.why, "expected_gate": one.expected} if one.wrong else {}
    reason = {"reason": REASONS[one.id]} if one.id in REASONS else {}
    return {"id": one.id, "class": one.kind, **fault, "gate": said["gate"], "why": said["why"], **reason}


def _by_class(wrong: Sequence[Patch], first: Outcomes, now: Outcomes) -> dict[str, dict[str, int]]:
    kinds = sorted({one.kind for one in wrong})
    of = {kind: [one for one in wrong if one.kind == kind] for kind in kinds}
    return {
        kind: {
            "tried": len(some), "caught_first_contact": _count(some, first, CAUGHT), "caught": _count(some, now, CAUGHT)
        }
        for kind, some in of.items()
    }  # fmt: skip


def _by_gate(wrong: Sequence[Patch], outcomes: Outcomes) -> dict[str, int]:
    """Which gate stopped how many."""
    found = Counter(outcomes[one.id]["gate"] for one in wrong if outcomes[one.id]["verdict"] in CAUGHT)
    return dict(found.most_common())


def _middle(seconds: Sequence[float]) -> float | None:
    return round(median(seconds), 1) if seconds else None


def show(found: Mapping[str, Any]) -> None:
    """The score in two lines, then what was missed and refused."""
    wrong, right = found["wrong"], found["right"]
    for name, one in found["contacts"].items():
        print(
            f"{name}: {one['caught']} of {one['wrong']} wrong caught, {one['refused']} of {one['right']} right refused"
        )
    print(
        f"wrong: {wrong['tried']} tried, {wrong['caught_first_contact']} caught at first, {wrong['caught']} now, "
        f"{len(wrong['missed'])} missed, {len(wrong['no_verdict'])} without a verdict"
    )
    print(
        f"right: {right['tried']} tried, {len(right['refused_first_contact'])} refused at first contact, "
        f"{len(right['refused'])} now, {len(right['no_verdict'])} without a verdict"
    )
    for what, some in (("missed", wrong["missed"]), ("refused", right["refused"])):
        for one in some:
            print(f"  {what}: {one['id']} {one['class']}: {one.get('fault', one['why'])}")
