"""Requests with their time, and what changed: the first tab."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Literal

from subsecond.model.audit import Audit, RequestResult, Shares
from subsecond.model.finding import Finding
from subsecond.model.lifecycle import Lifecycle
from subsecond.model.optimized import After
from subsecond.model.report_common import Side, TimePart
from subsecond.model.report_overview import Basis, Comparison, Design, LifeStep, Need, Overview, Remaining, Request, Row
from subsecond.model.trace import Trace
from subsecond.report.page.marks import by_name, lazy_loads, loops, marked
from subsecond.report.page.sources import Recorded, Sources
from subsecond.report.page.tables import Tables
from subsecond.report.page.units import faster, many, ms, shown_ms, spread
from subsecond.sql.fingerprint import tables as tables_of
from subsecond_agent import protocol

Figures = Mapping[str, float | None]
FEW = 6
"""Findings on the first tab."""


def request_of(
    result: RequestResult,
    *,
    side: Side,
    word: str,
    life: Lifecycle | None,
    run: Trace | None,
    findings: Sequence[Finding],
    tables: Tables,
) -> Request:
    """One request of one audit."""
    return Request(
        id=word,
        name=result.name,
        side=side,
        method=result.method,
        url=result.url,
        status=result.status,
        ms=spread(result.seconds.median, result.seconds.low, result.seconds.high) if result.seconds else None,
        runs=result.runs,
        queries=result.queries,
        sessions=result.sessions,
        session_sites=result.session_sites,
        rows=result.rows,
        recording_added=None if result.recording_added is None else round(result.recording_added, 4),
        time=time_parts(result, run),
        life=_life(life, tables) if life else (),
        needs=_needs(life) if life else (),
        findings=tuple(one.id for one in findings if result.name in one.requests),
        design=_design(life, tables) if life else None,
        error=result.error,
    )


def job_of(run: Trace, side: Side, word: str) -> Request:
    """A worker's job: it was recorded and never timed, so its milliseconds are those of its quickest recorded run."""
    return Request(
        id=word,
        name=run.request,
        side=side,
        method=run.method,
        url=run.path,
        status=None,
        ms=spread(run.seconds, run.seconds, run.seconds),
        runs=1,
        queries=run.counts.get(protocol.COUNT_QUERIES),
        sessions=run.counts.get(protocol.COUNT_CHECKOUTS),
        rows=run.counts.get(protocol.COUNT_ROWS),
        error=run.error,
    )


def time_parts(result: RequestResult, run: Trace | None) -> tuple[TimePart, ...]:
    """Where its median goes; the parts add up to it."""
    if result.shares is None or result.seconds is None:
        return ()
    shares, whole = result.shares, result.seconds.median
    inside = shares.database + shares.pool + shares.logs + shares.garbage + shares.python + shares.calls
    scale = min(1.0, whole / inside) if inside else 1.0
    trips, note = _round_trips(shares, run)
    found = [
        TimePart(key="database", label="Database", ms=ms((shares.database - trips) * scale)),
        TimePart(key="round_trips", label="Round trips", ms=ms(trips * scale), note=note),
        TimePart(key="waiting", label="Waiting for a connection", ms=ms(shares.pool * scale)),
        TimePart(key="external", label="Other services", ms=ms(shares.calls * scale)),
        TimePart(key="logs", label="Logs", ms=ms(shares.logs * scale)),
        TimePart(key="garbage", label="Garbage collection", ms=ms(shares.garbage * scale)),
        TimePart(
            key="python", label="Python", ms=ms(shares.python * scale), note="code of the app, ORM, framework: the rest"
        ),
        TimePart(
            key="outside", label="Outside the app", ms=ms(max(0.0, whole - inside * scale)),
            note="server, sending and receiving: the client's clock less the app's",
        ),
    ]  # fmt: skip
    return tuple(one for one in found if one.ms >= 0.0005)


def _round_trips(shares: Shares, run: Trace | None) -> tuple[float, str]:
    """What cannot be less however fast the database is: its fastest statement, as often as there are statements."""
    queries = by_name(run, protocol.SPAN_QUERY) if run else []
    if len(queries) < 2:
        return 0.0, ""
    fastest = min(span.seconds for span in queries)
    note = f"at least: {many(len(queries), 'statement')}, each as long as the fastest of them, {shown_ms(ms(fastest))}"
    return min(shares.database, len(queries) * fastest), note


def _life(life: Lifecycle, tables: Tables) -> tuple[LifeStep, ...]:
    return tuple(
        LifeStep(
            depth=step.depth,
            what=step.what,
            title=step.title,
            place=tables.place(step.file, step.line, step.title if step.what == "function" else "")
            if step.file is not None and step.line is not None
            else None,
            start_ms=ms(step.start),
            ms=ms(step.seconds),
            times=step.times,
            rows=step.rows,
        )
        for step in life.steps
    )


