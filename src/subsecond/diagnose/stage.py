"""The stage: traces -> findings. Runs every detector, merges what is the same, orders by cost."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from subsecond.diagnose.detector import detector, kind_of
from subsecond.diagnose.growth import growth_of
from subsecond.diagnose.source import locate
from subsecond.model.experiment import Experiment
from subsecond.model.facts import NO_FACTS, Facts
from subsecond.model.finding import Finding, Suspicion
from subsecond.model.trace import Trace, shown_file

_Key = tuple[str, str, str, str]
_Sightings = dict[str, Suspicion]
"""Of one bottleneck, by request."""
TAKES_OVER = {
    "loop-invariant-query": ("duplicate-query",),
    "static-lookup": ("filter-in-app", "over-fetched-columns"),
    "unused-query": ("over-fetched-columns", "derivable-query"),
    "paginate-in-app": ("sort-in-app",),
}
"""Of what one cause shows as, the kind that says most -> those that say the same of the same statement in the same
request, and are left out."""
NEED_NOT_RUN = ("static-lookup", "repeated-call")
"""Kinds whose cause is a function that is called in vain: what another kind says of work inside of it is the same."""


def diagnose(
    traces: Sequence[Trace], seconds: Mapping[str, float], root: Path, facts: Facts = NO_FACTS
) -> tuple[Finding, ...]:
    """All findings of recorded traces, the costliest share first, numbered F1 ….

    `seconds` holds each request's median by name, for the shares; `root` is the project's folder,
    `facts` what is known beyond the traces (plans, schema).
    """
    facts = replace(facts, root=root)
    merged: dict[_Key, _Sightings] = {}
    for route in _by_route(traces):
        for seen in _one_of_each_cause(
            [seen for kind in detector.items().values() for seen in kind().find(route, facts)]
        ):
            # recorded runs of one request say the same: the first one counts
            merged.setdefault(_key(seen), {}).setdefault(seen.request, seen)
    files = sorted({frame.file for trace in traces for span in trace.spans for frame in span.stack})
    findings = [_finding(key, group, seconds, files, root) for key, group in merged.items()]
    findings = [replace(finding, growth=growth_of(finding, facts.grown)) for finding in findings]
    findings.sort(key=_rank)
    return tuple(replace(finding, id=f"F{number}") for number, finding in enumerate(findings, 1))


def _one_of_each_cause(found: Sequence[Suspicion]) -> list[Suspicion]:
    """Without those that another kind takes over."""
    taken = {(kind, seen.request, seen.fingerprint) for seen in found for kind in TAKES_OVER.get(seen.kind, ())}
    in_vain = {
        (seen.request, (seen.cause.file, seen.cause.function))
        for seen in found
        if seen.kind in NEED_NOT_RUN and seen.cause is not None
    }
    return [
        seen
        for seen in found
        if (seen.kind, seen.request, seen.fingerprint) not in taken
        and not any((seen.request, function) in in_vain for function in seen.inside)
    ]


def _rank(finding: Finding) -> tuple[float, int, str]:
    """What can stop the service altogether (no seconds of its own) before what merely costs, then by share."""
    return -(finding.share or 0.0) if finding.seconds is not None else -2.0, -finding.queries, finding.key


def kinds() -> dict[str, str]:
    """Manual page of each kind, from its detector's docstring."""
    return {
        kind_of(found): _page(kind_of(found), found.__doc__ or "", found.phase) for found in detector.items().values()
    }


def _page(kind: str, docstring: str, phase: int | None) -> str:
    lines = [line[4:] if line.startswith("    ") else line for line in docstring.strip().splitlines()]
    where = f"phase {phase}" if phase is not None else "outside the phases"
    return f"# {kind}\n\n*{where}*\n\n" + "\n".join(lines) + "\n"


def _by_route(traces: Sequence[Trace]) -> list[list[Trace]]:
    routes: dict[tuple[str, str], list[Trace]] = {}
    for trace in traces:
        routes.setdefault((trace.method, trace.route or trace.path), []).append(trace)
    return list(routes.values())


def _key(seen: Suspicion) -> _Key:
    return seen.kind, shown_file(seen.site.file), seen.site.function, seen.fingerprint


def _finding(key: _Key, group: _Sightings, seconds: Mapping[str, float], files: Sequence[str], root: Path) -> Finding:
    worst = max(group.values(), key=lambda seen: (seen.seconds or 0.0, seen.queries))
    whole = seconds.get(worst.request)
    cause = worst.cause or (locate(worst.cause_symbol, files, root) if worst.cause_symbol else None)
    return Finding(
        id="",
        key=hashlib.sha256("\0".join(key).encode()).hexdigest()[:16],
        kind=worst.kind,
        phase=worst.phase,
        request=worst.request,
        requests=tuple(group),
        title=worst.title,
        file=worst.site.file,
        line=worst.site.line,
        function=worst.site.function,
        cause=cause if cause != worst.site else None,
        queries=worst.queries,
        seconds=worst.seconds,
        share=None if worst.seconds is None or not whole else min(1.0, worst.seconds / whole),
        evidence=worst.evidence,
        fingerprint=worst.fingerprint,
        experiments=_experiments([worst, *group.values()]),
        untestable=worst.untestable,
        saves={name: counts for one in group.values() for name, counts in one.saves.items()},
    )


def _experiments(seen: Sequence[Suspicion]) -> tuple[Experiment, ...]:
    """Those of all sightings, the first one's first; equal ones once, with what they promise in each request."""
    merged: list[Experiment] = []
    for one in (experiment for suspicion in seen for experiment in suspicion.experiments):
        for number, known in enumerate(merged):
            if replace(known, saves={}, note="") == replace(one, saves={}, note=""):
                merged[number] = replace(known, saves={**one.saves, **known.saves})
                break
        else:
            merged.append(one)
    return tuple(merged)
