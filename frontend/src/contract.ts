// Made from the report's JSON Schema by contract.mjs; do not edit.
// schema sha256 869536da3424e4de4277ef5dd628cf1bee572a4597a643fbe0ad979900b146a2

/**
 * All of it. `plan` None: `subsecond plan` was not run; `ledger` None: nothing was attempted.
 *
 *     `compared`: name of the second audit, None without one. `live`: the page is served and asks `data` for news.
 *     `tried`: trials were run (else findings are suspicions).
 */
export interface Report {
  compared: string | null;
  excerpts: {
    [k: string]: Excerpt;
  };
  findings: Finding[];
  ledger: Ledger | null;
  live: boolean;
  manual: {
    [k: string]: Manual;
  };
  name: string;
  overview: Overview;
  places: Place[];
  plan: Plan | null;
  requests: Request[];
  statements: Statement[];
  tried: boolean;
  version: number;
  views: View[];
  waterfalls: Waterfall[];
  words: string[];
}
/**
 * Lines of source around a place; `marked` is the line it is about, `html` one highlighted block of all lines.
 */
export interface Excerpt {
  code_html: string;
  file: string;
  first: number;
  marked: number;
}
/**
 * One bottleneck. `verdict`, `gain`, `queries_saved`: of the trial that says most, None where none was run, and
 *     `gain` too where its seconds do not stand out. `cause`: where the change belongs, if elsewhere. `code`: keys of
 *     excerpts, the call site's first. `patch` None: none was asked for.
 */
export interface Finding {
  cause: number | null;
  code: string[];
  evidence: string[];
  gain: Spread | null;
  growth: number | null;
  id: string;
  key: string;
  kind: string;
  ms: number | null;
  patch: Patch | null;
  phase: number | null;
  place: number;
  queries: number;
  queries_saved: number | null;
  request: string;
  requests: string[];
  share: number | null;
  statements: number[];
  title: string;
  trials: Trial[];
  untestable: string;
  verdict: ("confirmed" | "inconclusive" | "not applied" | "not testable" | "refuted") | null;
}
/**
 * Median with its interval of 95 %, in milliseconds.
 */
export interface Spread {
  high: number;
  low: number;
  median: number;
}
/**
 * A proposed or tried change as a diff. `by`: who proposed it; `why_none`: why nobody could (then no HTML).
 */
export interface Patch {
  by: string;
  patch_html: string;
  why_none: string;
}
/**
 * An experiment on a finding. `points`: pairs of one run of the base and one of the fix, by the clock of the
 *     verdict; empty where no pairs were run or kept. `saved`, `promised`: counts by their names.
 */
export interface Trial {
  base_ms: number | null;
  clock: string;
  differences: string[];
  fidelity: ("estimate" | "lower bound" | "measured" | "upper bound") | null;
  gain: Spread | null;
  method: string;
  points: [number, number][];
  promised: {
    [k: string]: number;
  };
  queries_saved: number | null;
  request: string;
  response_equal: boolean | null;
  saved: {
    [k: string]: number;
  };
  verdict: "confirmed" | "inconclusive" | "not applied" | "not testable" | "refuted";
  virtual_fix: string;
  why: string;
}
/**
 * Attempts in order. `result`: commit with everything kept on top of `base`, None where `optimize` did not end.
 */
export interface Ledger {
  attempts: Attempt[];
  base: string | null;
  constraints: Constraint[];
  result: string | null;
}
/**
 * One patch that was put through the gates.
 */
export interface Attempt {
  base: string;
  commit: string | null;
  culprit_html: string;
  finding: string;
  gates: Gate[];
  kind: string;
  ms: number | null;
  number: number;
  outcome: "kept" | "lost" | "refused" | "reverted" | "running";
  patch_html: string;
  proposer: string;
  step: string;
  why: string;
}
/**
 * What one gate said. `curl`: the smallest request that shows a failure, as a command.
 */
export interface Gate {
  curl: string | null;
  differences: Difference[];
  evidence: string[];
  ms: number;
  name: string;
  verdict: "failed" | "no verdict" | "not applicable" | "passed";
  why: string;
}
/**
 * A promise of a response that the candidate breaks: `path` of the field, `what` differs, both values masked.
 */
export interface Difference {
  base: string;
  candidate: string;
  path: string;
  what: string;
}
/**
 * What a failed attempt taught, or a person stated.
 */
export interface Constraint {
  because: string;
  rule: string;
  text: string;
}
/**
 * The manual page of a kind.
 */
export interface Manual {
  page_html: string;
  title: string;
}
/**
 * `headline`: one sentence with the numbers that matter; `request`: whom it is about, None where nobody was
 *     measured. `few`: ids of the findings that matter most. `rtt_ms`: what trials added to each round trip to the
 *     database, None where nothing; times of requests are without it.
 */
export interface Overview {
  comparisons: Comparison[];
  few: string[];
  headline: string;
  notes: string[];
  request: string | null;
  rtt_ms: number | null;
}
/**
 * A request before and after. `basis` of the after column: another audit or kept attempts (`measured`), or all
 *     confirmed fixes at once (`predicted`); `source` says it in a sentence.
 */
