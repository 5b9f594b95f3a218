"""Single trials: counts of all first, then seconds: pairs where there is time for them, else a design for all."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from subsecond.confirm import attempt
from subsecond.confirm.baseline import FEW_FLOOR_PAIRS
from subsecond.confirm.budget import in_turn
from subsecond.confirm.course import Course
from subsecond.confirm.measured import Measured
from subsecond.confirm.runner import NoRunError
from subsecond.confirm.screen import Ready, screen
from subsecond.confirm.tasks import Task
from subsecond.measure import pairs
from subsecond.measure.error_budget import LOOKS

FOR_TRIALS = 0.7
"""Part of the budget for single trials; the rest is for sets and for the requests beside."""
FOR_COUNTS = 0.7
"""Part of that for looks at what is to save integers, which confirm by themselves and cost a run or two each."""
FOR_LOOKS = 0.3
"""Part of what they leave for looks at what only a clock can confirm; the rest is the clock's."""
GoesOn = Callable[[], bool]


@dataclass(frozen=True, slots=True)
class Looked:
    """A way of a finding that acts and leaves the response as it was; `number` is its place among the task's ways."""

    task: Task
    number: int
    ready: Ready

    @property
    def measured(self) -> Measured:
        return self.ready.measured


def try_all(course: Course, tasks: Sequence[Task]) -> None:
    """All tasks whose fixes leave nothing behind, the largest shares first."""
    whole = FOR_TRIALS * course.budget.left
    limit = course.budget.until(whole)
    looked = _looks(course, [task for task in tasks if task.counts], FOR_COUNTS * whole)
    left = max(0.0, whole - course.budget.spent)
    looked += _looks(course, [task for task in tasks if not task.counts], FOR_LOOKS * left)
    groups: dict[str, list[Looked]] = {}
    for one in looked:
        groups.setdefault(one.task.name, []).append(one)
    left = max(0.0, whole - course.budget.spent)
    costs = [sum(one.task.cost for one in group) for group in groups.values()]
    for group, seconds in zip(groups.values(), in_turn(course.budget, costs, left), strict=True):
        if limit():
            _clock(course, group, seconds, limit)
        for one in group:
            course.told(one.measured)
    for task in tasks:  # what the looks had no time for, where the clock left some
        if limit() and not course.was_tried(task) and (late := _looked(course, task, limit)) is not None:
            course.told(late.measured)
    course.not_tried(tasks)


def _looks(course: Course, tasks: Sequence[Task], seconds: float) -> list[Looked]:
    goes_on = course.budget.until(seconds)
    return [one for task in tasks if goes_on() and (one := _looked(course, task, goes_on)) is not None]


def _looked(course: Course, task: Task, goes_on: GoesOn, start: int = 0, *, more_rows: bool = False) -> Looked | None:
    """The first way of a finding that acts, and leaves the response as it was; `more_rows`: the last fetched more."""
    for number, experiment in list(enumerate(task.experiments))[start:]:
        if experiment.if_more_rows and not more_rows:
            continue
        if number and not goes_on():
            return None
        course.progress(f"{task.finding.id} {experiment.fix} on {task.name}", 0, 1)
        measured, wanted = course.started(task, experiment)
        course.note(measured, wanted)
        if wanted is not None and measured.stopped is None and measured.equal is True and measured.short is None:
            return Looked(task, number, Ready(measured, wanted))
        course.told(measured)
    return None