def _needs(life: Lifecycle) -> tuple[Need, ...]:
    return tuple(Need(sort=one.kind, name=one.name, calls=one.calls, ms=ms(one.seconds)) for one in life.dependencies)


def _design(life: Lifecycle, tables: Tables) -> Design:
    return Design(
        statements_now=life.statements_now,
        statements_then=life.statements_then,
        sessions_now=life.sessions_now,
        sessions_then=life.sessions_then,
        logs_now=life.logs_now,
        logs_then=life.logs_then,
        calls_now=life.calls_now,
        statements=tuple(
            Remaining(
                title=one.title, place=tables.place(one.file, one.line, ""), now=one.now, then=one.then, why=one.why
            )
            for one in life.statements
        ),
    )


class Compared:
    """Before and after of each request, by the best that is known: another audit, what `optimize` kept, the plan."""

    def __init__(self, sources: Sources, words: Mapping[str, str]) -> None:
        self._sources = sources
        self._words = words
        self._runs = {one.side: one.runs() for one in sources.sides}
        self._after = {one.request: one for one in sources.optimized.after} if sources.optimized else {}

    def all(self) -> tuple[Comparison, ...]:
        """One for each request that an after is known of."""
        found = [self._one(result) for result in self._sources.main.audit.requests if result.seconds]
        return tuple(one for one in found if one is not None)

    def _one(self, result: RequestResult) -> Comparison | None:
        other, kept = self._sources.other, self._after.get(result.name)
        twin = next((one for one in other.audit.requests if one.name == result.name), None) if other else None
        before = after = dict[str, float | None]()
        source = ""
        if other is not None and twin is not None and twin.seconds is not None:
            before, after = self._figures(result, self._sources.main), self._figures(twin, other)
            source = f"the audit of {self._sources.main.name}, and that of {other.name}"
        if kept is not None and (other is None or self._sources.kept):
            rest = "; the rest from a recording of each" if source else ""
            runs = many(kept.runs, "run")
            source = f"measured side by side, {runs} each, before and with all attempts that were kept{rest}"
            before, after = {**before, **_side_by_side(kept)[0]}, {**after, **_side_by_side(kept)[1]}
        if source:
            return self._comparison(result, "measured", source, before, after)
        plan = self._sources.plan.endpoints.get(result.name) if self._sources.plan else None
        if plan is None or plan.predicted_seconds is None:
            return None
        then = {"time": ms(plan.predicted_seconds), "queries": plan.queries_predicted}
        now = {**self._figures(result, self._sources.main), "time": ms(plan.now_seconds)}
        far = self._sources.trials.rtt_seconds if self._sources.trials else None
        added = f", with {shown_ms(ms(far))} added to each round trip to the database" if far else ""
        tried = f"all confirmed fixes at once, tried in the running app{added}"
        return self._comparison(result, "predicted", tried, now, then)

    def _comparison(
        self, result: RequestResult, basis: Basis, source: str, before: Figures, after: Figures
    ) -> Comparison:
        return Comparison(
            request=self._words[result.name],
            basis=basis,
            source=source,
            rows=tuple(
                Row(key=key, label=label, unit=unit, before=before.get(key), after=after.get(key), note=note)
                for key, label, unit, note in _ROWS
                if before.get(key) is not None or (basis == "measured" and after.get(key) is not None)
            ),
        )

    def _figures(self, result: RequestResult, recorded: Recorded) -> dict[str, float | None]:
        run = self._runs[recorded.side].get(result.name)
        found: dict[str, float | None] = {
            "time": ms(result.seconds.median) if result.seconds else None,
            "queries": result.queries,
            "sessions": result.sessions,
            "sites": result.session_sites,
            "rows": result.rows,
            "pool": ms(result.shares.pool) if result.shares else None,
        }
        if run is not None:
            found["loops"] = len(loops(run))
            found["lazy_loads"] = lazy_loads(run)
            found["logs"] = run.counts.get(protocol.COUNT_LOGS)
            if settings := self._settings(result.name):
                found["config"] = sum(bool(settings & _asked(one)) for one in _statements(run))
        return found

    def _settings(self, request: str) -> set[str]:
        """Tables that a finding says are read anew in each request though they hardly change."""
        run = self._runs[self._sources.main.side].get(request)
        if run is None:
            return set()
        found = [one for one in self._sources.main.audit.findings if one.kind == "static-lookup"]
        spans = [run.spans[number] for one in found for number in marked(run, one)]
        return {table for span in spans for table in _asked(str(span.attributes.get(protocol.FINGERPRINT, "")))}


