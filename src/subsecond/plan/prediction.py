"""Predicted seconds of an endpoint from sets that were measured. Single gains are never added up."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from statistics import median

from subsecond.model.audit import RequestResult
from subsecond.model.finding import Finding
from subsecond.model.trial import MeasuredSet, Trials

IN_THE_APP = ("database", "pool", "calls", "logs", "garbage", "python")
"""The shares of a request that its recording tells apart."""


@dataclass(frozen=True, slots=True)
class Measured:
    """What the trials say of one request: its sets, the whole first."""

    now: float
    sets: tuple[MeasuredSet, ...]

    @property
    def whole(self) -> MeasuredSet | None:
        """All confirmed fixes at once."""
        return next((one for one in self.sets if one.through_phase is None and one.response_equal), None)

    def seconds_after(self, saved: float) -> float:
        """Seconds left when `saved` seconds of the set's base are gone: the trials' clock leaves out what is not the
        app's, so the saving counts as a share."""
        whole = self.whole
        assert whole is not None
        return self.now * (1 - min(saved / whole.base_seconds, 1.0))

    def remains(self, predicted: float) -> dict[str, float]:
        """Where `predicted` seconds go once all confirmed fixes are made: by the runs of the whole set, as shares."""
        left = self.whole.left if self.whole is not None else {}
        total = sum(left.values())
        return {name: round(predicted * seconds / total, 6) for name, seconds in left.items()} if total else {}

    def after(self, done: Sequence[Finding]) -> float | None:
        """Seconds after these confirmed findings are mended, phase by phase; None where it was not measured."""
        whole = self.whole
        if whole is None:
            return None
        members = {one.id: one for one in done if one.id in whole.findings}
        if len(members) == len(whole.findings):
            return self.seconds_after(whole.saving.seconds)
        shares = whole.shares
        if any(one not in shares for one in whole.findings):  # the budget ended before each was left out once
            return None
        total = sum(shares.values())
        scale = whole.saving.seconds / total if total > 0 else 0.0
        return self.seconds_after(scale * sum(shares[one] for one in members))


def measured(result: RequestResult, trials: Trials | None) -> Measured:
    """The sets of one request that was timed, and its seconds now.

    Those are the recorded ones; where the trials added a round trip to the database, they are of the trials' base runs,
    so that what a step saves and what it is saved from belong together.
    """
    assert result.seconds is not None
    now = result.seconds.median
    found = Measured(now, tuple(one for one in trials.sets if one.request == result.name) if trials else ())
    if trials is None or not trials.rtt_seconds:
        return found
    tried = [one.base_seconds for one in trials.trials if one.trial.request == result.name and one.base_seconds]
    base = found.whole.base_seconds if found.whole else median(tried) if tried else 0.0
    return replace(found, now=max(now, base + outside(result))) if base else found


def outside(result: RequestResult) -> float:
    """Seconds of a request that its app does not know of: server, sending and receiving."""
    if result.shares is None or result.seconds is None:
        return 0.0
    return max(0.0, result.seconds.median - float(sum(getattr(result.shares, name) for name in IN_THE_APP)))
