"""The report: everything that the page shows, as plain data. The page's contract, so also its JSON Schema.

Times are milliseconds (`…_us`: whole microseconds), counts whole numbers, what was not measured None. All text is text,
recorded or ours, and inert; only fields whose name ends in `_html` hold HTML, made by the report's highlighter alone.
Requests are named by their `id` (a word that fits into a URL), places and statements by their index in the tables of
the whole report, arrows and boxes by ids within their view.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from subsecond.model.explained import PlanNode
from subsecond.model.report_findings import Finding, Manual
from subsecond.model.report_ledger import Ledger
from subsecond.model.report_overview import Overview, Request
from subsecond.model.report_plan import Plan
from subsecond.model.report_views import View
from subsecond.model.report_waterfall import Waterfall

VERSION = 1


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
