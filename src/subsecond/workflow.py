"""Composes the stages. What one stage needs from another is passed on here, never imported."""

from __future__ import annotations

import random
import secrets
import shlex
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from subsecond import store
from subsecond.confirm.learn import Known
from subsecond.confirm.stage import confirm
from subsecond.confirm.tasks import Asked
from subsecond.diagnose.lifecycle import lifecycles
from subsecond.diagnose.stage import diagnose
from subsecond.errors import EXIT_FAILED, SubsecondError
from subsecond.harness import checkout, requests, run_folder, sandbox, untouched
from subsecond.harness.arms import arm
from subsecond.harness.clones import Connection
from subsecond.harness.session import Ground, ground, started
from subsecond.model.audit import Audit, RequestResult
from subsecond.model.entity import Entity
from subsecond.model.experiment import Experiment
from subsecond.model.explained import Explained
from subsecond.model.facts import NO_FACTS, Facts
from subsecond.model.finding import Finding
from subsecond.model.plan import Plan
from subsecond.model.proof import Proof
from subsecond.model.surroundings import Store, Surroundings
from subsecond.model.target import Target
from subsecond.model.trace import Trace
from subsecond.model.trial import Trials
from subsecond.observe.database import database_facts, facts_of, index_remarks
from subsecond.observe.figures import result_of
from subsecond.observe.growth import grown
from subsecond.observe.remarks import remarks, written
from subsecond.observe.stage import Observation, Progress, observe
from subsecond.observe.statements import together
from subsecond.observe.traces import Redaction, traces_of_jobs
from subsecond.observe.unreached import unreached
from subsecond.plan import stage as planning
from subsecond.prove import stage as proving
from subsecond.prove.gate import SPEED_SECONDS, Case, named
from subsecond.prove.migration import up
from subsecond.sql.explained import explained

LOOKS = 1
"""Timed runs of each request after a kept step: what is wanted are statements and places, seconds are the gates'."""
NEED_DATABASE = ("missing-index", "non-sargable-predicate", "stale-statistics", "count-all")
NEED_DEEP = (
    "cpu-hotspot", "derivable-query", "filter-in-app", "hot-loop", "loop-invariant-query", "over-fetched-columns",
    "paginate-in-app", "repeated-call", "slow-serialisation", "sort-in-app", "static-lookup", "unused-eager-load",
    "unused-query",
)  # fmt: skip
"""Kinds that rest on the database's own word, and those that rest on a deep run."""
INTERRUPTED = "the trials were interrupted: what was recorded and found is written, and nothing is confirmed"


def audit(
    target: Target, *, keep_values: bool, trials: bool = True, progress: Progress, say: Callable[[str], None]
) -> Audit:
    """Observe the target's requests, diagnose their traces, try what was found, write `.subsecond/` -> the outcome.

    `progress` hears of each request sent, `say` of what was decided (the server chosen, …). Without `trials` nothing
    is confirmed.
    """
    redaction = Redaction(key=secrets.token_bytes(16), keep_values=keep_values)
    with ground(target, say=say) as base:
        seen = _seen(base, redaction, progress, say)
        findings, made = seen.findings, None
        if trials and any(finding.experiments for finding in findings):
            try:
                findings, made = _tried(seen, findings, progress, say)
            except KeyboardInterrupt:
                if not store.has_audit(target.root):  # an earlier one, with its trials, is worth more
                    _written(target, seen, findings, None, [INTERRUPTED])
                    say(INTERRUPTED)
                raise
    return _written(target, seen, findings, made, made.notes if made else ())


def _written(
    target: Target, seen: _Seen, findings: tuple[Finding, ...], made: Trials | None, notes: Iterable[str]
) -> Audit:
    """The outcome, in `.subsecond/` too."""
    lives = lifecycles([trace for trace in seen.traces if trace.mode == "recording"], findings)
    outcome = Audit(requests=seen.results, findings=findings, notes=(*seen.notes, *notes), lifecycles=lives)
    store.write_outcome(
        target.root, outcome, seen.traces, made, entities=seen.entities, plans=seen.plans, around=seen.around
    )
    return outcome


