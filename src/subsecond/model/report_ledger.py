"""The report's proofs: attempts with what their gates said, and what was learnt from them."""

from __future__ import annotations

from dataclasses import dataclass

from subsecond.model.attempt import Outcome
from subsecond.model.proof import Verdict as GateWord


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """A promise of a response that the candidate breaks: `path` of the field, `what` differs, both values masked."""

    path: str
    what: str
    base: str
    candidate: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Gate:
    """What one gate said. `curl`: the smallest request that shows a failure, as a command."""

    name: str
    verdict: GateWord
    why: str
    evidence: tuple[str, ...] = ()
    ms: float = 0.0
    curl: str | None = None
    differences: tuple[Difference, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempt:
    """One patch that was put through the gates."""

    number: int
    step: str
    finding: str
    kind: str
    proposer: str
    outcome: Outcome
    why: str
    base: str
    commit: str | None = None
    ms: float | None = None
    gates: tuple[Gate, ...] = ()
    patch_html: str = ""
    culprit_html: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Constraint:
    """What a failed attempt taught, or a person stated."""

    rule: str
    text: str
    because: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Ledger:
    """Attempts in order. `result`: commit with everything kept on top of `base`, None where `optimize` did not end."""

    attempts: tuple[Attempt, ...] = ()
    constraints: tuple[Constraint, ...] = ()
    base: str | None = None
    result: str | None = None
