"""The plan for a reader at a terminal."""

from __future__ import annotations

from collections.abc import Mapping

from rich.console import Group, RenderableType
from rich.text import Text

from subsecond.errors import printable
from subsecond.model.plan import Endpoint, Plan, Step
from subsecond.model.trace import shown_file
from subsecond.report.durations import duration, signed

PHASES = {
    0: "measure",
    1: "indexes",
    2: "duplicate statements and lazy loads",
    3: "filters, sorting, pages into SQL",
    4: "response cache",
    5: "configuration, loops, logs",
    None: "outside the database",
}


def plan_text(plan: Plan) -> RenderableType:
    """The whole plan: endpoints first, then the steps phase by phase, then what has none."""
    lines: list[Text] = []
    for name, one in plan.endpoints.items():
        lines += _endpoint(name, one, plan.goal_seconds)
    phase: object = object()
    for step in plan.steps:
        if step.phase != phase:
            phase = step.phase
            number = "" if step.phase is None else f"Phase {step.phase}: "
            lines.append(Text(f"\n{number}{PHASES.get(step.phase, '')}", "bold"))
        lines += _step(step)
    if not plan.steps:
        lines.append(Text("Nothing to do: the audit has no finding that a trial did not refute."))
    for left in plan.left_out:
        lines.append(Text(printable(f"left out: {left.finding} {left.kind}: {left.why}"), "dim"))
    lines += [Text(printable(f"note: {one}"), "dim") for one in plan.notes]
    return Group(*lines)


def _endpoint(name: str, one: Endpoint, goal: float | None) -> list[Text]:
    line = Text(printable(name), "bold")
    line.append(f"  now {duration(one.now_seconds)}", "")
    if one.predicted_seconds is None:
        line.append(", with the confirmed fixes: not measured together")
    else:
        between = (
            f" ({duration(one.low)} to {duration(one.high)})" if one.low is not None and one.high is not None else ""
        )
        estimate = ", partly an estimate" if one.estimate else ""
        line.append(f", with the confirmed fixes {duration(one.predicted_seconds)}{between}{estimate}")
    if one.queries_now is not None and one.queries_predicted is not None:
        line.append(f"; {one.queries_now} → {one.queries_predicted} statements")
    lines = [line]
    if goal is not None and one.meets_goal is not None:
        if one.meets_goal:
            lines.append(Text(f"  meets the goal of {duration(goal)}", "green"))
        else:
            lines.append(Text(f"  misses the goal of {duration(goal)} by what is confirmed alone", "red"))
    if one.spent and one.meets_goal is not True:
        lines.append(Text(f"  its seconds now: {_parts(one.spent)}", "dim"))
    if one.remains:
        lines.append(Text(f"  what would remain: {_parts(one.remains)}", "dim"))
    return lines


def _parts(seconds: Mapping[str, float]) -> str:
    """`database 0.2 s, python 0.1 s`: the largest first, what is below half a millisecond left out."""
    parts = sorted(seconds.items(), key=lambda part: -part[1])
    return ", ".join(f"{name} {duration(spent)}" for name, spent in parts if spent >= 0.0005)


def _between(step: Step) -> str:
    """What fresh starts will show of it."""
    if step.gain_low is None or step.gain_high is None:
        return ""
    return f"; {signed(step.gain_low)} to {signed(step.gain_high)} over fresh starts"


def _step(step: Step) -> list[Text]:
    head = Text(f"{step.id:<4} ")
    head.append(printable(step.title))
    head.append(f"  ({step.finding}, {step.kind})", "dim")
    gain = "gain not known" if step.gain_seconds is None else duration(step.gain_seconds)
    if step.proof == "trial":
        saves = f"saves {gain} ({step.fidelity}{_between(step)})"
        proof = saves if step.gain_seconds is not None else "confirmed on counts"
    else:
        costs = f"at most {gain}" if step.fidelity == "upper bound" else f"its statements take {gain}"
        proof = "to be proven by the attempt" + ("" if step.gain_seconds is None else f"; {costs}")
    if step.queries_saved:
        proof += f", {step.queries_saved} statement{'s' if step.queries_saved > 1 else ''} fewer"
    lines = [head, Text(f"     {printable(shown_file(step.file))}:{step.line}  {proof}")]
    if step.predicted:
        text = ", ".join(f"{name} {duration(seconds)}" for name, seconds in step.predicted.items())
        lines.append(Text(f"     then: {printable(text)}", "cyan"))
    lines.append(Text(f"     risk {step.risk}; measure: {step.measure}; revert: {step.revert}", "dim"))
    return lines
