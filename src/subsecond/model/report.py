"""The report: everything that the page shows, as plain data. The page's contract, so also its JSON Schema.

Times are milliseconds (`…_us`: whole microseconds), counts whole numbers, what was not measured None. All text is text,
recorded or ours, and inert; only fields whose name ends in `_html` hold HTML, made by the report's highlighter alone.
Requests are named by their `id` (a word that fits into a URL), places and statements by their index in the tables of
the whole report, arrows and boxes by ids within their view.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from subsecond.model.attempt import Outcome
from subsecond.model.experiment import Fidelity
from subsecond.model.explained import PlanNode
from subsecond.model.finding import Verdict
from subsecond.model.lifecycle import Sort, What
from subsecond.model.proof import Verdict as GateWord

VERSION = 1
Side = Literal["now", "legacy", "optimised"]
"""`now` where there is one audit alone; with a second to compare, the first is `legacy`, the second `optimised`."""
Change = Literal["same", "removed", "added"]
"""Against the other side: `removed` is drawn as a ghost in the optimised view."""
BoxKind = Literal["person", "external", "container", "component", "session", "database", "table", "cache"]
Basis = Literal["measured", "predicted"]


# --- tables that the rest points into ---------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """A line of code."""

    file: str
    line: int
    function: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Excerpt:
    """Lines of source around a place; `marked` is the line it is about, `html` one highlighted block of all lines."""

    file: str
    first: int
    marked: int
    code_html: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Statement:
    """A statement without its values, cut at 2,048 characters; `sql_html` the same pretty-printed."""

    text: str
    sql_html: str
    operation: str
    tables: tuple[str, ...] = ()
    """The one it is about first."""
    plan: tuple[PlanNode, ...] = ()
    plan_note: str = ""


# --- overview ---------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Spread:
    """Median with its interval of 95 %, in milliseconds."""

    median: float
    low: float
    high: float


TimeKey = Literal["database", "round_trips", "python", "logs", "external", "waiting", "garbage", "outside"]


@dataclass(frozen=True, slots=True, kw_only=True)
class TimePart:
    """A part of a request's time, for the stacked bar. `note` says how it was found where that is not plain."""

    key: TimeKey
    label: str
    ms: float
    note: str = ""


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
    """`headline`: one sentence with the numbers that matter. `few`: ids of the findings that matter most."""

    headline: str
    comparisons: tuple[Comparison, ...] = ()
    few: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()


# --- architecture -----------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Boundary:
    """A frame. `technology` stands in brackets under its title; `parent` the frame around it."""

    id: str
    title: str
    technology: str
    parent: str | None
    x: int
    y: int
    width: int
    height: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Box:
    """A thing of a diagram. `word`: its C4 word, for the second line; `detail`: technology or `file:line`.

    `description`: a sentence (from `subsecond.toml`, or ours). `calls` and `ms`: how often it ran, and its time with
    what it calls; None where that says nothing. `code`: key of an excerpt. `statements`: indices. `optional`: not seen
    to run in this request. `folded`: names of what was folded into it.
    """

    id: str
    kind: BoxKind
    title: str
    word: str
    detail: str
    boundary: str | None
    x: int
    y: int
    width: int
    height: int
    description: str = ""
    calls: int | None = None
    ms: float | None = None
    place: int | None = None
    code: str | None = None
    statements: tuple[int, ...] = ()
    findings: tuple[str, ...] = ()
    folded: tuple[str, ...] = ()
    optional: bool = False
    change: Change = "same"
    note: str = ""
    """A remark to draw at the box: "no database hit (cached)"."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Arrow:
    """A call, drawn along `points` (x, y; the last is the head). `badge`: middle of the place for its caption.

    `caption` is what stands at the badge's place (`×12 · 36 ms`), room is left for it; empty: nothing does. `count` 0:
    how often is not known. `spans`: index of the first and of the last span in the request's waterfall, empty where no
    span stands for it.
    `optional`: dashed, a path that was seen in the code and not run.
    """

    id: str
    source: str
    target: str
    label: str
    count: int
    ms: float | None
    points: tuple[tuple[int, int], ...]
    badge: tuple[int, int]
    caption: str = ""
    spans: tuple[int, ...] = ()
    statements: tuple[int, ...] = ()
    findings: tuple[str, ...] = ()
    optional: bool = False
    change: Change = "same"


@dataclass(frozen=True, slots=True, kw_only=True)
class ViewStep:
    """What happens next, in recorded order: `times` runs along one arrow. `start_ms` from the request's begin to `ms`
    later: of all runs folded into it. `text`: the whole step for the list, without its number."""

    arrow: str
    times: int
    start_ms: float
    ms: float
    text: str
    place: int | None = None
    spans: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class CalloutLine:
    """`boxes`: ids in the view that it speaks of."""

    text: str
    finding: str | None = None
    boxes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Callout:
    """A box beside the diagram: its lines each come from the recording, a finding, a trial or a verdict."""

    sort: Literal["sessions", "loops", "bottlenecks", "wins"]
    title: str
    lines: tuple[CalloutLine, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class View:
    """A C4 diagram with positions, in px of its own; `ms`: of the recorded request, for the clock of the player.

    `pair`: id of the same view of the other side; a pair's rows have one order, so that the eye can compare. `left_out`
    says in a sentence what was folded away. `title` is what stands on its tab.
    """

    id: str
    kind: Literal["context", "containers", "flow"]
    title: str
    side: Side
    request: str | None
    width: int
    height: int
    boundaries: tuple[Boundary, ...]
    boxes: tuple[Box, ...]
    arrows: tuple[Arrow, ...]
    steps: tuple[ViewStep, ...] = ()
    ms: float | None = None
    pair: str | None = None
    callouts: tuple[Callout, ...] = ()
    left_out: str = ""
    mermaid: str = ""
    """The same as Mermaid C4, for a reader to take away."""


# --- waterfall --------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Spans:
    """Spans by columns, all of one length, in recorded order. -1: none.

    `name`, `label` index `Report.words` (`label`: the service and path called, the relation that was loaded, the
    logger …), `place` and `statement` the report's tables, `parent` these columns.
    """

    name: tuple[int, ...] = ()
    label: tuple[int, ...] = ()
    start_us: tuple[int, ...] = ()
    duration_us: tuple[int, ...] = ()
    parent: tuple[int, ...] = ()
    place: tuple[int, ...] = ()
    statement: tuple[int, ...] = ()
    rows: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Flame:
    """CPU time of own code by chains of calls, by columns, parents before children. -1: no parent.

    `word` indexes `Report.words`, `place` the report's places (-1: the packages below own code). `own_us`: without
    what it calls. Profiled apart from the clock: its whole differs from the request's time.
    """

    how: str
    total_us: int
    word: tuple[int, ...] = ()
    place: tuple[int, ...] = ()
    parent: tuple[int, ...] = ()
    start_us: tuple[int, ...] = ()
    duration_us: tuple[int, ...] = ()
    own_us: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Waterfall:
    """One recorded run. `marks`: finding id -> indices of the spans that it stands on. `left_out`: spans beyond the
    cap of the page."""

    request: str
    side: Side
    total_us: int
    spans: Spans
    marks: dict[str, tuple[int, ...]] = field(default_factory=dict)
    left_out: int = 0
    flame: Flame | None = None


# --- findings ---------------------------------------------------------------------------------------------------------


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
    """One bottleneck. `verdict` and `gain`: of its best trial, None where none was run. `cause`: where the change
    belongs, if elsewhere. `code`: keys of excerpts, the call site's first. `patch` None: none was asked for."""

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


