"""Predicted seconds of an endpoint from sets that were measured. Single gains are never added up."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from subsecond.model.finding import Finding
from subsecond.model.trial import MeasuredSet, Trials


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
        if any(one not in shares for one in members):
            return None
        total = sum(shares.values())
        scale = whole.saving.seconds / total if total > 0 else 0.0
        return self.seconds_after(scale * sum(shares[one] for one in members))


def measured(now: float, request: str, trials: Trials | None) -> Measured:
    """The sets of one request."""
    return Measured(now, tuple(one for one in trials.sets if one.request == request) if trials else ())
