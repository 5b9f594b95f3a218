"""The trials of one audit as they go: what they share, and what each has measured."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from subsecond import durations
from subsecond.confirm import attempt, learn
from subsecond.confirm.baseline import Baseline, UnfitError, baseline, clocked
from subsecond.confirm.budget import Budget
from subsecond.confirm.measured import ALONE, Measured
from subsecond.confirm.records import verdicts
from subsecond.confirm.runner import Candidate, NoRunError, Runner, candidate
from subsecond.confirm.screen import Ready
from subsecond.confirm.tasks import Task
from subsecond.errors import SubsecondError
from subsecond.measure.error_budget import ALPHA
from subsecond.model.experiment import Experiment
from subsecond.model.finding import Trial, Verdict
from subsecond.model.target import RequestSpec


class Progress(Protocol):
    """Who wants to know how far the work is: what, how many runs of how many."""

    def __call__(self, what: str, done: int, of: int, /) -> None: ...


@dataclass
class Course:
    """What all trials of one audit share."""

    runner: Runner
    known: learn.Known
    budget: Budget
    say: Callable[[str], None]
    progress: Progress
    source: random.Random
    planned: int = 1
    baselines: dict[str, Baseline | str] = field(default_factory=dict)
    measured: list[Measured] = field(default_factory=list)
    ready: dict[int, Candidate] = field(default_factory=dict)
    """What was switched on for a trial, by its place in `measured`."""

    def base_of(self, spec: RequestSpec) -> Baseline | str:
        """The request's baseline, measured once; a text where it cannot be one."""
        if spec.name not in self.baselines:
            try:
                made = baseline(self.runner, spec, lambda done, of: self.progress(f"{spec.name}, base", done, of))
                self.baselines[spec.name] = made
            except (UnfitError, NoRunError) as problem:
                self.baselines[spec.name] = str(getattr(problem, "message", problem))
        return self.baselines[spec.name]

    def clocked(self, spec: RequestSpec, floor_pairs: int) -> Baseline | str:
        """The request's baseline with its margin, measured once; the trials that were begun on it learn of it."""
        found = self.base_of(spec)
        if isinstance(found, str) or found.margin is not None:
            return found
        say = f"{spec.name}, noise floor"
        try:
            made = clocked(self.runner, found, floor_pairs, lambda done, of: self.progress(say, done, of))
        except NoRunError as problem:
            return problem.message
        self.baselines[spec.name] = made
        for one in self.measured:
            if one.base is found:
                one.base = made
                one.saved = {name: number for name, number in one.saved.items() if name not in made.unsteady}
        return made

    def note(self, measured: Measured, wanted: Candidate | None = None) -> None:
        if wanted is not None:
            self.ready[len(self.measured)] = wanted
        self.measured.append(measured)

    def started(self, task: Task, experiment: Experiment) -> tuple[Measured, Candidate | None]:
        """An experiment up to where a clock would be read: learnt, looked at, its response compared."""
        measured = Measured(task.finding, experiment, task.name)
        found = self.base_of(task.asked.spec)
        if isinstance(found, str):
            measured.stopped = ("not testable", found)
            return measured, None
        measured.base = found
        try:
            wanted = candidate(
                experiment.fix, learn.parameters(experiment, task.asked.sent, self.known, task.asked.deep_line)
            )
            attempt.look(self.runner, measured, wanted)
        except (learn.CannotLearnError, ValueError) as problem:
            measured.stopped = ("not testable", str(problem))
            return measured, None
        except SubsecondError as problem:
            measured.stopped = ("inconclusive", problem.message)
            return measured, None
        return measured, wanted

    def was_tried(self, task: Task) -> bool:
        return any(one.finding is task.finding and one.request == task.name for one in self.measured)

    def not_tried(self, tasks: Sequence[Task]) -> None:
        """Note those of the tasks that were not begun: the budget is spent."""
        why = f"not tried: the budget of {durations.text(self.budget.seconds)} was spent (more: --budget)"
        for task in tasks:
            if not self.was_tried(task):
                self.note(Measured(task.finding, task.experiments[0], task.name, stopped=("inconclusive", why)))

    def holds(self, measured: Measured) -> bool:
        """Whether it is confirmed as it stands, before all trials share their error."""
        return self._trial(measured).verdict == "confirmed"

    def told(self, measured: Measured) -> Verdict:
        """The verdict as it stands; the user hears of it."""
        trial = self._trial(measured)
        gain = "" if trial.gain_seconds is None else f", {durations.text(abs(trial.gain_seconds))}"
        gain += " more" if trial.gain_seconds is not None and trial.gain_seconds < 0 else ""
        who = f"{measured.finding.id} {measured.finding.kind}".strip()
        self.say(f"  {who}: {trial.virtual_fix} on {measured.request}: {trial.verdict}{gain} ({trial.why})")
        return trial.verdict

    def _trial(self, measured: Measured) -> Trial:
        probability = measured.probability
        return measured.trial(probability is not None and probability <= ALPHA / self.planned)

    def confirmed(self) -> dict[str, list[Ready]]:
        """The way of each finding that confirmed it, by request; the one that saves most where there are several."""
        judged = verdicts(self.measured)
        best: dict[tuple[str, str], Ready] = {}
        for number, measured in enumerate(self.measured):
            wanted = self.ready.get(number)
            if wanted is None or judged[number].verdict != "confirmed" or measured.experiment.fix in ALONE:
                continue
            key = (measured.request, measured.finding.id)
            before = best.get(key)
            if before is None or _saves(measured) > _saves(before.measured):
                best[key] = Ready(measured, wanted)
        found: dict[str, list[Ready]] = {}
        for (name, _), one in best.items():
            found.setdefault(name, []).append(one)
        return found


def _saves(measured: Measured) -> float:
    return measured.saving.seconds if measured.saving else 0.0
