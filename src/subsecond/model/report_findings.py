"""The report's findings, with their trials, patches and manual pages."""

from __future__ import annotations

from dataclasses import dataclass, field

from subsecond.model.experiment import Fidelity
from subsecond.model.finding import Verdict
from subsecond.model.report_common import Spread


@dataclass(frozen=True, slots=True, kw_only=True)
class Trial:
    """An experiment on a finding. `points`: pairs of one run of the base and one of the fix, by the clock of the
    verdict; empty where no pairs were run or kept. `saved`, `promised`: counts by their names."""

    request: str
    virtual_fix: str
    verdict: Verdict
    why: str
    fidelity: Fidelity | None = None
    gain: Spread | None = None
    base_ms: float | None = None
    queries_saved: int | None = None
    response_equal: bool | None = None
    method: str = ""
    clock: str = ""
    points: tuple[tuple[float, float], ...] = ()
    promised: dict[str, int] = field(default_factory=dict)
    saved: dict[str, int] = field(default_factory=dict)
    differences: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Patch:
    """A proposed or tried change as a diff. `by`: who proposed it; `why_none`: why nobody could (then no HTML)."""

    by: str
    patch_html: str = ""
    why_none: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One bottleneck. `verdict`, `gain`, `queries_saved`: of the trial that says most, None where none was run, and
    `gain` too where its seconds do not stand out. `cause`: where the change belongs, if elsewhere. `code`: keys of
    excerpts, the call site's first. `patch` None: none was asked for."""

    id: str
    key: str
    kind: str
    phase: int | None
    title: str
    request: str
    requests: tuple[str, ...]
    place: int
    cause: int | None = None
    queries: int = 0
    ms: float | None = None
    share: float | None = None
    growth: float | None = None
    evidence: tuple[str, ...] = ()
    verdict: Verdict | None = None
    gain: Spread | None = None
    queries_saved: int | None = None
    trials: tuple[Trial, ...] = ()
    untestable: str = ""
    code: tuple[str, ...] = ()
    statements: tuple[int, ...] = ()
    patch: Patch | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Manual:
    """The manual page of a kind."""

    title: str
    page_html: str
