"""The plan: findings as ordered steps in phases 0 to 5, what each is expected to bring, and whether that is enough."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from subsecond.model.experiment import Fidelity


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One change that can be shipped, measured and taken back alone.

    `proof`: `trial` where a trial confirmed it; `attempt` where only the change itself can prove it: its gain is
    then an upper bound, what the finding costs now, and counts towards no prediction. None: nothing is known.
    """

    id: str
    phase: int | None
    finding: str
    kind: str
    title: str
    file: str
    line: int
    """Of the cause, where the change belongs."""
    requests: tuple[str, ...]
    gain_seconds: float | None
    """On the request where the finding costs most: its share of all confirmed fixes at once."""
    gain_low: float | None = None
    gain_high: float | None = None
    """What fresh starts of both sides will show of a trial's gain, as an interval of 95 %: wider than the trial's own,
    since equal code differs from process to process."""
    fidelity: Fidelity | None
    proof: Literal["trial", "attempt"]
    queries_saved: int | None = None
    predicted: dict[str, float] = field(default_factory=dict)
    """Seconds of each endpoint after this step and all before it; left out where that was not measured."""
    risk: str
    measure: str
    """How to see whether it did what it should."""
    revert: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Endpoint:
    """One request: its seconds now, and with all confirmed fixes at once (None: they were not tried together)."""

    now_seconds: float
    predicted_seconds: float | None
    low: float | None = None
    high: float | None = None
    queries_now: int | None = None
    queries_predicted: int | None = None
    estimate: bool = False
    """Rests on a gain that is an estimate or a bound only."""
    meets_goal: bool | None = None
    spent: dict[str, float] = field(default_factory=dict)
    """Where its seconds go now: database, pool, logs, garbage, python, and outside the app."""
    remains: dict[str, float] = field(default_factory=dict)
    """Where the predicted seconds go, by the set that was measured, in an endpoint that misses the goal: database,
    round trips (where the arm added their delay; else they are the database's), waiting, logs, garbage, python."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LeftOut:
    """A finding without a step, and why."""

    finding: str
    kind: str
    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """The whole plan of one audit."""

    version: int = 1
    goal_seconds: float | None
    endpoints: dict[str, Endpoint] = field(default_factory=dict)
    steps: tuple[Step, ...] = ()
    left_out: tuple[LeftOut, ...] = ()
    notes: tuple[str, ...] = ()
