"""The stage: base + candidate -> verdicts. Asks the gates in order and stops at the first that does not pass."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import replace

from subsecond.errors import SubsecondError, did_you_mean
from subsecond.model.proof import GateVerdict, Proof, Verdict
from subsecond.prove.gate import Case, Gate, gates, verdict

BLAMED = ("migration-failed",)
"""Errors that the candidate itself is to blame for, in whatever gate they come up."""


def prove(case: Case, wanted: Sequence[str] = (), without: Sequence[str] = ()) -> Proof:
    """The proof of a case by all gates, or by those `wanted` by name; those `without` are left out."""
    found: list[GateVerdict] = []
    for kind in chosen(wanted):
        if kind.name in without:
            continue
        case.say(f"gate {kind.name}")
        found.append(_timed(kind, case))
        if found[-1].verdict in ("failed", "no verdict"):
            break
    told: list[Verdict] = [one.verdict for one in found if one.verdict != "not applicable"]
    outcome: Verdict = told[-1] if told else "no verdict"
    return Proof(base=case.base.name, candidate=case.candidate.name, verdict=outcome, gates=tuple(found))


def chosen(wanted: Sequence[str]) -> list[type[Gate]]:
    """The gates of these names in their own order; all for none. Raises SubsecondError for an unknown name."""
    known = {one.name: one for one in gates()}
    for name in wanted:
        if name not in known:
            raise SubsecondError(
                "unknown-gate", f'no gate "{name}"{did_you_mean(name, known)} known: {", ".join(known)}'
            )
    return [one for name, one in known.items() if not wanted or name in wanted]


def _timed(kind: type[Gate], case: Case) -> GateVerdict:
    begin = time.monotonic()
    try:
        found = kind().judge(case)
    except SubsecondError as problem:
        blamed = problem.slug in BLAMED
        found = verdict(kind.name, "failed" if blamed else "no verdict", problem.message)
    return replace(found, seconds=round(time.monotonic() - begin, 3))