def _side_by_side(kept: After) -> tuple[Figures, Figures]:
    """What was measured of both at the same time, before and after."""
    before: dict[str, float | None] = {"time": ms(kept.seconds_before)}
    after: dict[str, float | None] = {"time": ms(kept.seconds_after)}
    for key, name in _COUNTED.items():
        if name in kept.counts_before and name in kept.counts_after:
            before[key], after[key] = kept.counts_before[name], kept.counts_after[name]
    return before, after


_COUNTED = {
    "queries": protocol.COUNT_QUERIES, "sessions": protocol.COUNT_CHECKOUTS, "rows": protocol.COUNT_ROWS,
}  # fmt: skip
_ROWS: tuple[tuple[str, str, Literal["ms", "count"], str], ...] = (
    ("time", "Response time", "ms", "median of the client's clock"),
    ("sessions", "Sessions", "count", "check-outs of a connection"),
    ("sites", "Session sites", "count", "places in the code that open one"),
    ("queries", "Queries", "count", ""),
    ("rows", "Rows fetched", "count", ""),
    ("loops", "N+1 loops", "count", "one statement from one place, three times or more"),
    ("lazy_loads", "Lazy loads", "count", "statements sent because an attribute was read"),
    ("pool", "Pool contention", "ms", "waiting for a connection"),
    ("config", "Config hits", "count", "statements on tables that a static-lookup finding names"),
    ("logs", "Log records", "count", ""),
)


def _statements(run: Trace) -> list[str]:
    return [str(span.attributes.get(protocol.FINGERPRINT, "")) for span in by_name(run, protocol.SPAN_QUERY)]


def _asked(fingerprint: str) -> set[str]:
    return set(tables_of(fingerprint))


def overview(sources: Sources, comparisons: Sequence[Comparison], words: Mapping[str, str]) -> Overview:
    """The first tab."""
    trials = sources.trials
    return Overview(
        headline=_headline(sources, comparisons, words),
        request=words[worst.name] if (worst := _worst(sources.main.audit)) else None,
        comparisons=tuple(comparisons),
        few=tuple(one.id for one in _few(sources.main.audit.findings)),
        notes=tuple(dict.fromkeys(note for one in sources.sides for note in one.audit.notes)),
        rtt_ms=None if trials is None or not trials.rtt_seconds else ms(trials.rtt_seconds),
    )


def _few(findings: Sequence[Finding]) -> list[Finding]:
    """Those that were confirmed, by what they save; then what nobody refuted, by what it costs."""
    open_ones = [one for one in findings if not one.trials or any(t.verdict != "refuted" for t in one.trials)]

    def weight(one: Finding) -> tuple[bool, float, float]:
        # an upper bound, as of an answer that is remembered whole, is no gain: any request has one
        gains = [
            trial.proven_seconds
            for trial in one.trials
            if trial.verdict == "confirmed" and trial.fidelity != "upper bound"
        ]
        return bool(gains), max(gains, default=0.0), one.share or 0.0

    return sorted(open_ones, key=weight, reverse=True)[:FEW]


def _worst(audit: Audit) -> RequestResult | None:
    """The request that takes longest."""
    measured = [one for one in audit.requests if one.seconds is not None]
    return max(measured, key=lambda one: one.seconds.median if one.seconds else 0.0, default=None)


def _headline(sources: Sources, comparisons: Sequence[Comparison], words: Mapping[str, str]) -> str:
    audit = sources.main.audit
    worst = _worst(audit)
    if worst is None or worst.seconds is None:
        return "No request of this audit gave an answer that could be measured."
    compared = next((one for one in comparisons if one.request == words[worst.name]), None)
    row = next((one for one in compared.rows if one.key == "time"), None) if compared else None
    # measured beside what comes after, where that was done: one request has one time in one sentence
    text = f"{worst.name} takes {shown_ms(row.before if row and row.before else ms(worst.seconds.median))}"
    if worst.queries is not None and worst.sessions is not None:
        text += f" with {many(worst.queries, 'statement')} and {many(worst.sessions, 'session')}"
    if compared and row and row.before and row.after:
        after = shown_ms(row.after)
        if compared.basis == "predicted":
            text += f"; with the confirmed fixes {after}"
        elif sources.other is not None and not sources.kept:
            text += f"; {sources.other.name} takes {after}, {faster(row.before, row.after)}"
        else:
            text += f"; with what was kept {after}, {faster(row.before, row.after)}"
    confirmed = sum(any(trial.verdict == "confirmed" for trial in one.trials) for one in audit.findings)
    tail = f", {confirmed} confirmed by experiment" if confirmed else ""
    measured = sum(one.seconds is not None for one in audit.requests)
    return f"{text}. {many(len(audit.findings), 'finding')} in {many(measured, 'request')}{tail}."
