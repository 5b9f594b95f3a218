"""Every defect of the legacy version is named at its line, and each has a true verdict or says why it has none."""

from __future__ import annotations

import ast
import shutil
from dataclasses import dataclass
from pathlib import Path

import pytest
from contract_platform import ROOT, Platform, python

from subsecond import workflow
from subsecond.model.finding import Finding
from subsecond.target import load

pytestmark = [pytest.mark.xdist_group("discovery-contract"), pytest.mark.long]

CONFIRMED = "confirmed"
BY_CLOCK = "by the clock"
"""Only seconds can tell, and small data has few of them: confirmed, or told why not."""
UNTRIED = "not testable, or never acted"
"""No trial can say it in a running app; the reason is told."""
BUDGET = "480s"
"""Counts come first, so that these are known however slow the machine is."""
LAST_BUDGET = "600s"
"""Of the trials that change a response: they come last, each in a fresh process."""
LAST_KIND = "unused-query"
MORE_REQUESTS = """
### discovery-filtered
GET /v1/discovery?city=lisbon&date={{date}}&capacity_min=4&category=meeting-room
Authorization: Bearer {{login.response.body.token}}

### discovery-near
GET /v1/discovery?city=lisbon&date={{date}}&lat=38.72&lng=-9.14&add_ons=projector&page_size=10
Authorization: Bearer {{login.response.body.token}}
"""


@dataclass(frozen=True)
class Defect:
    """One row: the defect's number and its finding, at the statement that holds `text`, in a request of the audit."""

    number: int
    kind: str
    file: str
    text: str
    request: str
    verdict: str
    cause: str = ""
    """Text of the statement to change, where that is another one."""
    or_text: str = ""
    """Text of a second statement, where either may take longest."""


LIST, DETAIL = "controllers/discovery.py", "views/detail.py"
MODELS = "../models.py"
TABLE = (
    Defect(1, "static-lookup", "helpers/config.py", "query(Config)", "detail", CONFIRMED, "def load_config"),
    Defect(2, "reordered-query", LIST, "order_by(Item.hourly_price, Item.id).all()", "discovery", UNTRIED),
    Defect(3, "filter-in-app", "filters.py", "item.capacity < cmin", "discovery-filtered", CONFIRMED),
    Defect(3, "lazy-load", "filters.py", "item.category.slug != category", "discovery-filtered", CONFIRMED),
    Defect(4, "filter-in-app", "addons.py", "return [row for row in rows", "discovery-near", CONFIRMED),
    Defect(5, "paginate-in-app", LIST, "items[first : first + page_size]", "discovery", UNTRIED),
    Defect(5, "paginate-in-app", DETAIL, 'config["detail.max_items"]', "detail", CONFIRMED),
    Defect(6, "derivable-query", "serialisers/location.py", "query(Location.id, ", "discovery", CONFIRMED),
    Defect(7, "unused-query", "availability.py", "session.query(Booking)", "discovery-holiday", CONFIRMED),
    Defect(7, "unused-query", "availability.py", "session.query(PriceRule)", "discovery-holiday", CONFIRMED),
    Defect(7, "unused-query", "addons.py", "session.query(ItemAddOn)", "discovery-holiday", CONFIRMED),
    Defect(8, "lazy-load", MODELS, "for hours in self.hours", "discovery", CONFIRMED, "hours: Mapped"),
    Defect(8, "lazy-load", MODELS, "self.photos[0].url", "discovery", CONFIRMED, "photos: Mapped"),
    Defect(8, "lazy-load", MODELS, "in sorted(self.amenities", "discovery", CONFIRMED, "amenities: Mapped"),
    Defect(8, "lazy-load", MODELS, "if not self.reviews", "discovery", CONFIRMED, "reviews: Mapped"),
    Defect(8, "lazy-load", "serialisers/item.py", "item.category.slug", "discovery", CONFIRMED, "category: Mapped"),
    Defect(8, "lazy-load", "serialisers/location.py", "location.city", "detail", CONFIRMED, "city: Mapped"),
    Defect(8, "repeated-call", LIST, "serialise_location(", "discovery", BY_CLOCK, "def serialise_location"),
    Defect(9, "hot-loop", "availability.py", "booking.item_id == item.id", "discovery", UNTRIED),
    Defect(10, "hot-loop", "availability.py", "[link for link in links", "discovery", UNTRIED),
    Defect(10, "filter-in-app", "availability.py", "[rule for rule in rules", "discovery", CONFIRMED),
    # On the whole list, small data keep it below the one percent of the request from which it is told.
    Defect(11, "non-sargable-predicate", "availability.py", "session.query(Booking)", "discovery-filtered", BY_CLOCK),
    Defect(11, "filter-in-app", "availability.py", "block.starts_at < next_midnight", "discovery", CONFIRMED),
    Defect(12, "excessive-logging", LIST, 'log.info("list item %s"', "discovery", CONFIRMED),
    Defect(12, "excessive-logging", LIST, 'log.info("DISC-2214', "discovery", CONFIRMED, or_text="list item done"),
    Defect(13, "over-fetched-columns", MODELS, "if not self.reviews", "discovery", BY_CLOCK),
    Defect(13, "over-fetched-columns", LIST, "query.order_by(Item.hourly_price", "discovery-near", BY_CLOCK),
    Defect(14, "missing-index", DETAIL, "session.query(Booking)", "detail", BY_CLOCK),
    Defect(14, "missing-index", "daypass.py", "session.query(Daypass)", "detail", BY_CLOCK),
    Defect(14, "missing-index", DETAIL, "session.query(Item)", "detail", BY_CLOCK),
    Defect(15, "several-sessions", "occupancy.py", "with Session() as session", "detail", CONFIRMED),
    Defect(15, "nested-checkout", "occupancy.py", "with Session() as session", "detail", CONFIRMED, "with Session()"),
    Defect(16, "n-plus-one-query", DETAIL, "session.query(Booking)", "detail", CONFIRMED),
    Defect(16, "duplicate-query", DETAIL, "session.query(Status)", "detail", CONFIRMED),
    Defect(16, "n-plus-one-query", "occupancy.py", "session.execute(ITEM_SQL", "detail", UNTRIED),
    Defect(17, "loop-invariant-query", "daypass.py", "session.query(Daypass)", "detail", CONFIRMED),
    Defect(18, "derivable-query", DETAIL, "session.query(User)", "detail", UNTRIED, "session.query(User)"),
    # On the list: on the detail page, which does the same, small data keeps the connection busy most of the time.
    Defect(19, "connection-held", LIST, "with Session() as session", "discovery", UNTRIED),
    Defect(20, "filter-in-app", "permissions.py", "any(p.scope == scope", "detail", CONFIRMED, "query(Permission)"),
)
"""The legacy version's defects, numbered; what has no trial counts as found, not as proven."""