def try_one(
    target: Target, kind: str, wanted: Sequence[Experiment], *, progress: Progress, say: Callable[[str], None]
) -> tuple[Finding, ...]:
    """Try a person's own hypothesis on all requests of the target, or all findings of a kind; nothing is written.

    `wanted`: the experiments, the best first; none: those of the findings of the `kind`. -> findings with trials.
    """
    with ground(target, say=say) as base:
        seen = _seen(base, Redaction(key=secrets.token_bytes(16)), progress, say)
        findings = (_hypothesis(wanted, seen.results),) if wanted else seen.findings
        findings = tuple(one for one in findings if wanted or one.kind == kind)
        if not findings:
            raise SubsecondError("nothing-to-try", f"no {kind} was found in the requests of this target")
        return _tried(seen, findings, progress, say)[0]


@dataclass(frozen=True)
class _Seen:
    """What was observed and diagnosed, the app having ended."""

    base: Ground
    observed: list[Observation]
    results: tuple[RequestResult, ...]
    findings: tuple[Finding, ...]
    databases: list[Connection]
    entities: tuple[Entity, ...]
    notes: tuple[str, ...]
    jobs: tuple[Trace, ...]
    plans: tuple[Explained, ...]
    around: Surroundings

    @property
    def traces(self) -> list[Trace]:
        """Of all requests and jobs."""
        return [trace for one in self.observed for trace in one.traces] + list(self.jobs)


def _seen(base: Ground, redaction: Redaction, progress: Progress, say: Callable[[str], None]) -> _Seen:
    root = base.target.root
    with started(base) as app, app.workers():
        seen = observe(app, root, redaction, base.target.repeat, progress)
        more = grown(app, seen, root, redaction)
        jobs = traces_of_jobs(app.jobs(), root, redaction)
        notes = [*app.notes(), *remarks(seen)]
        databases = app.connections()
        entities = app.entities()
        around = surroundings(base, app.hello(), databases)
    sent = together(one.statements for one in seen if one.failure is None)
    facts, unread = facts_of(base, databases, sent, say)
    notes += [unread] if unread else index_remarks(facts)
    mapper = store.as_model(entities, tuple[Entity, ...], "the agent's mapper line")
    facts = replace(_looked_into(facts, seen, root), entities=mapper, jobs=tuple(jobs), grown=more)
    results = tuple(result_of(one) for one in seen)
    findings = _diagnosed(seen, results, root, facts)
    return _Seen(
        base, seen, results, findings, databases, mapper, tuple(notes), tuple(jobs), explained(facts.database), around
    )


def _looked_into(facts: Facts, seen: Sequence[Observation], root: Path) -> Facts:
    """The facts with what deep and profiling runs told."""
    deep = tuple(trace for one in seen if one.failure is None for trace in one.of("deep"))
    profiled = tuple(trace for one in seen if one.failure is None for trace in one.of("profiling"))
    return replace(facts, deep=deep, profiled=profiled, unreached=unreached(deep, root))


def _diagnosed(
    seen: Sequence[Observation], results: Sequence[RequestResult], root: Path, facts: Facts
) -> tuple[Finding, ...]:
    medians = {result.name: result.seconds.median for result in results if result.seconds}
    recorded = [trace for one in seen if one.failure is None for trace in one.of("recording")]
    return diagnose(recorded, medians, root, facts)


@dataclass(frozen=True, kw_only=True)
class Review:
    """What is found in a copy of the code: no trials, nothing written. `unseen`: kinds that it could not look for."""

    results: tuple[RequestResult, ...]
    findings: tuple[Finding, ...]
    unseen: tuple[str, ...] = ()


def review(base: Ground, databases: Sequence[Connection], *, say: Callable[[str], None]) -> Review:
    """Observe and diagnose a checkout, briefly, on copies of the databases brought to the state that it wants.

    `databases`: what the user's own code connects to. Raises SubsecondError where the app does not start.
    """
    root = base.target.root
    with arm(base, databases, prepare=up, say=lambda line: None) as ours:
        say("analysing what stands now")
        seen = observe(ours.app, root, Redaction(key=secrets.token_bytes(16)), LOOKS, lambda name, done, of: None)
        mapper = store.as_model(ours.app.entities(), tuple[Entity, ...], "the agent's mapper line")
        sent = together(one.statements for one in seen if one.failure is None)
        facts, unseen = NO_FACTS, tuple[str, ...](NEED_DATABASE)
        if ours.isolation == "clone" and len(ours.databases) == 1 and sent:
            [database] = ours.databases.values()
            try:
                facts = Facts(database=database_facts(base.python.executable, database.whole(), sent))
                unseen = ()
            except SubsecondError as problem:
                say(f"indexes were not looked at: {problem.message}")
    results = tuple(result_of(one) for one in seen)
    failed = [one for one in results if one.error]
    if failed:
        raise SubsecondError("request-failed", f"{failed[0].name}: {failed[0].error}", exit_code=EXIT_FAILED)
    facts = replace(_looked_into(facts, seen, root), entities=mapper)
    unlooked = any(one.unlooked for one in seen)
    findings = _diagnosed(seen, results, root, facts)
    return Review(results=results, findings=findings, unseen=(*unseen, *(NEED_DEEP if unlooked else ())))


