"""One patch put through the gates, as a user would: `subsecond prove BASE CANDIDATE --only …`, refusals first."""

from __future__ import annotations

import time
from contextlib import ExitStack
from typing import Any

from benchmarks.gates.corpus import Patch
from benchmarks.gates.ground import Ground
from benchmarks.gates.kept import KeptBase, KeptSides
from subsecond import attempts
from subsecond.harness import commits
from subsecond.harness.checkout import checkout
from subsecond.ledger.rule import broken_by
from subsecond.model.proof import Proof
from subsecond.prove.gate import Case
from subsecond.prove.stage import prove


def judged(patch: Patch, place: Ground, kept: KeptBase, only: tuple[str, ...]) -> dict[str, Any]:
    """What was said of a patch: `verdict` (passed, failed, refused, no verdict), `gate` and `why`, `seconds`.

    Refused is what `optimize` refuses without asking a gate: a patch that touches what it is judged by, or one that
    does not apply.
    """
    begin = time.monotonic()
    place.refill()
    try:
        commit = commits.committed(place.target.root, place.base, patch.text, patch.id)
        broken = broken_by(attempts.change(place.target, place.base, commit), [attempts.judges(place.target)])
        refused = broken[0][1] if broken else ""
    except commits.DoesNotApplyError as problem:
        refused = str(problem)
    if refused:
        said = {"verdict": "refused", "gate": "refused", "why": refused, "gates": {}}
    else:
        proof = _proof(patch, place, kept, commit, only)
        last = [one for one in proof.gates if one.verdict != "not applicable"][-1]
        said = {
            "verdict": proof.verdict, "gate": last.gate, "why": last.why,
            "gates": {one.gate: round(one.seconds or 0.0, 1) for one in proof.gates},
        }  # fmt: skip
    return {"id": patch.id, **said, "only": list(only), "seconds": round(time.monotonic() - begin, 1)}


def _proof(patch: Patch, place: Ground, kept: KeptBase, commit: str, only: tuple[str, ...]) -> Proof:
    """What `workflow.prove` does, with the base that is kept; the speed gate has sides of its own making."""
    with checkout(place.target, commit) as candidate, ExitStack() as stack:
        case = stack.enter_context(Case(base=kept.checkout, candidate=candidate, only=only))
        if patch.speed:
            return prove(case)
        kept.ready(only)
        case._sides = KeptSides(kept, candidate, stack)
        try:
            return prove(case, (), ("speed",))
        finally:
            kept.settle()
