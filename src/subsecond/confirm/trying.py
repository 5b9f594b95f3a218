"""Single trials: pairs where a request is quick, a design where it is slow, a fresh process where values change."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from subsecond.confirm import attempt
from subsecond.confirm.baseline import Baseline
from subsecond.confirm.budget import parts
from subsecond.confirm.course import Course
from subsecond.confirm.measured import Measured
from subsecond.confirm.runner import Candidate, NoRunError
from subsecond.confirm.screen import Ready, screen
from subsecond.confirm.tasks import Task

FOR_TRIALS = 0.7
"""Part of the budget for single trials; the rest is for sets and for the requests beside."""
GoesOn = Callable[[], bool]


def try_all(course: Course, tasks: Sequence[Task]) -> None:
    """All tasks whose fixes leave nothing behind, in their order: the largest part of the time first."""
    whole = FOR_TRIALS * course.budget.left
    limit = course.budget.until(whole)
    seconds = dict(zip(tasks, parts([task.cost for task in tasks], whole), strict=True))
    slow: set[str] = set()
    for task in tasks:
        if task.name in slow:
            continue
        if not limit():
            break
        base = course.base_of(task.asked.spec)
        if isinstance(base, Baseline) and base.slow:
            slow.add(task.name)
            mine = [other for other in tasks if other.name == task.name]
            _slow(course, mine, sum(seconds[one] for one in mine), limit)
        else:
            until = course.budget.until(seconds[task])
            _quick(course, task, lambda until=until: until() and limit())  # type: ignore[misc]
    course.not_tried(tasks)


def _quick(course: Course, task: Task, goes_on: GoesOn) -> None:
    """Pairs, for one way of proving after the other until one confirms."""
    base = course.base_of(task.asked.spec)
    for number, experiment in enumerate(task.experiments):
        if number and not goes_on():
            return
        course.progress(f"{task.finding.id} {experiment.fix} on {task.name}", 0, 1)
        measured, wanted = course.started(task, experiment, base.warm_ups if isinstance(base, Baseline) else 1)
        if wanted is not None and _worth_timing(measured):
            same = course.same(measured.request, wanted)
            if same is not None:
                measured.take(same)
            else:
                _time(course, measured, wanted, goes_on)
        course.note(measured, wanted)
        if course.told(measured) == "confirmed":
            return


def _worth_timing(measured: Measured) -> bool:
    return measured.stopped is None and measured.equal is True and measured.short is None


def _time(course: Course, measured: Measured, wanted: Candidate, goes_on: GoesOn) -> None:
    attempt.timed(
        course.runner, measured, wanted, trials=course.planned, goes_on=goes_on, source=course.source
    )  # fmt: skip
    base, saving = measured.base, measured.saving
    if base is None or saving is None or base.slow or saving.low <= base.margin.seconds or not goes_on():
        return
    try:
        measured.uncollected = attempt.uncollected(course.runner, base, wanted)
    except NoRunError as problem:
        measured.stopped = ("inconclusive", f"a run failed: {problem.message}")


def _slow(course: Course, tasks: Sequence[Task], seconds: float, limit: GoesOn) -> None:
    """A look at each way until one acts with an equal response, then all of them at once, then pairs for the rest."""
    until = course.budget.until(seconds)

    def goes_on() -> bool:
        return until() and limit()

    looked = [one for task in tasks if goes_on() and (one := _looked(course, task, goes_on)) is not None]
    ready = [one for number, one in enumerate(looked) if one.candidate not in [it.candidate for it in looked[:number]]]
    if ready:
        left = max(0.0, min(course.budget.left, seconds))
        name = tasks[0].name
        apart = screen(
            course.runner, ready, left, course.source,
            lambda done, of: course.progress(f"{name}, all fixes in turn", done, of),
        )  # fmt: skip
        open_ones = [one for one in ready if one not in apart and not one.measured.integers and _open(one.measured)]
        for one in [*apart, *open_ones]:
            if goes_on():
                _time(course, one.measured, one.candidate, goes_on)
    for one in looked:
        if one not in ready:  # another finding has the same fix: it was switched on once for both
            one.measured.take(next(it.measured for it in ready if it.candidate == one.candidate))
        course.told(one.measured)


def _looked(course: Course, task: Task, goes_on: GoesOn) -> Ready | None:
    """The first way of a finding that acts and leaves the response as it was."""
    for number, experiment in enumerate(task.experiments):
        if number and not goes_on():
            return None
        course.progress(f"{task.finding.id} {experiment.fix} on {task.name}", 0, 1)
        measured, wanted = course.started(task, experiment, 1)
        course.note(measured, wanted)
        if wanted is not None and _worth_timing(measured):
            return Ready(measured, wanted)
        course.told(measured)
    return None


def _open(measured: Measured) -> bool:
    base, effect = measured.base, measured.effect
    return base is not None and effect is not None and effect.low <= base.margin.seconds <= effect.high


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
            measured, _ = course.started(task, experiment, 1)
            course.note(measured)
            course.runner.restart()
            if course.told(measured) != "inconclusive":
                break
    course.not_tried(tasks)
