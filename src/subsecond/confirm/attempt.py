"""One experiment on one request: does it act, is the response the same, which counts fall, how many seconds."""

from __future__ import annotations

import random
import statistics
from collections.abc import Callable, Sequence

from subsecond.confirm.baseline import Baseline
from subsecond.confirm.measured import Measured
from subsecond.confirm.runner import BASE, Candidate, NoRunError, Run, Runner
from subsecond.contract.compare import Comparison
from subsecond.measure.pairs import Arm, Sample, compare
from subsecond.model.finding import Verdict

UNCOLLECTED_BLOCKS = 2
LOOK_RUNS, SLOW_LOOK_RUNS = 2, 1
"""Two equal runs suffice for counts; of a slow request one, in which every statement is sent often already."""


def look(runner: Runner, measured: Measured, wanted: Candidate) -> None:
    """The part without a clock: a run or two with the fix. What speaks against timing it is noted in `measured`."""
    base = measured.base
    assert base is not None
    seen: list[Run] = []
    try:
        for _ in range(SLOW_LOOK_RUNS if base.slow else LOOK_RUNS):
            seen.append(runner.run(base.spec, wanted))
            if against := _against(seen, wanted, measured):
                measured.stopped = against
                return
            found = base.differences(seen[-1].reply)
            measured.comparison = found if base.comparable else None
            if not found.equal and base.comparable:
                break
    except NoRunError as problem:
        measured.stopped = ("inconclusive", f"a run with the fix failed: {problem.message}")
        return
    measured.acted = sum(seen[-1].acted) or len(wanted.indexes)
    measured.saved = base.saved(seen[-1].counts)


def _against(seen: Sequence[Run], wanted: Candidate, measured: Measured) -> tuple[Verdict, str] | None:
    run = seen[-1]
    if run.state != "ok":
        wrong = run.state.startswith("malformed")
        return "not testable" if wrong else "not applied", f"the agent says: {run.state}"
    if why := next((why for why in run.refused if why), None):
        return "not applied", why
    if wanted.fixes and not any(run.acted):
        return "not applied", "it never acted on this request"
    return None


def timed(
    runner: Runner, measured: Measured, wanted: Candidate, *, trials: int, goes_on: Callable[[], bool],
    source: random.Random,
) -> None:  # fmt: skip
    """The part with the clock: ABBA pairs of a warm fix, for a trial that acted and whose response is the same."""
    base = measured.base
    assert base is not None
    spoilt: list[Comparison] = []

    def run(arm: Arm) -> Sample:
        done = runner.run(base.spec, wanted if arm == "fix" else BASE)
        if arm == "fix":
            found = base.differences(done.reply)
            if not found.equal:
                spoilt.append(found)
        return base.sample(done)

    try:
        for _ in range(base.warm_ups - LOOK_RUNS):
            run("fix")
        outcome = compare(
            run, base.least, trials=trials, integers=measured.integers, source=source,
            goes_on=lambda: goes_on() and not spoilt,
        )  # fmt: skip
    except NoRunError as problem:
        measured.stopped = ("inconclusive", f"a run failed in the middle of the trial: {problem.message}")
        return
    if spoilt:
        measured.comparison = spoilt[0]
    elif outcome.pairs:
        measured.timed = outcome


def uncollected(runner: Runner, base: Baseline, wanted: Candidate) -> float:
    """The gain where garbage is collected whenever the interpreter does: medians of four runs each, in turn."""
    taken: dict[bool, list[float]] = {False: [], True: []}
    for _ in range(UNCOLLECTED_BLOCKS):
        for fixed in (False, True, True, False):
            done = runner.run(base.spec, wanted if fixed else BASE, collect=False)
            taken[fixed].append(base.sample(done).clock)
    return statistics.median(taken[False]) - statistics.median(taken[True])
