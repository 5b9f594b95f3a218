"""A report of any size, made of the contract's dataclasses: for the browser's tests and its benchmark.

Names and texts of the first request are hostile on purpose; numbers follow from indices: the same bytes each time.
"""

from __future__ import annotations

from subsecond.model.explained import PlanNode
from subsecond.model.report import Excerpt, Place, Report, Statement
from subsecond.model.report_common import Side, Spread, TimePart
from subsecond.model.report_findings import Finding, Manual, Patch, Trial
from subsecond.model.report_ledger import Attempt, Constraint, Difference, Gate, Ledger
from subsecond.model.report_overview import Comparison, Design, LifeStep, Need, Overview, Remaining, Request, Row
from subsecond.model.report_plan import Bar, LeftOut, Phase, Plan, PlannedRequest, PlanStep
from subsecond.model.report_views import Arrow, Boundary, Box, Callout, CalloutLine, View, ViewStep
from subsecond.model.report_waterfall import Flame, Spans, Waterfall
from subsecond.report.page.highlight import code_html, page_html, patch_html, sql_html

EVIL = "</script><script>document.title='owned'</script><!-- \u2028 ${x} {{y}} $& <img src=x onerror=alert(1)> \"'"
KINDS = ("n-plus-one-query", "lazy-load", "missing-index", "hot-loop", "excessive-logging")
VERDICTS = ("confirmed", "inconclusive", "refuted", "not applied", "not testable")
SIDES: tuple[Side, Side] = ("legacy", "optimised")
PLACES = 120
STATEMENTS = 40
TABLES = 6
MS = {"legacy": 10_842.0, "optimised": 700.0}


def made(endpoints: int = 20, spans: int = 5_000, findings: int = 60) -> Report:
    """`spans` all in the first request's legacy run, the worst case; every other run has a few."""
    requests = [f"request-{number}" for number in range(endpoints)]
    return Report(
        name=EVIL, compared="the optimised one", tried=True,
        places=tuple(
            Place(file=f"shop/part_{n % 9}/module_{n}.py", line=10 + n, function=f"function_{n}") for n in range(PLACES)
        ),
        words=(EVIL, "request", "query", "session", "log", "http", *(f"name_{n}" for n in range(30))),
        statements=tuple(_statement(number) for number in range(STATEMENTS)),
        excerpts={f"shop/part_{n % 9}/module_{n}.py:{10 + n}": _excerpt(n) for n in range(PLACES)},
        requests=tuple(_request(name, index, side) for index, name in enumerate(requests) for side in SIDES),
        overview=_overview(requests),
        views=tuple(_view(name, index, side) for index, name in enumerate(requests) for side in SIDES),
        waterfalls=tuple(
            _waterfall(name, side, spans if index == 0 and side == "legacy" else 40)
            for index, name in enumerate(requests) for side in SIDES
        ),
        findings=tuple(_finding(number, requests) for number in range(findings)),
        manual={
            kind: Manual(title=kind, page_html=page_html(f"# {kind}\n\nWhy.\n\n- one\n- two\n")) for kind in KINDS
        },
        plan=_plan(requests), ledger=_ledger(),
    )  # fmt: skip


def nothing() -> Report:
    """A report of which every stage is still to come."""
    return Report(name="nothing yet", overview=Overview(headline="No request was measured yet."))


def _statement(number: int) -> Statement:
    text = f"SELECT t{number}.id, t{number}.name FROM t{number} WHERE t{number}.owner = ?"
    plan = (
        PlanNode(depth=0, label="Sort", rows=12.0, cost=9.0, share=0.1),
        PlanNode(depth=1, label=f"Seq Scan on t{number}", detail=EVIL, rows=9e4, cost=90.0, share=0.9, slow=True),
    )
    return Statement(
        text=EVIL if number == 1 else text, sql_html=sql_html(EVIL if number == 1 else text), operation="SELECT",
        tables=(f"t{number}",), plan=plan, plan_note="estimated",
    )  # fmt: skip


def _excerpt(number: int) -> Excerpt:
    lines = [f"def function_{number}(items):", "    result = {}", f"    # {EVIL}", "    return result"]
    file, first = f"shop/part_{number % 9}/module_{number}.py", 8 + number
    return Excerpt(file=file, first=first, marked=first + 2, code_html=code_html(lines, first, first + 2, file))