export interface Comparison {
  basis: "measured" | "predicted";
  request: string;
  rows: Row[];
  source: string;
}
/**
 * A line of the table before and after. `unit` of both: `ms` or a count. `note`: what the number counts.
 */
export interface Row {
  after: number | null;
  before: number | null;
  key: string;
  label: string;
  note: string;
  unit: "count" | "ms";
}
/**
 * A line of code.
 */
export interface Place {
  file: string;
  function: string;
  line: number;
}
/**
 * The plan of the audit.
 */
export interface Plan {
  goal_ms: number | null;
  left_out: LeftOut[];
  notes: string[];
  phases: Phase[];
  requests: PlannedRequest[];
  steps: PlanStep[];
}
/**
 * A finding without a step, and why.
 */
export interface LeftOut {
  finding: string;
  kind: string;
  why: string;
}
/**
 * A phase of the plan; `number` None: outside the database.
 */
export interface Phase {
  number: number | null;
  title: string;
}
/**
 * A request now, with all confirmed fixes at once, and (None: never run) before and with the attempts kept.
 *
 *     `measured_before_ms` and `measured_ms` were taken side by side, later than `now_ms`. `kept`: ids of its kept steps.
 */
export interface PlannedRequest {
  bars: Bar[];
  estimate: boolean;
  kept: string[];
  measured_before_ms: number | null;
  measured_ms: number | null;
  meets_goal: boolean | null;
  now_ms: number;
  predicted: Spread | null;
  queries_measured: number | null;
  queries_now: number | null;
  queries_predicted: number | null;
  request: string;
  time: TimePart[];
}
/**
 * What a step takes off a request, from `before_ms` to `after_ms`, cumulative. `certain`: a trial measured it.
 */
export interface Bar {
  after_ms: number;
  before_ms: number;
  certain: boolean;
  step: string;
}
/**
 * A part of a request's time, for the stacked bar. `note` says how it was found where that is not plain.
 */
export interface TimePart {
  key: "database" | "external" | "garbage" | "logs" | "outside" | "python" | "round_trips" | "waiting";
  label: string;
  ms: number;
  note: string;
}
/**
 * One change that can be shipped alone. `outcome`: of its last attempt, None where there was none.
 */
export interface PlanStep {
  attempt: number | null;
  fidelity: ("estimate" | "lower bound" | "measured" | "upper bound") | null;
  finding: string;
  gain_ms: number | null;
  id: string;
  kind: string;
  measure: string;
  outcome: ("kept" | "lost" | "refused" | "reverted" | "running") | null;
  phase: number | null;
  place: number;
  predicted_ms: {
    [k: string]: number;
  };
  proof: "attempt" | "trial";
  queries_saved: number | null;
  requests: string[];
  revert: string;
  risk: string;
  title: string;
}
/**
 * One request (or job of a worker) as one side measured it.
 *
 *     `findings`: ids, the costliest first. `error`: why it failed, else None. `shown`: its time bar, which adds up to
 *     the median.
 */
export interface Request {
  design: Design | null;
  error: string | null;
  findings: string[];
  id: string;
  life: LifeStep[];
  method: string;
  ms: Spread | null;
  name: string;
  needs: Need[];
  queries: number | null;
  recording_added: number | null;
  rows: number | null;
  runs: number;
  session_sites: number | null;
  sessions: number | null;
  side: "legacy" | "now" | "optimised";
  status: number | null;
  time: TimePart[];
  url: string;
}
/**
 * What would remain of a request once all findings were mended.
 */
export interface Design {
  calls_now: number;
  logs_now: number;
  logs_then: number;
  sessions_now: number;
  sessions_then: number;
  statements: Remaining[];
  statements_now: number;
  statements_then: number;
}
/**
 * Statements of one text and place: how many there are, how many would be left, and why.
 */
export interface Remaining {
  now: number;
  place: number;
  then: number;
  title: string;
  why: string;
}
/**
 * One thing that happens in a request, indented by `depth`, in recorded order; `ms` summed over its `times`.
 */
export interface LifeStep {
  depth: number;
  ms: number;
  place: number | null;
  rows: number | null;
  start_ms: number;
  times: number;
  title: string;
  what: "function" | "http" | "key_value" | "log" | "query" | "rest" | "session";
}
/**
 * What the request cannot do without.
 */
export interface Need {
  calls: number;
  ms: number;
  name: string;
  sort: "key-value store" | "logger" | "service" | "table";
}
/**
 * A statement without its values, cut at 2,048 characters; `sql_html` the same pretty-printed.
 */
export interface Statement {
  operation: string;
  plan: PlanNode[];
  plan_note: string;
  sql_html: string;
  tables: string[];
  text: string;
}
/**
 * A node of a database's plan, in the order and depth in which EXPLAIN prints it.
 *
 *     `share`: of the plan's whole cost, its own without its children, 0 to 1. `slow`: the node that costs most, or, where
 *     the database tells no costs, one that reads a whole table. `detail`: conditions, without values.
 */
