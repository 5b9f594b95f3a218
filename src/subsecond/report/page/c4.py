"""The diagrams of a report: context, containers, and a flow for each request and job, of one or both sides."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from subsecond.model.report_common import Side
from subsecond.model.report_overview import Comparison
from subsecond.model.report_views import View
from subsecond.model.trace import Trace
from subsecond.report.page.callouts import callouts
from subsecond.report.page.containers import containers, context
from subsecond.report.page.flow import Flow
from subsecond.report.page.ghosts import haunt
from subsecond.report.page.names import Names
from subsecond.report.page.scene import Scene
from subsecond.report.page.sources import Recorded, Sources
from subsecond.report.page.tables import Tables


def views(
    sources: Sources, words: Mapping[str, str], comparisons: Sequence[Comparison], tables: Tables
) -> tuple[View, ...]:
    """All diagrams; `words`: ids of requests by name."""
    names = Names(
        sources.naming,
        around={one.side: one.around for one in sources.sides},
        root={one.side: one.root for one in sources.sides},
        names={one.side: one.name for one in sources.sides},
    )
    made: list[View] = []
    for draw in (context, containers):
        # with what was kept it stands among the same people and systems
        made += _paired([draw(one, names) for one in (sources.sides[:1] if sources.kept else sources.sides)])
    by_side: list[dict[str, Flow]] = [_flows(one, sources, names, tables) for one in sources.sides]
    compared = {one.request: one for one in comparisons}
    for request in dict.fromkeys(name for flows in by_side for name in flows):
        made += _paired(_flow_views(request, words[request], by_side, sources, compared.get(words[request])))
    return tuple(made)


def _flows(recorded: Recorded, sources: Sources, names: Names, tables: Tables) -> dict[str, Flow]:
    findings = recorded.audit.findings if recorded.side != "optimised" else ()
    flows = {}
    for request, run in recorded.runs().items():
        others = [trace for trace in recorded.traces if trace.request == request]
        scene = Scene(
            side=recorded.side,
            request=request,
            run=run,
            findings=tuple(one for one in findings if request in one.requests),
            profiled=tuple(trace for trace in others if trace.mode == "profiling"),
            deep=next((trace for trace in others if trace.mode == "deep"), None),
            unreached=sources.unreached.get((recorded.side, request), ()),
        )
        flows[request] = Flow(scene, names, tables, _asked(run))
    return flows


def _asked(run: Trace) -> str:
    """`GET /v1/rooms/<int:id>`: the route, without values."""
    return run.path if run.method == "JOB" else f"{run.method} {run.route or run.path}"


def _flow_views(
    request: str, word: str, by_side: Sequence[dict[str, Flow]], sources: Sources, compared: Comparison | None
) -> list[View]:
    made: list[View] = []
    before: Flow | None = None
    hint: dict[str, float] = {}
    for recorded, flows in zip(sources.sides, by_side, strict=True):
        flow = flows.get(request)
        if flow is None:
            continue
        if before is not None:
            same = haunt(flow, before)
            hint = {same[box]: y for box, y in hint.items() if box in same}
        view = flow.draft.view(
            _name(f"flow-{word}", recorded.side),
            "flow",
            request,
            side=recorded.side,
            request=word,
            seconds=flow.scene.run.seconds,
            callouts=callouts(flow, compared),
            left_out=flow.left_out,
            hint=hint,
        )
        made.append(view)
        before, hint = flow, {box.id: box.y + box.height / 2 for box in view.boxes}
    return made


def _name(name: str, side: Side) -> str:
    return name if side == "now" else f"{name}-{side}"


def _paired(made: Sequence[View]) -> list[View]:
    if len(made) != 2:
        return list(made)
    one, other = made
    return [replace(one, pair=other.id), replace(other, pair=one.id)]
