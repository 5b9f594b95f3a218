"""The files of one or two audits -> the report: everything that the page shows, and every other form of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from subsecond.model.attempt import Attempt
from subsecond.model.report import Report
from subsecond.model.report_findings import Finding
from subsecond.model.report_overview import Request
from subsecond.model.report_waterfall import Waterfall
from subsecond.model.trace import Trace
from subsecond.report.page.c4 import views
from subsecond.report.page.findings import Findings, manual
from subsecond.report.page.masks import all_masked
from subsecond.report.page.mermaid import mermaid
from subsecond.report.page.overview import Compared, job_of, overview, request_of
from subsecond.report.page.planned import planned
from subsecond.report.page.proofs import ledger, linked
from subsecond.report.page.sources import Recorded, Sources
from subsecond.report.page.tables import Tables
from subsecond.report.page.units import slugs
from subsecond.report.page.waterfall import waterfall

KEPT = "what optimize kept"
"""Of a report on one application before and after."""


def report(sources: Sources) -> Report:
    """The whole report. The same sources give the same report, to the byte."""
    tables = Tables([plan for one in sources.sides for plan in one.plans])
    words = slugs(list(dict.fromkeys(name for one in sources.sides for name in _names(one))))
    requests = [made for one in sources.sides for made in _requests(one, words, tables)]
    attempts = linked(sources.attempts, sources.main.audit.findings)
    findings = _findings(sources, attempts, words, tables)
    times = {one.name: one.time for one in requests if one.side == sources.main.side}
    comparisons = Compared(sources, words).all()
    plan = None
    if sources.plan is not None:
        plan = planned(
            sources.plan, phases=sources.phases, attempts=attempts, optimized=sources.optimized, times=times,
            words=words, tables=tables,
        )  # fmt: skip
    waterfalls = tuple(made for one in sources.sides for made in _waterfalls(one, words, tables))
    kinds = {one.kind for one in findings} | {one.kind for one in attempts}
    drawn = all_masked(views(sources, words, comparisons, tables))
    return Report(
        name=sources.main.name,
        compared=KEPT if sources.kept else sources.other.name if sources.other else None,
        live=sources.live,
        tried=sources.trials is not None,
        requests=all_masked(tuple(requests)),
        overview=all_masked(overview(sources, comparisons, words)),
        views=tuple(replace(one, mermaid=mermaid(one)) for one in drawn),
        waterfalls=waterfalls,
        findings=all_masked(findings),
        manual=manual(sources.manual, kinds),
        plan=all_masked(plan),
        ledger=ledger(attempts, sources.constraints, sources.optimized),
        # last: the parts above fill them
        places=tables.places,
        words=tables.words,
        statements=tables.statements,
        excerpts=tables.excerpts,
    )


def _names(recorded: Recorded) -> list[str]:
    return [*(one.name for one in recorded.audit.requests), *recorded.runs()]


def _requests(recorded: Recorded, words: dict[str, str], tables: Tables) -> list[Request]:
    runs = recorded.runs()
    lives = {life.request: life for life in recorded.audit.lifecycles}
    # findings of the second audit are not in the report, so its requests name none
    findings = recorded.audit.findings if recorded.side != "optimised" else ()
    made = [
        request_of(
            result, side=recorded.side, word=words[result.name], life=lives.get(result.name),
            run=runs.get(result.name), findings=findings, tables=tables,
        )
        for result in recorded.audit.requests
    ]  # fmt: skip
    asked = {one.name for one in made}
    return made + [job_of(run, recorded.side, words[name]) for name, run in runs.items() if name not in asked]


def _findings(
    sources: Sources, attempts: Sequence[Attempt], words: dict[str, str], tables: Tables
) -> tuple[Finding, ...]:
    made = Findings(sources.main.root, runs=sources.main.runs(), words=words, trials=sources.trials, tables=tables)
    return tuple(made.one(one, sources.drafts.get(one.id), attempts) for one in sources.main.audit.findings)


def _waterfalls(recorded: Recorded, words: dict[str, str], tables: Tables) -> list[Waterfall]:
    profiled: dict[str, list[Trace]] = {}
    for trace in recorded.traces:
        if trace.mode == "profiling":
            profiled.setdefault(trace.request, []).append(trace)
    findings = recorded.audit.findings if recorded.side != "optimised" else ()
    return [
        waterfall(run, recorded.side, words[name], findings=findings, profiled=profiled.get(name, ()), tables=tables)
        for name, run in recorded.runs().items()
    ]
