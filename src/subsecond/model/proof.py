"""The outcome of `subsecond prove`: what each gate says of a candidate, compared with its base."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Verdict = Literal["passed", "failed", "no verdict", "not applicable"]
"""`no verdict` does not pass: evidence was missing, so nothing is known. `not applicable` neither passes nor fails, and
is only ever a gate's: the candidate has nothing that it asks about."""


@dataclass(frozen=True, slots=True, kw_only=True)
class GateVerdict:
    """What one gate says. `why` is one line; `evidence` the lines behind it, the telling one first."""

    gate: str
    verdict: Verdict
    why: str
    evidence: tuple[str, ...] = ()
    unmet: bool = False
    """It failed for what was promised of the change and did not come; harm was not seen."""
    seconds: float = 0.0
    """What the gate itself took."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Proof:
    """All verdicts, in the order in which the gates were asked; it stops at the first that does not pass."""

    version: int = 1
    base: str
    candidate: str
    verdict: Verdict
    gates: tuple[GateVerdict, ...] = ()