@dataclass(frozen=True)
class Outcome:
    """The project that was audited, and its findings with their trials."""

    project: Path
    findings: tuple[Finding, ...]

    def at(self, defect: Defect) -> list[Finding]:
        """Those of its kind, at its statement and because of its cause."""
        file = f"discovery/{defect.file[3:]}" if defect.file.startswith("../") else f"discovery/legacy/{defect.file}"
        return [
            one
            for one in self.findings
            if (one.kind, one.file) == (defect.kind, file)
            and defect.request in one.requests
            and any(text in self.statement(file, one.line) for text in (defect.text, defect.or_text) if text)
            and (not defect.cause or (one.cause and defect.cause in self.statement(one.cause.file, one.cause.line)))
        ]

    def statement(self, file: str, line: int) -> str:
        """The source of the innermost statement that a line is part of."""
        text = (self.project / file).read_text()
        around = [
            node
            for node in ast.walk(ast.parse(text))
            if isinstance(node, ast.stmt) and node.lineno <= line <= (node.end_lineno or 0)
        ]
        return ast.get_source_segment(text, max(around, key=lambda node: node.lineno)) or ""


@pytest.fixture(scope="module")
def outcome(tmp_path_factory: pytest.TempPathFactory, platform: Platform) -> Outcome:
    """One audit of a copy of the project, with requests that filter as well."""
    folder = tmp_path_factory.mktemp("table") / "project"
    shutil.copytree(ROOT / "discovery", folder / "discovery", ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "requirements.lock", folder)
    shutil.copy(ROOT / "subsecond.toml", folder)
    asked = (ROOT / "requests.http").read_text().replace("http://127.0.0.1:8103", platform.state["auth_url"])
    (folder / "requests.http").write_text(asked + MORE_REQUESTS)
    given = {"python": python(), "repeat": 1}
    with pytest.MonkeyPatch.context() as environment:
        for name, value in platform.environment.items():
            if name.startswith("DISCOVERY_"):
                environment.setenv(name, value)
        target = load(folder, {**given, "budget": BUDGET})
        audit = workflow.audit(target, keep_values=False, progress=lambda *_: None, say=lambda said: None)
        target = load(folder, {**given, "budget": LAST_BUDGET})
        last = workflow.try_one(target, LAST_KIND, (), progress=lambda *_: None, say=lambda said: None)
    return Outcome(folder, (*(one for one in audit.findings if one.kind != LAST_KIND), *last))


def test_each_of_the_twenty_defects_is_in_the_table() -> None:
    assert {one.number for one in TABLE} == set(range(1, 21))


@pytest.mark.parametrize("defect", TABLE, ids=lambda one: f"{one.number}-{one.kind}")
def test_it_is_named_at_its_line_with_a_true_verdict(defect: Defect, outcome: Outcome) -> None:
    found = outcome.at(defect)
    assert found, [(one.kind, one.file, one.line) for one in outcome.findings if one.kind == defect.kind]
    # what no experiment can show is told once, of the request that it costs most
    trials = [one for one in found[0].trials if one.request == defect.request or one.virtual_fix == "none"]
    verdicts = {one.verdict for one in trials}
    assert verdicts
    assert all(one.why for one in trials if one.verdict != "confirmed")
    if defect.verdict == CONFIRMED:
        assert "confirmed" in verdicts, [(one.verdict, one.why) for one in trials]
        assert all(one.response_equal is not False for one in trials if one.verdict == "confirmed")
    elif defect.verdict == UNTRIED:
        assert verdicts <= {"not testable", "not applied"}
    else:
        assert verdicts <= {"confirmed", "inconclusive", "refuted"}


def test_both_orders_of_the_list_are_told_with_its_page(outcome: Outcome) -> None:
    [page] = [defect for defect in TABLE if defect.kind == "paginate-in-app" and defect.file == LIST]
    [finding] = outcome.at(page)
    told = [text for text in finding.evidence if "sort_rows" in text]
    assert any("by a key that Python computes" in text for text in told), finding.evidence
    assert any("as ORDER BY would" in text for text in told), finding.evidence
