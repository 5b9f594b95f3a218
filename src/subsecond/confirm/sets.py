"""Confirmed fixes all at once: what a plan may promise. Single gains do not add up (0.5 to 1.4 of the whole)."""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

from subsecond.confirm.baseline import Baseline
from subsecond.confirm.runner import BASE, Candidate, NoRunError, Runner
from subsecond.confirm.screen import Ready, agree
from subsecond.confirm.spending import typical
from subsecond.measure.pairs import Arm, Sample, Timed, compare
from subsecond.model.trial import MeasuredSet, Saving
from subsecond_agent import protocol


@dataclass(frozen=True, slots=True)
class Sets:
    """Measures sets of confirmed fixes of one request, as long as `goes_on` allows."""

    runner: Runner
    base: Baseline
    goes_on: Callable[[], bool]
    source: random.Random

    def measure(self, confirmed: Sequence[Ready]) -> list[MeasuredSet]:
        """The whole set, then the sets up to each phase, and each finding's share in the whole."""
        chosen = self._compatible(confirmed)
        left_out = [one.measured.finding.id for one in confirmed if one not in chosen]
        whole = self._set(chosen, None)
        if whole is None:
            return []
        why = f"{', '.join(left_out)} cannot be on together with the others: the response is another one then"
        made = [replace(whole, shares=self._shares(chosen, whole), why=why if left_out else "")]
        phases = {one.measured.finding.phase for one in chosen}
        for phase in sorted(number for number in phases if number is not None):
            up_to = [one for one in chosen if _phase(one) <= phase]
            if len(up_to) == len(chosen):
                made.append(replace(made[0], through_phase=phase))
                break
            found = self._set(up_to, phase)
            if found is not None:
                made.append(found)
        return made

    def _compatible(self, ready: Sequence[Ready]) -> list[Ready]:
        """As many as give the base's response together, those that save most first."""
        ordered = sorted(ready, key=lambda one: -_saves(one))
        if len(ordered) > 1 and agree(self.runner, ordered):
            return ordered
        chosen: list[Ready] = []
        for one in ordered:
            if not chosen or agree(self.runner, [*chosen, one]):
                chosen.append(one)
        return chosen

    def _set(self, chosen: Sequence[Ready], phase: int | None) -> MeasuredSet | None:
        """Pairs of the base against the set; one finding alone is what its own trial measured."""
        wanted = BASE.joined(*(one.candidate for one in chosen))
        before, saved = self.base.counts.get(protocol.COUNT_QUERIES), chosen[0].measured.saved
        saving = chosen[0].measured.saving if len(chosen) == 1 else None
        base_seconds = chosen[0].measured.base_seconds
        runs: list[Mapping[str, float]] = []
        try:
            for _ in range(self.base.warm_ups if saving is None else 1):
                saved = self._warmed(wanted, runs)
            timed = self._pairs(BASE, wanted, runs) if saving is None else None
        except NoRunError:
            return None
        if saving is None:
            if timed is None:
                return None
            found, base_seconds = timed.gain(), timed.base()
            saving = Saving(seconds=found.seconds, low=found.low, high=found.high)
        fewer = saved.get(protocol.COUNT_QUERIES)
        return MeasuredSet(
            request=self.base.spec.name,
            findings=tuple(one.measured.finding.id for one in chosen),
            through_phase=phase,
            base_seconds=base_seconds or self.base.seconds,
            saving=saving,
            queries_before=before,
            queries_after=None if before is None or fewer is None else before - fewer,
            response_equal=True,
            left=typical(runs),
            estimate=any(one.measured.experiment.fidelity != "measured" for one in chosen),
        )

    def _warmed(self, wanted: Candidate, runs: list[Mapping[str, float]]) -> dict[str, int]:
        """One untimed run of a set: the counts it saves; `runs` gets what its seconds went into."""
        done = self.runner.run(self.base.spec, wanted)
        runs.append(done.spent)
        return self.base.saved(done.counts)

    def _pairs(self, one: Candidate, other: Candidate, runs: list[Mapping[str, float]] | None = None) -> Timed | None:
        """Pairs until the seconds are sharp; None where the response is another one, or time is over before.

        `runs` gets what the seconds of the runs of `other` went into.
        """
        spoilt: list[bool] = []

        def run(arm: Arm) -> Sample:
            done = self.runner.run(self.base.spec, one if arm == "base" else other)
            if not self.base.differences(done.reply).equal:
                spoilt.append(True)
            if arm == "fix" and runs is not None:
                runs.append(done.spent)
            return self.base.sample(done)

        goes_on = self.goes_on
        timed = compare(
            run, self.base.least, trials=1, integers=True, source=self.source,
            goes_on=lambda: goes_on() and not spoilt,
        )  # fmt: skip
        return timed if timed.pairs and not spoilt else None

    def _shares(self, chosen: Sequence[Ready], whole: MeasuredSet) -> dict[str, float]:
        """Each finding's part: the mean of its gain alone and of the loss when it is left out; they add up to
        0.97 to 1.04 of the whole (measured: reference, measuring, section 6)."""
        if len(chosen) == 1:
            return {chosen[0].measured.finding.id: whole.saving.seconds}
        shares: dict[str, float] = {}
        everything = BASE.joined(*(one.candidate for one in chosen))
        for one in chosen:
            if one.measured.effect is not None:  # a design's effect is averaged over the others on and off already
                shares[one.measured.finding.id] = one.measured.effect.seconds
                continue
            if one.measured.saving is None or not self.goes_on():
                continue
            without = BASE.joined(*(other.candidate for other in chosen if other is not one))
            try:
                timed = self._pairs(without, everything)
            except NoRunError:
                continue
            if timed is not None:
                shares[one.measured.finding.id] = (_saves(one) + timed.gain().seconds) / 2
        return shares


def _phase(one: Ready) -> float:
    phase = one.measured.finding.phase
    return float("inf") if phase is None else phase


def _saves(one: Ready) -> float:
    return one.measured.saving.seconds if one.measured.saving else 0.0