export interface PlanNode {
  cost: number | null;
  depth: number;
  detail: string;
  label: string;
  rows: number | null;
  share: number | null;
  slow: boolean;
}
/**
 * A C4 diagram with positions, in px of its own; `ms`: of the recorded request, for the clock of the player.
 *
 *     `pair`: id of the same view of the other side; a pair's rows have one order, so that the eye can compare. `left_out`
 *     says in a sentence what was folded away. `title` is what stands on its tab.
 */
export interface View {
  arrows: Arrow[];
  boundaries: Boundary[];
  boxes: Box[];
  callouts: Callout[];
  height: number;
  id: string;
  kind: "containers" | "context" | "flow";
  left_out: string;
  mermaid: string;
  ms: number | null;
  pair: string | null;
  request: string | null;
  side: "legacy" | "now" | "optimised";
  steps: ViewStep[];
  title: string;
  width: number;
}
/**
 * A call, drawn along `points` (x, y; the last is the head). `badge`: middle of the place for its caption.
 *
 *     `caption` is what stands at the badge's place (`×12 · 36 ms`), room is left for it; empty: nothing does. `count` 0:
 *     how often is not known. `spans`: index of the first and of the last span in the request's waterfall, empty where no
 *     span stands for it.
 *     `optional`: dashed, a path that was seen in the code and not run.
 */
export interface Arrow {
  /**
   * @minItems 2
   * @maxItems 2
   */
  badge: [number, number];
  caption: string;
  change: "added" | "removed" | "same";
  count: number;
  findings: string[];
  id: string;
  label: string;
  ms: number | null;
  optional: boolean;
  points: [number, number][];
  source: string;
  spans: number[];
  statements: number[];
  target: string;
}
/**
 * A frame. `technology` stands in brackets under its title; `parent` the frame around it.
 */
export interface Boundary {
  height: number;
  id: string;
  parent: string | null;
  technology: string;
  title: string;
  width: number;
  x: number;
  y: number;
}
/**
 * A thing of a diagram. `word`: its C4 word, for the second line; `detail`: technology or `file:line`.
 *
 *     `description`: a sentence (from `subsecond.toml`, or ours). `calls` and `ms`: how often it ran, and its time with
 *     what it calls; None where that says nothing. `code`: key of an excerpt. `statements`: indices. `optional`: not seen
 *     to run in this request. `folded`: names of what was folded into it.
 */
export interface Box {
  boundary: string | null;
  calls: number | null;
  change: "added" | "removed" | "same";
  code: string | null;
  description: string;
  detail: string;
  findings: string[];
  folded: string[];
  height: number;
  id: string;
  kind: "cache" | "component" | "container" | "database" | "external" | "person" | "session" | "table";
  ms: number | null;
  note: string;
  optional: boolean;
  place: number | null;
  statements: number[];
  title: string;
  width: number;
  word: string;
  x: number;
  y: number;
}
/**
 * A box beside the diagram: its lines each come from the recording, a finding, a trial or a verdict.
 */
export interface Callout {
  lines: CalloutLine[];
  sort: "bottlenecks" | "loops" | "sessions" | "wins";
  title: string;
}
/**
 * `boxes`: ids in the view that it speaks of.
 */
export interface CalloutLine {
  boxes: string[];
  finding: string | null;
  text: string;
}
/**
 * What happens next, in recorded order: `times` runs along one arrow. `start_ms` from the request's begin to `ms`
 *     later: of all runs folded into it. `text`: the whole step for the list, without its number.
 */
export interface ViewStep {
  arrow: string;
  ms: number;
  place: number | null;
  spans: number[];
  start_ms: number;
  text: string;
  times: number;
}
/**
 * One recorded run. `marks`: finding id -> indices of the spans that it stands on. `left_out`: spans beyond the
 *     cap of the page.
 */
export interface Waterfall {
  flame: Flame | null;
  left_out: number;
  marks: {
    [k: string]: number[];
  };
  request: string;
  side: "legacy" | "now" | "optimised";
  spans: Spans;
  total_us: number;
}
/**
 * CPU time of own code by chains of calls, by columns, parents before children. -1: no parent.
 *
 *     `word` indexes `Report.words`, `place` the report's places (-1: the packages below own code). `own_us`: without
 *     what it calls. Profiled apart from the clock: its whole differs from the request's time.
 */
export interface Flame {
  duration_us: number[];
  how: string;
  own_us: number[];
  parent: number[];
  place: number[];
  start_us: number[];
  total_us: number;
  word: number[];
}
/**
 * Spans by columns, all of one length, in recorded order. -1: none.
 *
 *     `name`, `label` index `Report.words` (`label`: the service and path called, the relation that was loaded, the
 *     logger …), `place` and `statement` the report's tables, `parent` these columns.
 */
export interface Spans {
  duration_us: number[];
  label: number[];
  name: number[];
  parent: number[];
  place: number[];
  rows: number[];
  start_us: number[];
  statement: number[];
}
