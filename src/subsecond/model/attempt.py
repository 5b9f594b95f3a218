"""An attempt: one patch, put through the gates on top of what was kept before it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from subsecond.model.promise import Promise
from subsecond.model.proof import GateVerdict

Outcome = Literal["running", "kept", "reverted", "refused", "lost"]
"""`refused`: a constraint or the proposer itself said no, so no gate was asked; `lost`: the tool was killed in it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempt:
    """What the ledger knows of one attempt. Times are UNIX seconds."""

    number: int
    step: str
    """The plan's step, or what a person asked for."""
    finding: str
    """Its number in the audit of that time; `key` is the finding's own, which links it over audits."""
    kind: str
    proposer: str
    """`fixer lazy-load`, `assistant COMMAND`, `person`."""
    base: str
    """Commit it was judged against."""
    key: str = ""
    commit: str | None = None
    """Commit of base and patch together; None where there was no patch."""
    patch: str = ""
    outcome: Outcome = "running"
    why: str = ""
    """Of the outcome, in one line."""
    promised: Promise = field(default_factory=Promise)
    culprit: str = ""
    """The smallest part of the patch that fails as the whole did, as a diff."""
    gates: tuple[GateVerdict, ...] = ()
    started: float = 0.0
    seconds: float | None = None

    @property
    def passed(self) -> bool:
        """Whether it went through all gates, kept or not."""
        return bool(self.gates) and all(one.verdict in ("passed", "not applicable") for one in self.gates)

    @property
    def undecided(self) -> bool:
        """Whether it ended at a gate that could not judge: nothing is known against the patch."""
        return bool(self.gates) and self.gates[-1].verdict == "no verdict"
