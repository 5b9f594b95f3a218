"""The report's plan: what to change, in which order, and what it gains."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from subsecond.model.attempt import Outcome
from subsecond.model.experiment import Fidelity
from subsecond.model.report_common import Spread, TimePart


@dataclass(frozen=True, slots=True, kw_only=True)
class Bar:
    """What a step takes off a request, from `before_ms` to `after_ms`, cumulative. `certain`: a trial measured it."""

    step: str
    before_ms: float
    after_ms: float
    certain: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class PlannedRequest:
    """A request now, with all confirmed fixes at once, and (None: never run) before and with the attempts kept.

    `measured_before_ms` and `measured_ms` were taken side by side, later than `now_ms`. `kept`: ids of its kept steps.
    """

    request: str
    now_ms: float
    predicted: Spread | None = None
    measured_before_ms: float | None = None
    measured_ms: float | None = None
    queries_measured: int | None = None
    kept: tuple[str, ...] = ()
    queries_now: int | None = None
    queries_predicted: int | None = None
    estimate: bool = False
    meets_goal: bool | None = None
    time: tuple[TimePart, ...] = ()
    bars: tuple[Bar, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanStep:
    """One change that can be shipped alone. `outcome`: of its last attempt, None where there was none."""

    id: str
    phase: int | None
    finding: str
    kind: str
    title: str
    place: int
    requests: tuple[str, ...]
    gain_ms: float | None
    fidelity: Fidelity | None
    proof: Literal["trial", "attempt"]
    queries_saved: int | None = None
    predicted_ms: dict[str, float] = field(default_factory=dict)
    risk: str = ""
    measure: str = ""
    revert: str = ""
    outcome: Outcome | None = None
    attempt: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Phase:
    """A phase of the plan; `number` None: outside the database."""

    number: int | None
    title: str


@dataclass(frozen=True, slots=True, kw_only=True)
class LeftOut:
    """A finding without a step, and why."""

    finding: str
    kind: str
    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """The plan of the audit."""

    goal_ms: float | None
    phases: tuple[Phase, ...]
    requests: tuple[PlannedRequest, ...] = ()
    steps: tuple[PlanStep, ...] = ()
    left_out: tuple[LeftOut, ...] = ()
    notes: tuple[str, ...] = ()
