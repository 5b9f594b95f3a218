"""A real small audit -> the report: its figures are the audit's, its diagrams what was recorded, nothing secret."""

from __future__ import annotations

import base64
import gzip
import re
from dataclasses import replace

import pytest

from subsecond import store
from subsecond.model.report import Report
from subsecond.model.report_views import View
from subsecond.model.trace import Trace
from subsecond.report.page.data import report
from subsecond.report.page.html import page
from subsecond.report.page.markdown import markdown
from subsecond.report.page.masks import masked
from subsecond.report.page.mermaid import mermaid
from subsecond.report.page.sarif import sarif
from subsecond.report.page.sources import Sources
from subsecond.report.page.svg import svg
from subsecond_agent import protocol
from subsecond_agent.protocol import FINGERPRINT
from tests.report.conftest import SECRET


@pytest.fixture(scope="module")
def made(gathered: Sources, pages: dict[str, str]) -> Report:
    return report(replace(gathered, manual=pages, phases={1: "indexes", 2: "duplicates"}))


@pytest.fixture(scope="module")
def books(made: Report) -> View:
    return next(view for view in made.views if view.kind == "flow" and view.request == made.requests[0].id)


def test_the_figures_are_the_audits(made: Report, gathered: Sources) -> None:
    audit = gathered.main.audit
    assert [one.name for one in made.requests] == [masked(one.name) for one in audit.requests]
    for shown, result in zip(made.requests, audit.requests, strict=True):
        assert result.seconds is not None and shown.ms is not None
        assert shown.ms.median == pytest.approx(result.seconds.median * 1e3, abs=0.001)
        assert (shown.queries, shown.sessions, shown.rows) == (result.queries, result.sessions, result.rows)
        assert sum(part.ms for part in shown.time) == pytest.approx(shown.ms.median, abs=0.01)
    assert [one.id for one in made.findings] == [one.id for one in audit.findings]
    assert made.findings[0].code and "marked" in made.excerpts[made.findings[0].code[0]].code_html


def test_a_waterfall_has_every_span_and_the_marks_of_the_n_plus_one(made: Report, gathered: Sources) -> None:
    run = gathered.main.runs()[made.requests[0].name]
    shown = made.waterfalls[0]
    assert len(shown.spans.name) == len(run.spans)
    assert shown.spans.parent == tuple(-1 if span.parent is None else span.parent for span in run.spans)
    lazy = next(one for one in made.findings if one.kind == "lazy-load" and made.requests[0].id in one.requests)
    marked = [run.spans[number] for number in shown.marks[lazy.id]]
    assert len(marked) == 60 and {span.attributes[protocol.LAZY_LOAD] for span in marked} == {"Book.author"}
    statement = made.statements[shown.spans.statement[shown.marks[lazy.id][0]]]
    assert (statement.operation, statement.tables) == ("SELECT", ("authors",))
    assert statement.plan, "the plan of the loop's statement was read"


def test_a_flow_tells_the_recorded_order_with_counts(books: View, gathered: Sources) -> None:
    arrows = {arrow.id: arrow for arrow in books.arrows}
    titles = {box.id: box.title for box in books.boxes}
    told = [(titles[arrows[step.arrow].source], titles[arrows[step.arrow].target], step.times) for step in books.steps]
    assert told == [
        ("Reader", "books", 1),
        ("books", "Session 1", 1),
        ("Session 1", "books", 1),
        ("books", "Session 1", 60),
        ("Session 1", "authors", 60),
    ]
    assert [step.start_ms for step in books.steps] == sorted(step.start_ms for step in books.steps)
    loop = arrows[books.steps[-1].arrow]
    assert loop.caption.startswith("×60 · ") and loop.findings
    assert "×60" in books.steps[-1].text and "shop.py:" in books.steps[-1].text
    run = gathered.main.runs()[gathered.main.audit.requests[0].name]
    assert all(run.spans[number].name == protocol.SPAN_QUERY for number in loop.spans)


def test_sessions_loops_and_bottlenecks_stand_beside_the_flow(books: View) -> None:
    callouts = {one.sort: one for one in books.callouts}
    assert callouts["sessions"].lines[0].text == "1 check-out from 1 place"
    assert callouts["loops"].lines[0].text.startswith("60 × authors, ") and callouts["loops"].lines[0].finding
    assert callouts["bottlenecks"].lines[0].boxes


def test_containers_show_server_database_and_the_people_of_the_configuration(made: Report) -> None:
    view = next(one for one in made.views if one.kind == "containers")
    boxes = {box.kind: box for box in view.boxes}
    assert boxes["person"].title == "Reader" and boxes["person"].description == "Borrows books"
    assert "Flask 3" in boxes["container"].detail and boxes["database"].title == "shop.db"
    assert view.boundaries[0].title == made.name == "The library"


