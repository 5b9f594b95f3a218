"""What is to be tried on which request, the largest first, and what cannot be, with its reason."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from subsecond.confirm.measured import VALUE_CHANGING
from subsecond.confirm.runner import INDEX
from subsecond.harness.arms import Arm
from subsecond.harness.requests import SAFE_METHODS
from subsecond.model.audit import RequestResult
from subsecond.model.experiment import Experiment
from subsecond.model.finding import Finding, Trial
from subsecond.model.sent import Sent
from subsecond.model.target import RequestSpec
from subsecond.model.trial import TrialRecord

UNKNOWN_SHARE = 0.05
"""Of a request's seconds, for the budget: a finding that costs only under load."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """A request as it was observed: its figures, what it sent (with values), and whether it writes."""

    spec: RequestSpec
    result: RequestResult
    sent: Sequence[Sent] = ()
    writes: bool = False
    deep_line: Mapping[str, Any] | None = None
    """What its deep run left in the spool, with values: never written."""


@dataclass(frozen=True, slots=True, eq=False)
class Task:
    """One finding on one request, with the ways to prove it in the order in which they are tried."""

    finding: Finding
    asked: Asked
    experiments: tuple[Experiment, ...]
    cost: float
    """Seconds of the request that it may be worth."""

    @property
    def name(self) -> str:
        return self.asked.spec.name

    @property
    def share(self) -> float:
        """Of the seconds of the request where the finding costs most."""
        return UNKNOWN_SHARE if self.finding.share is None else self.finding.share

    @property
    def counts(self) -> bool:
        """Whether statements, check-outs or log records are to fall: no clock is needed to confirm it."""
        saves = [one.saves.get(self.name, {}) for one in self.experiments]
        return any(number > 0 for promised in saves for number in promised.values())

    @property
    def value_changing(self) -> bool:
        """Runs in a fresh process: what it changes may stay in a cache of the app's."""
        return any(one.fix in VALUE_CHANGING for one in self.experiments)


def tasks_of(findings: Sequence[Finding], asked: Sequence[Asked], arm: Arm) -> tuple[list[Task], list[TrialRecord]]:
    """What is to be tried, the largest first, and what cannot be, with its reason."""
    by_name = {one.spec.name: one for one in asked}
    tasks: list[Task] = []
    refused: list[TrialRecord] = []
    for finding in findings:
        if not finding.experiments:
            why = finding.untestable or "no virtual fix stands for this kind"
            refused.append(refused_record(finding, finding.request, "none", why))
            continue
        for name in _requests(finding, asked):
            one = by_name[name]
            why = _why_not(one, arm)
            fitting = [fix for fix in finding.experiments if not why and (fix.fix != INDEX or arm.may_be_changed)]
            if not fitting:
                why = why or f"an index is built in a copy of the database only: {arm.why}"
                refused.append(refused_record(finding, name, finding.experiments[0].fix, why))
                continue
            seconds = one.result.seconds.median if one.result.seconds else 0.0
            task = Task(finding, one, tuple(fitting), 0.0)
            tasks.append(replace(task, cost=seconds * task.share))
    tasks.sort(key=lambda task: (-task.share, -task.cost))
    return tasks, refused


def _requests(finding: Finding, asked: Sequence[Asked]) -> list[str]:
    """Those it was seen in; of a fix that changes values also those that send the statement: needed here, not there."""
    names = list(finding.requests)
    prints = {
        wanted.fingerprint
        for experiment in finding.experiments
        if experiment.fix in VALUE_CHANGING
        for wanted in experiment.learn.values()
    }
    names += [one.spec.name for one in asked if prints & {sent.fingerprint for sent in one.sent}]
    return [name for name in dict.fromkeys(names) if name in {one.spec.name for one in asked}]


def _why_not(one: Asked, arm: Arm) -> str:
    if one.spec.method not in SAFE_METHODS:
        return f"trials are run on GET and HEAD only, and this is a {one.spec.method}"
    if one.result.seconds is None:
        return f"the request failed: {one.result.error}"
    if one.writes and arm.isolation == "shared":
        return f"the request writes, and {arm.why}"
    return ""


def refused_record(finding: Finding, request: str, fix: str, why: str) -> TrialRecord:
    """A trial that was not run, and why."""
    trial = Trial(request=request, virtual_fix=fix, verdict="not testable", why=why)
    return TrialRecord(finding=finding.id, kind=finding.kind, phase=finding.phase, trial=trial)
