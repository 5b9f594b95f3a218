"""The stage: findings + a running arm -> trials. The largest shares first, within a budget."""

from __future__ import annotations

import os
import random
from collections.abc import Callable, Sequence, Set
from dataclasses import replace

from subsecond import durations
from subsecond.confirm.baseline import FEW_FLOOR_PAIRS
from subsecond.confirm.budget import Budget
from subsecond.confirm.course import Course, Progress
from subsecond.confirm.indexes import weigh
from subsecond.confirm.learn import Known
from subsecond.confirm.machine import stolen, ticks
from subsecond.confirm.records import records, remarks
from subsecond.confirm.runner import Runner
from subsecond.confirm.screen import Ready
from subsecond.confirm.sets import Sets
from subsecond.confirm.tasks import Asked, Task, tasks_of
from subsecond.confirm.trying import change_values, try_all
from subsecond.confirm.untested import untested
from subsecond.harness.arms import Arm
from subsecond.harness.requests import SAFE_METHODS
from subsecond.model.experiment import Experiment
from subsecond.model.finding import Finding
from subsecond.model.trial import MeasuredSet, TrialRecord, Trials

FOR_VALUES = 0.1
"""Part of the budget that is kept for trials in fresh processes, which come last: a start and a request or two each,
and some have the clearest outcome of all (rows that nobody needs)."""
BESIDE_SECONDS = 2.0
"""Requests that a finding was not seen in are asked too where they are quicker than this."""


def confirm(
    arm: Arm, findings: Sequence[Finding], asked: Sequence[Asked], *, known: Known, budget: float,
    source: random.Random, say: Callable[[str], None], progress: Progress,
) -> tuple[tuple[Finding, ...], Trials]:  # fmt: skip
    """Try every finding's experiments on the arm, within `budget` seconds -> findings with their trials, and all of it.

    `known` is where functions and models are looked up. The arm's indexes are gone afterwards.
    """
    load, before = os.getloadavg()[0], ticks()
    tasks, refused = tasks_of(findings, asked, arm)
    planned = max(1, sum(len(task.experiments) for task in tasks))
    course = Course(Runner(arm), known, Budget(budget), say, progress, source, planned)
    in_fresh = [task for task in tasks if task.value_changing]
    course.budget.held = FOR_VALUES * budget if in_fresh else 0.0
    try_all(course, [task for task in tasks if not task.value_changing])
    weighed = weigh(course)
    left_out = {name for one in weighed if not one.kept for name in one.findings}
    left_out -= {name for one in weighed if one.kept for name in one.findings}
    sets = _sets(course, left_out)
    _beside(course, asked)
    course.runner.clear()
    course.budget.held = 0.0
    change_values(course, in_fresh)
    made = [*records(course.measured), *refused]
    trials = Trials(
        isolation=arm.why,
        rtt_seconds=arm.rtt,
        budget_seconds=budget,
        spent_seconds=course.budget.spent,
        load=(load, os.getloadavg()[0]),
        stolen=stolen(before, ticks()),
        trials=tuple(made),
        sets=tuple(sets),
        indexes=weighed,
        untested=untested(findings, made, [one.result for one in asked]),
        notes=(*_far(arm.rtt), *remarks(course.baselines)),
    )
    return tuple(_with_trials(finding, made) for finding in findings), trials


def _far(rtt: float | None) -> list[str]:
    if not rtt:
        return []
    return [
        f"trials ran with {durations.text(rtt)} added to each round trip to the database: what a fix saves is of "
        "requests that take as much longer; the times of requests are without it"
    ]


def _with_trials(finding: Finding, made: Sequence[TrialRecord]) -> Finding:
    return replace(finding, trials=tuple(record.trial for record in made if record.finding == finding.id))


def _sets(course: Course, left_out: Set[str]) -> list[MeasuredSet]:
    """All confirmed fixes of each request at once, but for indexes that are not worth their price."""
    made: list[MeasuredSet] = []
    goes_on = course.budget.until(course.budget.left)
    for name, ready in course.confirmed().items():
        confirmed = [one for one in ready if one.measured.finding.id not in left_out]
        if not confirmed:
            continue
        first = confirmed[0].measured.base
        assert first is not None
        if not goes_on() or 2 * FEW_FLOOR_PAIRS * first.takes > course.budget.left:
            course.say(f"  {name}: its fixes were not tried all at once: the budget is spent")
            continue
        course.progress(f"{name}, all confirmed fixes", 0, 1)
        base = course.clocked(first.spec, FEW_FLOOR_PAIRS)
        if isinstance(base, str):
            continue
        found = Sets(course.runner, base, goes_on, course.source).measure(confirmed)
        made += found
        if found and len(confirmed) > 1:
            saved, whole = found[0].saving.seconds, found[0].base_seconds
            fixes = f"{len(found[0].findings)} fixes at once"
            course.say(f"  {name}: {fixes} save {durations.text(saved)} of {durations.text(whole)}")
    return made


def _beside(course: Course, asked: Sequence[Asked]) -> None:
    """Confirmed fixes on the requests that their findings were not seen in: does one act there, and is it harmless?"""
    chosen: dict[str, Ready] = {}
    for ready in course.confirmed().values():
        for one in ready:
            chosen.setdefault(one.measured.finding.id, one)
    for one in chosen.values():
        for other in asked:
            if not course.budget.left:
                return
            experiment = one.measured.experiment
            if not _may_be_asked(one, other, course.runner.arm) or _is_anothers(course, experiment, other):
                continue
            measured, _ = course.started(Task(one.measured.finding, other, (experiment,), 0.0), experiment)
            if measured.stopped is None and measured.acted and (not measured.equal or measured.integers):
                course.note(measured)
                course.told(measured)


def _is_anothers(course: Course, experiment: Experiment, other: Asked) -> bool:
    """Whether another finding has tried the same there."""
    return any(
        tried.request == other.spec.name
        and (tried.experiment.fix, tried.experiment.parameters) == (experiment.fix, experiment.parameters)
        and tried.experiment.learn == experiment.learn
        for tried in course.measured
    )


def _may_be_asked(one: Ready, other: Asked, arm: Arm) -> bool:
    seconds = other.result.seconds.median if other.result.seconds else None
    quick = seconds is not None and seconds < BESIDE_SECONDS
    harmless = not (other.writes and arm.isolation == "shared") and other.spec.method in SAFE_METHODS
    return quick and harmless and other.spec.name not in one.measured.finding.requests
