"""The stage: base + candidate -> verdicts. Asks the gates in order and stops at the first that does not pass."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import replace

from subsecond.errors import SubsecondError, did_you_mean
from subsecond.model.proof import GateVerdict, Proof, Verdict
from subsecond.prove.gate import Case, Gate, gates, verdict


def prove(case: Case, wanted: Sequence[str] = ()) -> Proof:
    """The proof of a case by all gates, or by those `wanted` by name."""
    found: list[GateVerdict] = []
    for kind in chosen(wanted):
        case.say(f"gate {kind.name}")
        found.append(_timed(kind, case))
        if found[-1].verdict != "passed":
            break
    outcome: Verdict = found[-1].verdict if found else "no verdict"
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
        found = verdict(kind.name, "no verdict", problem.message)
    return replace(found, seconds=round(time.monotonic() - begin, 3))
