"""A finding: one bottleneck, as its detector saw it. Never changed after it was made."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal, get_args

from subsecond.model.experiment import Experiment, Fidelity

Verdict = Literal["confirmed", "refuted", "inconclusive", "not applied", "not testable"]
VERDICTS: tuple[Verdict, ...] = get_args(Verdict)
"""What says most comes first."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """A line of the user's code."""

    file: str
    line: int
    function: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Trial:
    """The experiment on a finding for one request; null where nothing was measured.

    `gain_seconds` with its 95 % interval is in seconds of the request; `queries_saved` counts statements.
    """

    request: str
    virtual_fix: str
    verdict: Verdict
    fidelity: Fidelity | None = None
    gain_seconds: float | None = None
    low: float | None = None
    high: float | None = None
    queries_saved: int | None = None
    response_equal: bool | None = None
    why: str = ""

    @property
    def stands_out(self) -> bool:
        """Whether its interval says that it saves seconds; a change that is confirmed on counts need not."""
        return self.low is not None and self.low > 0

    @property
    def proven_seconds(self) -> float:
        """What it saves where that stands out, else nothing."""
        return (self.gain_seconds or 0.0) if self.stands_out else 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One bottleneck: kind, call site, cause (None: the call site itself), evidence.

    `request` is where it costs most, `requests` all it was seen in; `queries` its statements and `seconds`
    their time there, `share` that time in the request's median seconds (0 to 1), both None where the cost
    shows only under load. `key` links the same finding over audits.
    """

    id: str
    key: str
    kind: str
    phase: int | None
    request: str
    requests: tuple[str, ...]
    title: str
    file: str
    line: int
    function: str
    cause: Place | None = None
    queries: int = 0
    seconds: float | None = None
    share: float | None = None
    growth: float | None = None
    evidence: tuple[str, ...] = ()
    """Lines for a reader: statement, counts, the other places involved."""
    fingerprint: str = ""
    """What its detector told it apart by: the statement's fingerprint, the relation …"""
    experiments: tuple[Experiment, ...] = ()
    """How it could be proven, the best first; none where `untestable` says why."""
    untestable: str = ""
    saves: dict[str, dict[str, int]] = field(default_factory=dict)
    """Of what no experiment can show: counts that its change lowers for certain, by request, as `Experiment.saves`."""
    trials: tuple[Trial, ...] = field(default=())

    @property
    def telling(self) -> Trial | None:
        """The trial that says most: by its verdict, by seconds that stand out, on the request of the finding's own
        figures, by statements; None where nothing was tried."""
        return min(self.trials, key=self._says_most, default=None)

    def _says_most(self, one: Trial) -> tuple[int, float, bool, int]:
        own = one.request == self.request
        return VERDICTS.index(one.verdict), -one.proven_seconds, not own, -(one.queries_saved or 0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Suspicion:
    """What a detector yields for one route: a finding before it has a number, a share and its requests merged."""

    kind: str
    phase: int | None
    request: str
    title: str
    site: Place
    cause: Place | None = None
    cause_symbol: str | None = None
    """`Class.attribute` where the cause stands; the stage looks its line up in the project's source."""
    fingerprint: str = ""
    """What, with kind, file and function, makes two sightings the same finding."""
    queries: int = 0
    seconds: float | None = None
    """Seconds of the recorded request that went into it; None where the cost shows only under load."""
    evidence: tuple[str, ...] = ()
    experiments: tuple[Experiment, ...] = ()
    """How it could be proven, the best first."""
    untestable: str = ""
    """Why it has no experiment; one of the two is given."""
    saves: dict[str, dict[str, int]] = field(default_factory=dict)
    """As `Finding.saves`, of this request."""
    inside: frozenset[tuple[str, str]] = frozenset()
    """(file, function) of all functions that its work is part of, where a detector knows them."""