def surroundings(base: Ground, hello: Mapping[str, Any] | None, databases: Sequence[Connection]) -> Surroundings:
    """What the app ran in, for the report. Without arguments of commands: they may hold what is secret."""
    names = [Path(one.path).name if one.path is not None else one.dbname or "" for one in databases]
    return Surroundings(
        name=base.target.name,
        server=base.start.server,
        python=base.python.version_text,
        libraries=dict(hello["libraries"]) if hello else {},
        databases=tuple(Store(system=one.system, name=name) for one, name in zip(databases, names, strict=True)),
        workers=tuple(_program(command) for command in base.target.workers),
        revision=checkout.head(base.target.home),
    )


def _program(command: str) -> str:
    """The module or the program of a command."""
    words = shlex.split(command)
    if "-m" in words[:-1]:
        return words[words.index("-m") + 1]
    return Path(words[0]).name if words else command


def _tried(
    seen: _Seen, findings: Sequence[Finding], progress: Progress, say: Callable[[str], None]
) -> tuple[tuple[Finding, ...], Trials]:
    """Trials of the findings on an arm of their own."""
    target = seen.base.target
    asked = [
        Asked(spec=one.spec, result=result, sent=one.sent, writes=written(one) is not None, deep_line=one.deep_line)
        for one, result in zip(seen.observed, seen.results, strict=True)
    ]
    with arm(seen.base, seen.databases, rtt=target.rtt_seconds, say=say) as ours:
        return confirm(
            ours, findings, asked, known=Known(target.root, seen.entities), budget=target.budget_seconds,
            source=random.Random(), say=say, progress=progress,
        )  # fmt: skip


def _hypothesis(wanted: Sequence[Experiment], results: Sequence[RequestResult]) -> Finding:
    """A person's own idea as a finding that concerns every request."""
    names = tuple(result.name for result in results)
    return Finding(
        id="", key="", kind="", phase=None, request=names[0], requests=names, title="a hypothesis", file="", line=0,
        function="", share=1.0, experiments=tuple(wanted),
    )  # fmt: skip


def prove(
    target: Target, base: str, candidate: str | None, *, wanted: Sequence[str], only: Sequence[str],
    faster: Sequence[str] = (), without: Sequence[str] = (), speed_seconds: float = SPEED_SECONDS, reveal: bool = False,
    trust_patch: bool = False, say: Callable[[str], None],
) -> Proof:  # fmt: skip
    """Put a candidate (a revision, None: the working tree) through the gates beside its base, each in a copy.

    `wanted` names gates (none: all) but those `without`; `only` the requests that the change is about (none: all),
    `faster` those that it is said to speed up; `speed_seconds`: time for the speed gate; `reveal`: also show failing
    requests that are held back from whoever wrote the change. A candidate that is a revision runs in a sandbox, and its
    base with it, unless `trust_patch`; the working tree is the user's own code.
    """
    confined = candidate is not None and not trust_patch
    if confined:
        sandbox.require()
    proving.chosen(wanted)  # an unknown name is told before anything is copied
    named((*only, *faster), requests.of_target(target).timed)
    with run_folder.lock(target.root):
        checkout.sweep(target.root)
        marked = untouched.marks(target) if candidate is not None and trust_patch else None
        with (
            checkout.checkout(target, base, target.copy, confined=confined) as before,
            checkout.checkout(target, candidate, target.copy, confined=confined) as after,
            Case(
                base=before, candidate=after, only=tuple(only), faster=tuple(faster), speed_seconds=speed_seconds,
                reveal=reveal, say=say,
            ) as case,
        ):  # fmt: skip
            found = proving.prove(case, wanted, without)
    if marked is not None and (changed := untouched.changed(marked, untouched.marks(target))):
        raise SubsecondError("wrote-outside", untouched.told(changed), exit_code=EXIT_FAILED)
    return found


def plan(root: Path, goal: float | None) -> Plan:
    """The plan of the project's last audit, written beside it. `goal`: seconds an endpoint may take, None: no goal."""
    made = planning.plan(store.read_audit(root), store.read_trials(root), goal)
    store.write_plan(root, made)
    return made
