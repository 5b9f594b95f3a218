"""The open half of the detection corpus: every planted defect at its place, its near miss left in peace."""

from __future__ import annotations

import json
import shutil
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from subsecond import workflow
from subsecond.model.audit import Audit
from subsecond.model.finding import Finding
from subsecond.target import load

CORPUS = Path(__file__).resolve().parents[1] / "benchmarks" / "detection" / "open"
EXPECTED: dict[str, dict[str, Any]] = json.loads((CORPUS / "expected.json").read_text())
KINDS = sorted({label["kind"] for label in EXPECTED.values()})


@pytest.fixture(scope="module")
def outcome(tmp_path_factory: pytest.TempPathFactory) -> Audit:
    """One audit of a copy, without trials."""
    folder = tmp_path_factory.mktemp("desk") / "open"
    shutil.copytree(CORPUS, folder, ignore=shutil.ignore_patterns("__pycache__", ".subsecond"))
    options = {"app": "desk.wsgi:app", "requests": ["requests.http"], "code": ["desk"], "repeat": 1}
    given = {**options, "python": sys.executable, "env": {"DESK_DB": str(folder / "desk.db")}}
    target = load(folder, given)
    return workflow.audit(target, keep_values=False, trials=False, progress=lambda *_: None, say=lambda line: None)


def of(findings: Sequence[Finding], request: str, kind: str) -> list[Finding]:
    """Findings of one kind in one request."""
    return [one for one in findings if one.kind == kind and request in one.requests]


def test_all_requests_answered(outcome: Audit) -> None:
    assert [(one.name, one.error) for one in outcome.requests if one.error] == []


def test_all_facts_could_be_read(outcome: Audit) -> None:
    assert [said for said in outcome.notes if "were not looked at" in said] == []


@pytest.mark.parametrize("route", EXPECTED)
def test_what_is_planted_is_named_at_its_place(outcome: Audit, route: str) -> None:
    label = EXPECTED[route]
    places = [(one.file, one.function) for one in of(outcome.findings, route, label["kind"])]
    assert places == [(label["file"], label["function"])]
    if wanted := label.get("cause"):
        [found] = of(outcome.findings, route, label["kind"])
        assert found.cause and (found.cause.file, found.cause.function.split(".")[0]) == tuple(wanted.values())


@pytest.mark.parametrize("kind", KINDS)
def test_its_near_miss_is_left_in_peace(outcome: Audit, kind: str) -> None:
    near = [one.name for one in outcome.requests if one.name.startswith(f"{kind}/near")]
    assert near
    alarms = [(one.file, one.line, one.title) for name in near for one in of(outcome.findings, name, kind)]
    assert alarms == []


def test_one_cause_is_one_finding(outcome: Audit) -> None:
    converted = [one.kind for one in outcome.findings if "loop-invariant-query/planted" in one.requests]
    assert "duplicate-query" not in converted
    paged = [one.kind for one in outcome.findings if "paginate-in-app/planted" in one.requests]
    assert "sort-in-app" not in paged
    looked_up = [one.kind for one in outcome.findings if "static-lookup/expanded" in one.requests]
    assert "hot-loop" not in looked_up


def test_a_page_s_order_is_told_with_it(outcome: Audit) -> None:
    [computed] = of(outcome.findings, "paginate-in-app/computed", "paginate-in-app")
    assert any(line.endswith("a key that Python computes: SQL has to, first") for line in computed.evidence)
    [plain] = of(outcome.findings, "paginate-in-app/planted", "paginate-in-app")
    assert any(line.endswith("columns, as ORDER BY would") for line in plain.evidence)


def test_each_finding_can_be_tried_or_says_why_not(outcome: Audit) -> None:
    for one in outcome.findings:
        assert bool(one.experiments) != bool(one.untestable), one.kind
        assert one.evidence or one.kind == "several-sessions"


def test_the_life_of_a_request_is_told_in_order(outcome: Audit) -> None:
    [life] = [one for one in outcome.lifecycles if one.request == "loop-invariant-query/planted"]
    functions = [(step.depth, step.title) for step in life.steps if step.what == "function"]
    assert functions[:2] == [(0, "converted_one_by_one"), (1, "rooms")]
    assert [step.start for step in life.steps if step.depth == 0] == sorted(
        step.start for step in life.steps if step.depth == 0
    )
    assert {one.name for one in life.dependencies if one.kind == "table"} == {"rooms", "rates"}
    assert (life.statements_now, life.statements_then, life.sessions_now, life.sessions_then) == (13, 2, 1, 1)


def test_what_would_remain_names_its_finding(outcome: Audit) -> None:
    [life] = [one for one in outcome.lifecycles if one.request == "excessive-logging/planted"]
    assert (life.logs_now, life.logs_then) == (400, 0)
    [life] = [one for one in outcome.lifecycles if one.request == "reordered-query/planted"]
    [gone] = [one for one in life.statements if not one.then]
    assert "reordered-query" in gone.why and (life.statements_now, life.statements_then) == (2, 1)


def test_growth_is_measured_where_the_app_reads_a_size(outcome: Audit) -> None:
    [grows] = of(outcome.findings, "growth/planted", "n-plus-one-query")
    assert grows.growth == 1.0
    assert all(one.growth is None for one in outcome.findings if "growth/planted" not in one.requests)


def test_what_is_remembered_at_a_cost_is_a_lower_bound(outcome: Audit) -> None:
    [found] = of(outcome.findings, "repeated-call/planted", "repeated-call")
    assert [experiment.fidelity for experiment in found.experiments] == ["lower bound"]


def test_a_filter_by_one_of_several_columns_is_a_lower_bound(outcome: Audit) -> None:
    [found] = of(outcome.findings, "filter-in-app/planted", "filter-in-app")
    by_value = [one for one in found.experiments if "column" in one.parameters]
    assert [(one.parameters["column"], one.fidelity, one.note) for one in by_value] == [("capacity", "measured", "")]


def test_what_the_orm_reads_again_is_said_to_be_that(outcome: Audit) -> None:
    """Expired by nobody's relationship: there is nothing to batch by a key, and no object to pass along."""
    [found] = of(outcome.findings, "n-plus-one-query/planted", "n-plus-one-query")
    assert found.title.startswith("20 × a Room is read again")
    assert any("expire_all()" in line for line in found.evidence)
    assert [one.fix for one in found.experiments] == ["memoise"]
    assert of(outcome.findings, "n-plus-one-query/planted", "derivable-query") == []
