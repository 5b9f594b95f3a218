"""The report's overview: each request as it was measured, and before and after."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from subsecond.model.lifecycle import Sort, What
from subsecond.model.report_common import Side, Spread, TimePart

Basis = Literal["measured", "predicted"]


@dataclass(frozen=True, slots=True, kw_only=True)
class LifeStep:
    """One thing that happens in a request, indented by `depth`, in recorded order; `ms` summed over its `times`."""

    depth: int
    what: What
    title: str
    place: int | None
    start_ms: float
    ms: float
    times: int = 1
    rows: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Need:
    """What the request cannot do without."""

    sort: Sort
    name: str
    calls: int
    ms: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Remaining:
    """Statements of one text and place: how many there are, how many would be left, and why."""

    title: str
    place: int
    now: int
    then: int
    why: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Design:
    """What would remain of a request once all findings were mended."""

    statements_now: int
    statements_then: int
    sessions_now: int
    sessions_then: int
    logs_now: int
    logs_then: int
    calls_now: int
    statements: tuple[Remaining, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """One request (or job of a worker) as one side measured it.

    `findings`: ids, the costliest first. `error`: why it failed, else None. `shown`: its time bar, which adds up to
    the median.
    """

    id: str
    name: str
    side: Side
    method: str
    url: str
    status: int | None
    ms: Spread | None
    runs: int = 0
    queries: int | None = None
    sessions: int | None = None
    session_sites: int | None = None
    rows: int | None = None
    recording_added: float | None = None
    time: tuple[TimePart, ...] = ()
    life: tuple[LifeStep, ...] = ()
    needs: tuple[Need, ...] = ()
    findings: tuple[str, ...] = ()
    design: Design | None = None
    error: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """A line of the table before and after. `unit` of both: `ms` or a count. `note`: what the number counts."""

    key: str
    label: str
    unit: Literal["ms", "count"]
    before: float | None
    after: float | None
    note: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """A request before and after. `basis` of the after column: another audit or kept attempts (`measured`), or all
    confirmed fixes at once (`predicted`); `source` says it in a sentence."""

    request: str
    basis: Basis
    source: str
    rows: tuple[Row, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Overview:
    """`headline`: one sentence with the numbers that matter; `request`: whom it is about, None where nobody was
    measured. `few`: ids of the findings that matter most. `rtt_ms`: what trials added to each round trip to the
    database, None where nothing; times of requests are without it."""

    headline: str
    comparisons: tuple[Comparison, ...] = ()
    few: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    rtt_ms: float | None = None
    request: str | None = None