# --- plan -------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Bar:
    """What a step takes off a request, from `before_ms` to `after_ms`, cumulative. `certain`: a trial measured it."""

    step: str
    before_ms: float
    after_ms: float
    certain: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class PlannedRequest:
    """A request now, with all confirmed fixes at once, and (None: never run) after the attempts that were kept."""

    request: str
    now_ms: float
    predicted: Spread | None = None
    measured_ms: float | None = None
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


# --- proof and ledger -------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """A promise of a response that the candidate breaks: `path` of the field, the values abridged and redacted."""

    path: str
    what: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Gate:
    """What one gate said. `curl`: the smallest request that shows a failure, as a command."""

    name: str
    verdict: GateWord
    why: str
    evidence: tuple[str, ...] = ()
    ms: float = 0.0
    curl: str | None = None
    differences: tuple[Difference, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempt:
    """One patch that was put through the gates."""

    number: int
    step: str
    finding: str
    kind: str
    proposer: str
    outcome: Outcome
    why: str
    base: str
    commit: str | None = None
    ms: float | None = None
    gates: tuple[Gate, ...] = ()
    patch_html: str = ""
    culprit_html: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Constraint:
    """What a failed attempt taught, or a person stated."""

    rule: str
    text: str
    because: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Ledger:
    """Attempts in order. `result`: commit with everything kept on top of `base`, None where `optimize` did not end."""

    attempts: tuple[Attempt, ...] = ()
    constraints: tuple[Constraint, ...] = ()
    base: str | None = None
    result: str | None = None


# --- the whole --------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """All of it. `plan` None: `subsecond plan` was not run; `ledger` None: nothing was attempted.

    `compared`: name of the second audit, None without one. `live`: the page is served and asks `data` for news.
    `tried`: trials were run (else findings are suspicions).
    """

    version: int = VERSION
    name: str
    compared: str | None = None
    live: bool = False
    tried: bool = False
    places: tuple[Place, ...] = ()
    words: tuple[str, ...] = ()
    statements: tuple[Statement, ...] = ()
    excerpts: dict[str, Excerpt] = field(default_factory=dict)
    requests: tuple[Request, ...] = ()
    overview: Overview
    views: tuple[View, ...] = ()
    waterfalls: tuple[Waterfall, ...] = ()
    findings: tuple[Finding, ...] = ()
    manual: dict[str, Manual] = field(default_factory=dict)
    plan: Plan | None = None
    ledger: Ledger | None = None