def test_trials_keep_their_pairs(made: Report, gathered: Sources) -> None:
    assert gathered.trials is not None
    tried = {one.finding: one for one in gathered.trials.trials if one.pairs}
    shown = {one.id: one.trials for one in made.findings}
    for name, record in tried.items():
        trial = next(one for one in shown[name] if one.points)
        assert len(trial.points) == record.pairs
    assert made.tried and any(one.verdict == "confirmed" for one in made.findings)


def test_the_ledger_has_gates_differences_and_the_request_as_curl(made: Report) -> None:
    assert made.ledger is not None and made.ledger.constraints[0].text == "zero new imports"
    gate = made.ledger.attempts[0].gates[1]
    assert gate.curl == 'curl -g "$BASE/books"'
    [one] = gate.differences
    assert (one.path, one.what, one.base, one.candidate) == ("$.items[0].name", "type", "text(3)", "7")
    assert not [line for line in gate.evidence if one.path in line]
    assert "<script" not in made.ledger.attempts[0].patch_html
    assert made.plan is not None and made.plan.goal_ms == 10.0


def test_no_secret_in_any_form_of_the_report(made: Report) -> None:
    forms = [
        store.to_json(made), markdown(made), store.to_json(sarif(made, "1")), page(made).decode(),
        *map(svg, made.views), *map(mermaid, made.views), _data_of(page(made)),
    ]  # fmt: skip
    assert all(SECRET not in form for form in forms)


def _data_of(html: bytes) -> str:
    found = re.search(rb'<script id="data" type="text/plain">([A-Za-z0-9+/=]+)</script>', html)
    assert found
    return gzip.decompress(base64.b64decode(found[1])).decode()


def test_the_page_holds_the_data_and_is_the_same_each_time(
    made: Report, gathered: Sources, pages: dict[str, str]
) -> None:
    again = report(replace(gathered, manual=pages, phases={1: "indexes", 2: "duplicates"}))
    assert page(again) == page(made)
    assert store.from_json(_data_of(page(made)), Report, "page") == made
    assert b"connect-src" not in page(made) and b"connect-src 'self'" in page(replace(made, live=True))


def test_two_audits_are_drawn_as_a_pair_with_what_is_gone_as_ghosts(gathered: Sources) -> None:
    main = replace(gathered.main, side="legacy")
    quick = [_without_authors(trace) for trace in main.traces]
    made = report(replace(gathered, main=main, other=replace(main, side="optimised", traces=tuple(quick))))
    word = made.requests[0].id
    before, after = (
        next(one for one in made.views if one.id == f"flow-{word}-{side}") for side in ("legacy", "optimised")
    )
    assert (before.pair, after.pair) == (after.id, before.id)
    ghosts = {box.title: box for box in after.boxes if box.change == "removed"}
    assert ghosts["authors"].note == "no database hit" and ghosts["authors"].kind == "table"
    assert any(arrow.change == "removed" and arrow.target == ghosts["authors"].id for arrow in after.arrows)
    assert not any(arrow.change == "removed" for arrow in before.arrows)
    gone = {arrow.id for arrow in after.arrows if arrow.change == "removed"}
    assert not gone.intersection(step.arrow for step in after.steps)
    rows = {row.key: (row.before, row.after) for row in made.overview.comparisons[0].rows}
    assert rows["lazy_loads"] == (60, 0) and made.overview.comparisons[0].basis == "measured"


def test_a_workers_job_has_a_flow_and_the_worker_a_box(gathered: Sources) -> None:
    run = gathered.main.runs()[gathered.main.audit.requests[0].name]
    job = replace(run, request="job shop.mail", method="JOB", path="shop.mail", route="shop.mail", status=None)
    made = report(replace(gathered, main=replace(gathered.main, traces=(*gathered.main.traces, job))))
    shown = next(one for one in made.requests if one.method == "JOB")
    flow = next(one for one in made.views if one.request == shown.id)
    assert (flow.title, flow.boxes[0].title, flow.boxes[0].kind) == ("job shop.mail", "Job queue", "container")
    containers = next(one for one in made.views if one.kind == "containers")
    worker = next(box for box in containers.boxes if box.id == "worker")
    assert not worker.optional and any(arrow.source == "worker" and arrow.count == 61 for arrow in containers.arrows)


def _without_authors(trace: Trace) -> Trace:
    """The run of a version that never asks for authors."""
    kept = [n for n, span in enumerate(trace.spans) if "from authors" not in str(span.attributes.get(FINGERPRINT, ""))]
    number = {old: new for new, old in enumerate(kept)}
    spans = [trace.spans[old] for old in kept]
    spans = [replace(one, parent=None if one.parent is None else number[one.parent]) for one in spans]
    return replace(trace, spans=tuple(spans))
