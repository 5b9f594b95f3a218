"""Measured trials -> what is written of them and what a reader must know."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Literal

from subsecond import durations
from subsecond.confirm import learn
from subsecond.confirm.baseline import Baseline
from subsecond.confirm.measured import Measured
from subsecond.measure.error_budget import holm
from subsecond.model.finding import Trial
from subsecond.model.trial import Saving, TrialRecord

SHOWN_PLACES = 20


def verdicts(measured: Sequence[Measured]) -> list[Trial]:
    """All trials with the error shared out over them."""
    numbers = [number for number, one in enumerate(measured) if one.probability is not None]
    holds = holm([measured[number].probability or 0.0 for number in numbers])
    real = {number for number, held in zip(numbers, holds, strict=True) if held}
    return [one.trial(number in real) for number, one in enumerate(measured)]


def records(measured: Sequence[Measured]) -> Iterator[TrialRecord]:
    """All trials that were begun, in order."""
    for one, trial in zip(measured, verdicts(measured), strict=True):
        yield _record(one, trial)


def _record(measured: Measured, trial: Trial) -> TrialRecord:
    base, timed, comparison = measured.base, measured.timed, measured.comparison
    wall = timed.gain("wall") if timed is not None and trial.gain_seconds is not None else None
    return TrialRecord(
        finding=measured.finding.id,
        kind=measured.finding.kind,
        phase=measured.finding.phase,
        trial=trial,
        parameters=dict(learn.shown(measured.experiment)),
        method=_method(measured),
        clock="wall" if base is not None and base.by_wall else "cpu and waits",
        base_seconds=measured.base_seconds,
        wall=Saving(seconds=wall.seconds, low=wall.low, high=wall.high) if wall is not None else None,
        uncollected=measured.uncollected,
        promised=dict(measured.promised),
        saved=measured.saved,
        acted=measured.acted,
        floor=base.margin.floor if base is not None and base.margin is not None else None,
        margin_seconds=base.margin.seconds if base is not None and base.margin is not None else None,
        probability=measured.probability,
        pairs=len(timed.pairs) if timed is not None else 0,
        thrown=timed.thrown if timed is not None else 0,
        points=tuple((before.clock, after.clock) for before, after in timed.pairs) if timed is not None else (),
        differences=tuple(f"{one.path} ({one.what})" for one in comparison.differences[:SHOWN_PLACES])
        if comparison is not None
        else (),
    )


def _method(measured: Measured) -> Literal["counts", "pairs", "screening", "none"]:
    if measured.timed is not None:
        return "pairs"
    if measured.effect is not None:
        return "screening"
    return "counts" if measured.acted else "none"


def remarks(baselines: dict[str, Baseline | str]) -> Iterator[str]:
    """Sentences on the requests that trials ran on."""
    for name, found in baselines.items():
        if isinstance(found, Baseline):
            yield from (f"{name}: {sentence}" for sentence in _of(found))


def _of(base: Baseline) -> Iterator[str]:
    if base.slow:
        yield f"trials after 1 warm-up, it takes {durations.text(base.seconds)}"
    if base.by_wall:
        yield "waits for something that is not recorded; its trials go by the clock on the wall"
    if base.noise.patterns and base.comparable:
        yield f"differs between equal runs and was not compared: {', '.join(sorted(base.noise.patterns)[:5])}"
    if base.unsteady:
        yield f"counts that differ between equal runs were not compared: {', '.join(sorted(base.unsteady))}"
