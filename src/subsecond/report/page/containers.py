"""The two outer diagrams: who uses the system and what it depends on, and what it is made of."""

from __future__ import annotations

from collections.abc import Iterable

from subsecond.model.report_views import View, ViewStep
from subsecond.model.target import Person
from subsecond.model.trace import Span, Trace
from subsecond.report.page.draft import Draft, DraftBox
from subsecond.report.page.marks import by_name, called, what
from subsecond.report.page.names import Names, technology
from subsecond.report.page.sources import Recorded
from subsecond.report.page.units import many, ms, shown_ms, slugs
from subsecond.sql.fingerprint import tables as tables_of
from subsecond_agent import protocol

SYSTEM = "system"


def context(recorded: Recorded, names: Names) -> View:
    """People, the system as one box, other systems."""
    draft = Draft()
    title, _ = names.app(recorded.side)
    runs = list(recorded.runs().values())
    app = draft.box(
        DraftBox(
            id="app", kind="container", title=title, word="Software System",
            detail=f"{many(len(recorded.audit.requests), 'request')} observed", description=names.named("app", "")[1],
        )
    )  # fmt: skip
    _people(draft, recorded, names, app.id)
    _services(draft, runs, names, app.id)
    return draft.view(_id("context", recorded), "context", "System context", side=recorded.side)


def containers(recorded: Recorded, names: Names) -> View:
    """What the system runs on: the server, its workers, databases, stores; and the systems outside."""
    draft = Draft()
    around = recorded.around
    title, _ = names.app(recorded.side)
    draft.frame(SYSTEM, title, "Software System")
    runs = recorded.runs()
    requests = [run for run in runs.values() if run.method != "JOB"]
    jobs = [run for run in runs.values() if run.method == "JOB"]
    app = draft.box(
        DraftBox(
            id="app", kind="container", title="Web application", word="Container", frame=SYSTEM,
            detail=technology(around) if around else "", description=names.named("app", "")[1],
        )
    )  # fmt: skip
    _people(draft, recorded, names, app.id)
    workers = _workers(draft, recorded, names, jobs)
    for holder, found in ((app.id, requests), (workers, jobs)):
        if holder is not None:
            _stores(draft, found, names, holder, recorded)
            _services(draft, found, names, holder)
    return draft.view(_id("containers", recorded), "containers", "Containers", side=recorded.side)


def _id(name: str, recorded: Recorded) -> str:
    return name if recorded.side == "now" else f"{name}-{recorded.side}"


def _people(draft: Draft, recorded: Recorded, names: Names, app: str) -> None:
    """Each person with the requests that are theirs."""
    theirs: dict[Person, list[str]] = {person: [] for person in names.people()}
    for result in recorded.audit.requests:
        theirs.setdefault(names.person_of(result.name), []).append(result.name)
    seconds = {one.name: one.seconds.median for one in recorded.audit.requests if one.seconds}
    ids = slugs([person.name for person in theirs])
    for person, asked in theirs.items():
        box = draft.box(
            DraftBox(
                id=f"p-{ids[person.name]}", kind="person", title=person.name, word="Person", lane="start",
                description=person.description,
            )
        )  # fmt: skip
        if not asked:
            continue
        arrow = draft.arrow(box.id, app)
        arrow.count, arrow.labels = len(asked), {many(len(asked), "request"): None}
        arrow.seconds = sum(seconds.get(name, 0.0) for name in asked)
        text = f"{person.name} → {draft.boxes[app].title}, {', '.join(asked)}"
        draft.steps.append(ViewStep(arrow=arrow.id, times=len(asked), start_ms=0.0, ms=ms(arrow.seconds), text=text))


def _workers(draft: Draft, recorded: Recorded, names: Names, jobs: list[Trace]) -> str | None:
    """The workers' box, None where there are none; one for all: a job does not say which of them ran it."""
    programs = recorded.around.workers if recorded.around else ()
    if not programs and not jobs:
        return None
    title, description = names.named(programs[0] if programs else "worker", "Worker")
    box = draft.box(
        DraftBox(
            id="worker", kind="container", title=title, word="Container", frame=SYSTEM, detail=", ".join(programs),
            description=description, optional=not jobs, calls=len(jobs) or None,
            note="" if jobs else "no job ran meanwhile",
        )
    )  # fmt: skip
    return box.id


def _stores(draft: Draft, runs: Iterable[Trace], names: Names, holder: str, recorded: Recorded) -> None:
    """The database and the key-value stores that one container asks."""
    queries = [span for run in runs for span in by_name(run, protocol.SPAN_QUERY)]
    if queries:
        title, kind = names.database(recorded.side)
        seen = {table for span in queries for table in tables_of(str(span.attributes.get(protocol.FINGERPRINT, "")))}
        box = draft.box(
            DraftBox(
                id="database", kind="database", title=title, word="Database", frame=SYSTEM, lane="end",
                detail=f"{kind or 'SQL'}, {many(len(seen), 'table')}",
            )
        )  # fmt: skip
        _told(draft, holder, box.id, queries, many(len(queries), "statement"))
    stores: dict[str, list[Span]] = {}
    for run in runs:
        for span in by_name(run, protocol.SPAN_KEY_VALUE):
            stores.setdefault(called(span), []).append(span)
    for spans in stores.values():
        made = names.outside(spans[0])
        made.frame = SYSTEM
        _told(draft, holder, draft.box(made).id, spans, ", ".join(dict.fromkeys(map(what, spans))))


def _services(draft: Draft, runs: Iterable[Trace], names: Names, holder: str) -> None:
    """Other systems that are called over HTTP."""
    services: dict[str, list[Span]] = {}
    for run in runs:
        for span in by_name(run, protocol.SPAN_HTTP):
            services.setdefault(called(span), []).append(span)
    for spans in services.values():
        box = draft.box(names.outside(spans[0]))
        _told(draft, holder, box.id, spans, ", ".join(dict.fromkeys(map(what, spans))))


def _told(draft: Draft, source: str, target: str, spans: list[Span], label: str) -> None:
    arrow = draft.arrow(source, target)
    arrow.labels[label], arrow.leaf = None, True
    arrow.count += len(spans)
    arrow.seconds = (arrow.seconds or 0.0) + sum(span.seconds for span in spans)
    title = f"{draft.boxes[source].title} → {draft.boxes[target].title}"
    text = f"{title}, {label}, {shown_ms(ms(arrow.seconds))} in all requests, each run once"
    draft.steps.append(
        ViewStep(
            arrow=arrow.id, times=len(spans), start_ms=ms(min(span.start for span in spans)), ms=ms(arrow.seconds),
            text=text,
        )
    )  # fmt: skip