def _time(total: float) -> tuple[TimePart, ...]:
    return (
        TimePart(key="database", label="Database", ms=total * 0.6),
        TimePart(key="round_trips", label="Round trips", ms=total * 0.1, note="at least"),
        TimePart(key="python", label="Python", ms=total * 0.3),
    )


def _request(name: str, index: int, side: Side) -> Request:
    total = MS[side] + index
    life = tuple(
        LifeStep(depth=n % 4, what="query", title=f"step {n}", place=n, start_ms=n * 10.0, ms=5.0, times=1 + n)
        for n in range(20)
    )
    design = Design(
        statements_now=1_502, statements_then=6, sessions_now=5, sessions_then=1, logs_now=40, logs_then=2, calls_now=1,
        statements=(Remaining(title="SELECT … FROM t1", place=1, now=623, then=1, why="F1 n-plus-one-query"),),
    )  # fmt: skip
    return Request(
        id=name, name=EVIL if index == 0 else f"request {index}", side=side, method="GET", url=f"/v1/{EVIL}?q={index}",
        status=200, ms=Spread(median=total, low=total * 0.97, high=total * 1.05), runs=9, queries=1_502, sessions=5,
        session_sites=3, rows=9_000, recording_added=0.03, time=_time(total), life=life,
        needs=(Need(sort="table", name="t1", calls=624, ms=5_300.0), Need(sort="service", name=EVIL, calls=1, ms=20.0)),
        findings=("F1", "F2"), design=design,
    )  # fmt: skip


def _overview(requests: list[str]) -> Overview:
    rows = (
        Row(key="time", label="Response time", unit="ms", before=10_842.0, after=700.0, note="median"),
        Row(key="sessions", label="Sessions", unit="count", before=1_495, after=1),
        Row(key="queries", label="Queries", unit="count", before=1_502, after=0),
    )
    return Overview(
        headline=f"GET {EVIL} takes 10.8 s", few=("F1", "F2"), notes=("started with gunicorn", EVIL),
        comparisons=(Comparison(request=requests[0], basis="measured", source="two audits", rows=rows),),
    )  # fmt: skip


def _view(request: str, index: int, side: Side) -> View:
    """Client, handler, helpers, sessions, tables in columns; the recorded order is not the order of the arrows."""
    other = SIDES[1 - SIDES.index(side)]
    helpers = [f"helper_{n}" for n in range(TABLES)]
    boxes = [
        _box("client", "person", "Client", "Person", 0, 100, 128, 58),
        _box("handler", "component", EVIL if index == 0 else "handler", "Component", 220, 100, 150, 50, place=0),
        *(
            _box(
                name, "component", name, "Component", 460, 40 + 62 * n, 150, 50, place=n + 1,
                findings=("F1",) if n == 0 else (),
            )
            for n, name in enumerate(helpers)
        ),
        _box("session", "session", "Session 1", "Session", 720, 120, 118, 32),
        *(
            _box(
                f"t{n}", "table", f"t{n}", "Table", 960, 40 + 46 * n, 132, 34, statements=(n,), change=_change(side, n)
            )
            for n in range(TABLES)
        ),
    ]  # fmt: skip
    arrows = [_arrow("request", "client", "handler", (128, 129), (220, 125), 1)]
    for n, name in enumerate(helpers):
        arrows.append(_arrow(f"call-{n}", "handler", name, (370, 125), (460, 65 + 62 * n), 1 + n * 3))
        arrows.append(_arrow(f"hold-{n}", name, "session", (610, 65 + 62 * n), (720, 136), 1))
        arrows.append(
            _arrow(f"query-{n}", "session", f"t{n}", (838, 136), (960, 57 + 46 * n), 1 + n * 40, _change(side, n))
        )
    order = ["request"] + [f"{part}-{n}" for n in (3, 0, 1) for part in ("call", "hold", "query")]
    step_ms = MS[side] / len(order)
    steps = tuple(
        ViewStep(
            arrow=arrow, times=7 if arrow == "query-3" else 1, start_ms=at * step_ms, ms=step_ms, text=f"{arrow} runs",
            place=at, spans=(at, at),
        )
        for at, arrow in enumerate(order)
    )  # fmt: skip
    line = CalloutLine(text=f"623 × SELECT {EVIL}", finding="F1", boxes=("t1",))
    return View(
        id=f"flow-{request}-{side}", kind="flow", title=EVIL if index == 0 else f"request {index}", side=side,
        request=request, width=1_100, height=420, boxes=tuple(boxes), arrows=tuple(arrows), steps=steps,
        ms=MS[side],
        pair=f"flow-{request}-{other}", mermaid="C4Component\n",
        callouts=(Callout(sort="loops", title="N+1 loops", lines=(line,)),),
        boundaries=(
            Boundary(id="app", title="shop", technology=EVIL, parent=None, x=200, y=0, width=660, height=420),
        ),
    )  # fmt: skip