def _clock(course: Course, looked: Sequence[Looked], seconds: float, limit: GoesOn) -> None:
    """The seconds of what was looked at on one request, within `seconds`: pairs for each where they fit, else (and
    where the request is slow) all of them in one design, then pairs for those that it leaves open."""
    until, end = course.budget.until(seconds), course.budget.spent + seconds

    def goes_on() -> bool:
        return until() and limit()

    spec = looked[0].task.asked.spec
    ready: dict[int, Ready] = {}
    for one in looked:  # a fix that two findings share is switched on once for both
        ready.setdefault(_first(looked, one), one.ready)
    base = course.base_of(spec)
    if isinstance(base, str):
        return
    first_look = (base.warm_ups + 2 * LOOKS[0]) * base.takes
    together = base.slow or first_look * len(ready) + 2 * pairs.FLOOR_PAIRS * base.takes > seconds
    floor = FEW_FLOOR_PAIRS if together else pairs.FLOOR_PAIRS
    if 2 * floor * base.takes > seconds or isinstance(course.clocked(spec, floor), str):
        return  # a margin alone would confirm nothing
    timing = list(ready.values())
    if together:
        left = max(0.0, min(course.budget.left, seconds))
        apart = screen(
            course.runner, timing, left, course.source,
            lambda done, of: course.progress(f"{spec.name}, all fixes in turn", done, of),
        )  # fmt: skip
        screened = [one for one in timing if one not in apart]
        timing = [*apart, *(one for one in screened if not one.measured.integers and _open(one.measured))]
    costs = {id(one): looked[number].task.cost for number, one in ready.items()}
    left = max(0.0, end - course.budget.spent)
    slices = in_turn(course.budget, [costs[id(one)] for one in timing], left, first_look)
    for each, part in zip(timing, slices, strict=True):
        mine = course.budget.until(part)
        if goes_on():
            _time(course, each, lambda mine=mine: mine() and goes_on())  # type: ignore[misc]
    for one in looked:
        first = ready[_first(looked, one)]
        if one.ready is not first:
            one.measured.take(first.measured)
    for one in looked:
        _other_ways(course, one, goes_on)


def _first(looked: Sequence[Looked], wanted: Looked) -> int:
    """The place of the first with the same fix."""
    return next(number for number, one in enumerate(looked) if one.ready.candidate == wanted.ready.candidate)


def _other_ways(course: Course, looked: Looked, goes_on: GoesOn) -> None:
    """Where the clock did not confirm a way, the finding's next ones, until one is confirmed."""
    one: Looked | None = looked
    while one is not None and goes_on() and not course.holds(one.measured):
        more_rows = one.measured.saved.get("rows", 0) < 0
        one = _looked(course, one.task, goes_on, one.number + 1, more_rows=more_rows)
        if one is not None and goes_on():
            _time(course, one.ready, goes_on)
            course.told(one.measured)


def _time(course: Course, ready: Ready, goes_on: GoesOn) -> None:
    measured = ready.measured
    attempt.timed(
        course.runner, measured, ready.candidate, trials=course.planned, goes_on=goes_on, source=course.source
    )  # fmt: skip
    base, saving = measured.base, measured.saving
    if base is None or saving is None or base.slow or saving.low <= base.least.seconds or not goes_on():
        return
    try:
        measured.uncollected = attempt.uncollected(course.runner, base, ready.candidate)
    except NoRunError as problem:
        measured.stopped = ("inconclusive", f"a run failed: {problem.message}")


def _open(measured: Measured) -> bool:
    base, effect = measured.base, measured.effect
    return base is not None and effect is not None and effect.low <= base.least.seconds <= effect.high


def change_values(course: Course, tasks: Sequence[Task]) -> None:
    """Each in a fresh process, as its first request on that path; afterwards the process is thrown away.

    A cache of the app's would hide that a value is used, or keep the wrong one for ever (both seen).
    """
    for task in tasks:
        if not course.budget.left:
            break
        course.base_of(task.asked.spec)
        for experiment in task.experiments:
            course.progress(f"{task.finding.id} {experiment.fix} on {task.name}", 0, 1)
            course.runner.restart()
            measured, _ = course.started(task, experiment)
            course.note(measured)
            course.runner.restart()
            if course.told(measured) not in ("inconclusive", "refuted"):
                break
    course.not_tried(tasks)
