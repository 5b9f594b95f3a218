"""The JSON of `subsecond audit`: fixed for everyone who scripts against us."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from subsecond.model.finding import Finding
from subsecond.model.lifecycle import Lifecycle


@dataclass(frozen=True, slots=True, kw_only=True)
class Interval:
    """Median seconds with its interval (distribution-free, from order statistics)."""

    median: float
    low: float
    high: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Shares:
    """Where a request's recorded seconds went; they add up to the request's own time in the app."""

    database: float
    pool: float
    logs: float
    garbage: float
    python: float
    """The rest: the app's own code, the ORM, the framework."""
    calls: float = 0.0
    """Waiting for other services and key-value stores."""


@dataclass(frozen=True, slots=True, kw_only=True)
class QueryGroup:
    """The statements of one fingerprint from one chain of own frames."""

    fingerprint: str
    count: int
    rows: int | None
    seconds: float
    file: str
    line: int
    function: str
    chain: tuple[str, ...] = ()
    """`file:line function`, innermost first, for a reader."""
    lazy_load: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestResult:
    """One request of the target as measured. What was not measured is None."""

    name: str
    method: str
    url: str
    status: int | None
    seconds: Interval | None
    queries: int | None = None
    sessions: int | None = None
    """Connection check-outs."""
    session_sites: int | None = None
    """Places in the code that open one."""
    rows: int | None = None
    runs: int = 0
    recording_added: float | None = None
    """Recorded seconds divided by timed seconds, minus 1; None too where equal runs differ as much."""
    shares: Shares | None = None
    groups: tuple[QueryGroup, ...] = ()
    error: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Audit:
    """The whole outcome of one audit."""

    version: int = 1
    requests: tuple[RequestResult, ...] = ()
    findings: tuple[Finding, ...] = ()
    notes: tuple[str, ...] = field(default=())
    """What a reader must know: the server that was started, hooks that switched themselves off."""
    lifecycles: tuple[Lifecycle, ...] = ()
    """Of each request that was recorded: what happens in which order, and what would remain of it."""

    def for_scripts(self) -> Audit:
        """What `--json` prints: without the experiments, which are the tool's own."""
        return replace(self, findings=tuple(replace(one, experiments=()) for one in self.findings))