def _change(side: Side, table: int) -> str:
    return "removed" if side == "optimised" and table == 5 else "same"


def _box(
    name: str, kind: str, title: str, word: str, x: int, y: int, width: int, height: int, *, place: int | None = None,
    statements: tuple[int, ...] = (), findings: tuple[str, ...] = (), change: str = "same",
) -> Box:  # fmt: skip
    code = None if place is None else f"shop/part_{place % 9}/module_{place}.py:{10 + place}"
    return Box(
        id=name, kind=kind, title=title, word=word, detail="" if place is None else str(code), boundary=None, x=x, y=y,  # type: ignore[arg-type]
        width=width, height=height, calls=3, ms=123.0, place=place, code=code, statements=statements, findings=findings,
        change=change, description=EVIL,  # type: ignore[arg-type]
    )  # fmt: skip


def _arrow(
    name: str, source: str, target: str, begin: tuple[int, int], end: tuple[int, int], count: int, change: str = "same"
) -> Arrow:
    middle = (begin[0] + end[0]) // 2
    points = (begin, (middle, begin[1]), (middle, end[1]), end)
    return Arrow(
        id=name, source=source, target=target, label=EVIL, count=count, ms=12.5, points=points,
        badge=((middle + end[0]) // 2, end[1]), spans=(1, 2), caption=f"×{count}", change=change,  # type: ignore[arg-type]
    )  # fmt: skip


def _waterfall(request: str, side: Side, size: int) -> Waterfall:
    """A request, then alternating: a session, in it four kinds of query; every tenth row a log record."""
    total = round(MS[side] * 1000)
    each = max(1, total // (size + 1))
    parent, session = [-1], 0
    for span in range(1, size):
        if span % 50 == 1:
            session = span
            parent.append(0)
        else:
            parent.append(session)
    name = [1] + [3 if span % 50 == 1 else 4 if span % 10 == 0 else 2 for span in range(1, size)]
    queries = [one == 2 for one in name]
    spans = Spans(
        name=tuple(name), label=tuple(0 if span == 2 else 6 + span % 4 for span in range(size)),
        start_us=tuple(span * each for span in range(size)),
        duration_us=(total, *(each * (49 if span % 50 == 1 else 1) for span in range(1, size))),
        parent=tuple(parent), place=tuple(span % 4 for span in range(size)),
        statement=tuple(span % 4 if queries[span] else -1 for span in range(size)),
        rows=tuple(3 if queries[span] else -1 for span in range(size)),
    )  # fmt: skip
    chain = tuple(range(-1, 7))
    flame = Flame(
        how="sampled every 5 ms", total_us=total, word=tuple(6 + n for n in range(8)),
        place=(0, 1, 2, 3, 4, -1, -1, -1),
        parent=chain, start_us=(0,) * 8, duration_us=tuple(total - n * 1_000 for n in range(8)),
        own_us=(*(1_000 for _ in range(7)), total - 7_000),
    )  # fmt: skip
    return Waterfall(request=request, side=side, total_us=total, spans=spans, marks={"F1": (2, 6)}, flame=flame)


def _finding(number: int, requests: list[str]) -> Finding:
    kind, verdict = KINDS[number % len(KINDS)], VERDICTS[number % len(VERDICTS)]
    gain = Spread(median=5_100.0 - number, low=4_800.0, high=5_400.0) if verdict == "confirmed" else None
    trial = Trial(
        request=requests[0], virtual_fix="batch", verdict=verdict, why=EVIL, fidelity="measured", gain=gain,  # type: ignore[arg-type]
        base_ms=10_842.0, queries_saved=621, response_equal=verdict != "refuted", method="pairs", clock="cpu and waits",
        points=tuple((10_800.0 + 9 * n, 5_700.0 + 7 * n) for n in range(12)),
        differences=("$.items[0].name",),
    )  # fmt: skip
    patch = Patch(
        by="fixer batch-lookup", patch_html=patch_html(f"--- a/x.py\n+++ b/x.py\n@@ -1 +1 @@\n-{EVIL}\n+pass\n")
    )
    return Finding(
        id=f"F{number + 1}", key=f"key-{number}", kind=kind, phase=number % 6,
        title=EVIL if number == 0 else f"bottleneck {number}", request=requests[0],
        requests=tuple(requests[: 1 + number % 3]), place=number, cause=number + 1 if number % 2 else None,
        queries=623 - number, ms=5_300.0 - number, share=0.5, growth=1.0, evidence=(EVIL, "623 times in one request"),
        verdict=verdict, gain=gain, trials=(trial,), code=(f"shop/part_{number % 9}/module_{number}.py:{10 + number}",),  # type: ignore[arg-type]
        statements=(number % STATEMENTS,), patch=patch,
    )  # fmt: skip


def _plan(requests: list[str]) -> Plan:
    steps = tuple(
        PlanStep(
            id=f"S{n}", phase=n % 3, finding=f"F{n}", kind=KINDS[n % len(KINDS)], title=EVIL if n == 1 else f"step {n}",
            place=n, requests=(requests[0],), gain_ms=500.0, fidelity="measured", proof="trial" if n % 2 else "attempt",
            queries_saved=12, risk="small", measure="the audit again", revert="git revert", outcome="kept", attempt=1,
        )
        for n in range(1, 9)
    )  # fmt: skip
    bars = tuple(
        Bar(step=f"S{n}", before_ms=10_842.0 - 500 * (n - 1), after_ms=10_842.0 - 500 * n, certain=n % 2 == 1)
        for n in range(1, 9)
    )
    planned = PlannedRequest(
        request=requests[0], now_ms=10_842.0, predicted=Spread(median=6_842.0, low=6_500.0, high=7_100.0),
        measured_ms=6_900.0, queries_now=1_502, queries_predicted=881, meets_goal=False,
        time=_time(10_842.0), bars=bars,
    )  # fmt: skip
    others = tuple(PlannedRequest(request=name, now_ms=100.0) for name in requests[1:])
    phases = tuple(Phase(number=n, title=f"phase {n}") for n in range(6))
    left = (LeftOut(finding="F9", kind="hot-loop", why=EVIL),)
    return Plan(goal_ms=1_000.0, phases=phases, requests=(planned, *others), steps=steps, left_out=left, notes=(EVIL,))


def _ledger() -> Ledger:
    passed = tuple(Gate(name=name, verdict="passed", why="fine", ms=800.0) for name in ("import", "boot"))
    failed = Gate(
        name="contract", verdict="failed", why=EVIL, evidence=(EVIL,), ms=9_000.0,
        curl=f"curl 'http://127.0.0.1/{EVIL}'",
        differences=(Difference(path="$.items[0].name", what=EVIL, base=EVIL, candidate=EVIL),),
    )  # fmt: skip
    html = patch_html("--- a/x.py\n+++ b/x.py\n@@ -1 +1 @@\n-old\n+new\n")
    kept = Attempt(
        number=1, step="S1", finding="F1", kind=KINDS[0], proposer="fixer", outcome="kept",
        why="all gates passed", base="0" * 40, commit="1" * 40, ms=48_000.0, gates=passed, patch_html=html,
    )  # fmt: skip
    reverted = Attempt(
        number=2, step="S2", finding="F2", kind=KINDS[1], proposer=EVIL, outcome="reverted", why=EVIL, base="0" * 40,
        commit="2" * 40, ms=31_000.0, gates=(*passed, failed), patch_html=html, culprit_html=html,
    )  # fmt: skip
    learned = (Constraint(rule="no-new-imports", text="zero new imports", because=EVIL),)
    return Ledger(attempts=(kept, reverted), constraints=learned, base="0" * 40, result="1" * 40)
