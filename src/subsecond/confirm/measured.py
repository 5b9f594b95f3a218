"""What was measured of one experiment on one request, and the verdict on it."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field

from subsecond import durations
from subsecond.confirm.baseline import Baseline
from subsecond.contract.compare import Comparison
from subsecond.measure.pairs import Timed
from subsecond.measure.screening import Effect
from subsecond.model.experiment import Experiment
from subsecond.model.finding import Finding, Trial, Verdict
from subsecond.model.trial import Saving
from subsecond_agent import protocol

PROMISE_SHARE = 0.5
"""A fix that saves less than this part of what the recording promised has not acted as meant: most false "no gain"
were trials that never acted (reference: measuring, section 6)."""
INTEGERS = {
    protocol.COUNT_QUERIES: "statement",
    protocol.COUNT_CHECKOUTS: "check-out",
    protocol.COUNT_LOGS: "log record",
}
"""Counts whose fall confirms by itself, as a reader calls them."""
WORDS = {**INTEGERS, protocol.COUNT_ROWS: "row"}
"""With those that confirm only where the recording promised them."""
UNMEASURED = ("not applied", "not testable")
"""Verdicts that leave nothing to show."""
SHOWN = 5
VALUE_CHANGING = ("perturb", "empty")
"""Fixes that ask whether the response depends on a statement: equal is the finding, another response refutes it."""
ALONE = (*VALUE_CHANGING, "remember-response")
"""Fixes that are in no set: a response from memory leaves nothing for others to save."""


@dataclass(slots=True, eq=False)
class Measured:
    """One experiment of one finding on one request. `stopped` is set where it ended before any clock was read."""

    finding: Finding
    experiment: Experiment
    request: str
    base: Baseline | None = None
    stopped: tuple[Verdict, str] | None = None
    acted: int = 0
    saved: dict[str, int] = field(default_factory=dict)
    comparison: Comparison | None = None
    timed: Timed | None = None
    effect: Effect | None = None
    effect_base: float | None = None
    """Seconds of a run with all fixes off, as the design that gave `effect` has it."""
    uncollected: float | None = None

    def take(self, other: Measured) -> None:
        """The seconds of another finding's trial of the very same fix on the same request."""
        self.comparison, self.timed, self.effect = other.comparison, other.timed, other.effect
        self.effect_base, self.uncollected, self.stopped = other.effect_base, other.uncollected, other.stopped

    @property
    def promised(self) -> Mapping[str, int]:
        """What the recording promised for this request."""
        return self.experiment.saves.get(self.request, {})

    @property
    def equal(self) -> bool | None:
        return None if self.comparison is None else self.comparison.equal

    @property
    def integers(self) -> bool:
        """Whether counts alone confirm: what was promised has fallen by half of it at least, else any of them fell."""
        wanted = {name: number for name, number in self.promised.items() if number > 0}
        if wanted:
            return any(self.saved.get(name, 0) >= PROMISE_SHARE * number for name, number in wanted.items())
        return any(self.saved.get(name, 0) > 0 for name in INTEGERS)

    @property
    def short(self) -> str | None:
        """How far the savings stay behind the promise; None where they do not."""
        wanted = {name: number for name, number in self.promised.items() if number > 0}
        if not wanted or self.integers:
            return None
        name, number = max(wanted.items(), key=lambda item: item[1])
        if name in (self.base.unsteady if self.base else ()):
            return None
        return f"it saved {self.saved.get(name, 0)} of the {_many(number, WORDS.get(name, name))} it was to save"

    @property
    def probability(self) -> float | None:
        """For Holm's share-out; None where no clock was to decide."""
        if self.base is None or self.equal is not True:
            return None
        if self.timed is not None:
            return self.timed.probability
        return None if self.effect is None else self.effect.probability(self.base.least.seconds)

    @property
    def saving(self) -> Saving | None:
        """The gain by the clock of the verdict; never of a response that is another one."""
        if self.equal is not True:
            return None
        if self.timed is not None and self.timed.pairs:
            found = self.timed.gain()
            return Saving(seconds=found.seconds, low=found.low, high=found.high)
        if self.effect is not None:
            return self._resolved(self.effect)
        return None

    def _resolved(self, effect: Effect) -> Saving:
        """What a design of many fixes at once resolves is the margin and no less, however small its own error: each of
        its runs differs from the next in half of all fixes (113 ms were seen "saved" by three statements of 0.2 ms)."""
        least = self.base.least.seconds if self.base is not None else 0.0
        low, high = effect.low, effect.high
        if 0 < effect.seconds < least and math.isfinite(least):
            low, high = min(low, effect.seconds - least), max(high, effect.seconds + least)
        return Saving(seconds=effect.seconds, low=low, high=high)

    @property
    def base_seconds(self) -> float | None:
        """Seconds of a base run when the gain was measured: the baseline's own are older, and the machine has changed
        since (a gain of 120 ms of 115 was seen)."""
        if self.timed is not None and self.timed.pairs:
            return self.timed.base()
        if self.effect_base is not None:
            return self.effect_base
        return None if self.base is None else self.base.seconds

    def trial(self, holds: bool) -> Trial:
        """The line of the finding. `holds`: the gain is real beyond the margin, judged over all trials of the audit."""
        verdict, why = self._verdict(holds)
        saving = self.saving
        shown = saving is not None and verdict not in UNMEASURED
        return Trial(
            request=self.request,
            virtual_fix=self.experiment.fix,
            verdict=verdict,
            fidelity=self.experiment.fidelity if self.equal and verdict not in UNMEASURED else None,
            gain_seconds=saving.seconds if saving and shown else None,
            low=saving.low if saving and shown else None,
            high=saving.high if saving and shown else None,
            queries_saved=self.saved.get(protocol.COUNT_QUERIES) if self.equal and verdict not in UNMEASURED else None,
            response_equal=self.equal if verdict not in UNMEASURED else None,
            why=". ".join(part for part in (why, self.experiment.note if verdict == "confirmed" else "") if part),
        )

    def _verdict(self, holds: bool) -> tuple[Verdict, str]:
        if self.stopped is not None:
            return self.stopped
        assert self.base is not None
        if self.experiment.fix in VALUE_CHANGING:
            return self._dependence()
        if self.equal is None:
            return "inconclusive", "equal runs of this request give different responses: nothing can be compared"
        if not self.equal:
            return "inconclusive", f"the response is another one with this fix: {self._places()}"
        if self.short:
            return "not applied", self.short
        return self._by_counts() if self.integers else self._by_clock(holds)

    def _dependence(self) -> tuple[Verdict, str]:
        if self.equal is None:
            return "inconclusive", "equal runs of this request give different responses: nothing can be compared"
        if self.comparison is not None and any(one.path == "status" for one in self.comparison.differences):
            return "inconclusive", f"the request fails with another result: {self._places()}"
        if not self.equal:
            return "refuted", f"the response depends on it: {self._places()}"
        return "confirmed", "the response is the same whatever this statement returns"

    def _places(self) -> str:
        assert self.comparison is not None
        found = self.comparison.differences
        named = ", ".join(f"{one.path} ({one.what})" for one in found[:SHOWN])
        return f"{named} and {len(found) - SHOWN} more places" if len(found) > SHOWN else named

    def _by_counts(self) -> tuple[Verdict, str]:
        shown = {name: word for name, word in WORDS.items() if name in INTEGERS or name in self.promised}
        fewer = [_many(self.saved[name], word) for name, word in shown.items() if self.saved.get(name, 0) > 0]
        counts = f"{' and '.join(fewer)} fewer, same response"
        saving = self.saving
        assert self.base is not None
        if saving is None:
            return "confirmed", f"{counts}; its seconds were not measured"
        if saving.high < -self.base.least.seconds:
            return "refuted", f"{counts}, but it takes {durations.text(-saving.seconds)} longer"
        if saving.low <= 0:
            return "confirmed", f"{counts}; the seconds it saves do not stand out from the noise"
        return "confirmed", counts

    def _by_clock(self, holds: bool) -> tuple[Verdict, str]:
        saving, base = self.saving, self.base
        assert base is not None
        if saving is None:
            return "inconclusive", "it saves no statement, and the time for its seconds was spent"
        margin = f"the margin of {durations.text(base.least.seconds)}"
        if holds:
            return "confirmed", "same response, and the gain is beyond the margin"
        if math.isinf(base.least.log):
            return "inconclusive", f"the request is too short to measure: {margin} is all of it"
        if saving.high < base.least.seconds and self.experiment.fidelity != "lower bound":
            return (
                "refuted",
                f"it saves no statement, and at most {durations.text(max(0.0, saving.high))}, below {margin}",
            )
        if saving.high < base.least.seconds:
            return "inconclusive", "it gives a lower bound only, which cannot refute; with --rtt it may show"
        between = f"between {_signed(saving.low)} and {_signed(saving.high)}"
        if saving.low > base.least.seconds:
            return "inconclusive", f"{between}, beyond {margin}; among so many trials that may be chance: more --budget"
        return "inconclusive", f"{between}: too near to {margin}"


def _many(number: int, word: str) -> str:
    return f"{number} {word}" if number == 1 else f"{number} {word}s"


def _signed(seconds: float) -> str:
    return f"-{durations.text(-seconds)}" if seconds < 0 else durations.text(seconds)
