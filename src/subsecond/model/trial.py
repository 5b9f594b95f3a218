"""Trials as they were run: what `trials.json` holds beyond the line that a finding carries. A plan is made from it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Literal

from subsecond.model.finding import Trial


@dataclass(frozen=True, slots=True, kw_only=True)
class Saving:
    """Seconds that a request takes less, with an interval of 95 %."""

    seconds: float
    low: float
    high: float


@dataclass(frozen=True, slots=True, kw_only=True)
class TrialRecord:
    """One trial with what its verdict rests on.

    `parameters` leave out what was learnt from the recording, which may be the user's data. `method`: `counts` (only
    integers were compared), `pairs` (ABBA pairs of base and fix), `screening` (each fix on in half of the runs of a
    design: the gain is then averaged over the other fixes on and off). `clock` of the verdict: CPU of the process
    and recorded waits, or the clock on the wall where the app waits for what is not recorded.
    """

    finding: str
    """Its id, such as F3; empty for a hypothesis of a person's own."""
    kind: str
    phase: int | None
    trial: Trial
    parameters: dict[str, Any] = field(default_factory=dict)
    method: Literal["counts", "pairs", "screening", "none"] = "none"
    clock: Literal["cpu and waits", "wall"] = "cpu and waits"
    base_seconds: float | None = None
    """A typical base run by the clock of the verdict."""
    wall: Saving | None = None
    """The gain by the clock on the wall, from the same pairs."""
    uncollected: float | None = None
    """The gain where garbage is not collected before each run: nearer to what a user notices, and noisier."""
    promised: dict[str, int] = field(default_factory=dict)
    saved: dict[str, int] = field(default_factory=dict)
    """Counts of the base less those of the fix; negative where the fix does more."""
    acted: int = 0
    floor: float | None = None
    """What seemed to be a difference between equal runs, as a share."""
    margin_seconds: float | None = None
    probability: float | None = None
    """Of such a gain where there is none beyond the margin; adjusted for looks, not for the other trials."""
    pairs: int = 0
    thrown: int = 0
    """Blocks left out because the machine drifted meanwhile."""
    points: tuple[tuple[float, float], ...] = ()
    """Seconds of base and fix by the clock of the verdict, of each pair in the order of their runs."""
    differences: tuple[str, ...] = ()
    """Places where the response was another one; no values."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MeasuredSet:
    """Several confirmed fixes at once on one request: what a plan may promise. Single gains are never added up."""

    request: str
    findings: tuple[str, ...]
    through_phase: int | None = None
    """It holds all confirmed findings up to this phase; None: all of them, of whatever phase."""
    base_seconds: float
    saving: Saving
    queries_before: int | None = None
    queries_after: int | None = None
    response_equal: bool
    estimate: bool = False
    """Holds a fix whose own gain is an estimate or a bound only."""
    shares: dict[str, float] = field(default_factory=dict)
    """Seconds of each finding in it: the mean of its gain alone and of the loss when it is left out."""
    left: dict[str, float] = field(default_factory=dict)
    """Where the seconds of a typical run of the set go: database, round trips, waiting, logs, garbage, python."""
    why: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class WeighedIndex:
    """A confirmed index against the others: what it gains beside what it costs."""

    findings: tuple[str, ...]
    index: str
    """For a reader: table, keys, condition."""
    seconds: float
    """What the statements of one run of each request take less with it alone."""
    bytes: int | None
    """Its room as built on the copy; None where the database does not tell."""
    write_seconds: float | None
    """What it adds to each row written to its table; None where that could not be tried."""
    kept: bool
    """Whether it belongs to the smallest set that is worth its price."""
    why: str = ""
    """Why it does not."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Untested:
    """A large group of repeated statements, or a large fetch, that no trial stands for, with its cost."""

    request: str
    fingerprint: str
    count: int
    rows: int | None
    seconds: float
    share: float | None
    file: str
    line: int
    function: str
    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Trials:
    """All trials of one audit, and what was left out."""

    version: int = 1
    isolation: str = ""
    """Whose data the trials ran on."""
    rtt_seconds: float | None = None
    """Added to each round trip to the database."""
    budget_seconds: float = 0.0
    spent_seconds: float = 0.0
    load: tuple[float, float] | None = None
    """The machine's load average before and after."""
    stolen: float | None = None
    """Share of the processors' time that the host kept for others meanwhile; None where it is not told."""
    trials: tuple[TrialRecord, ...] = ()
    sets: tuple[MeasuredSet, ...] = ()
    indexes: tuple[WeighedIndex, ...] = ()
    untested: tuple[Untested, ...] = ()
    notes: tuple[str, ...] = ()
