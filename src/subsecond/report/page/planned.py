"""The plan with what became of its steps."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from subsecond.model import plan as noun
from subsecond.model.attempt import Attempt
from subsecond.model.optimized import Optimized
from subsecond.model.report_common import Spread, TimePart
from subsecond.model.report_plan import Bar, LeftOut, Phase, Plan, PlannedRequest, PlanStep
from subsecond.report.page.tables import Tables
from subsecond.report.page.units import ms, spread
from subsecond_agent import protocol

UNSEEN_MS = 0.0005
"""A bar below it is nothing at any scale."""


def planned(
    plan: noun.Plan,
    *,
    phases: Mapping[int | None, str],
    attempts: Sequence[Attempt],
    optimized: Optimized | None,
    times: Mapping[str, tuple[TimePart, ...]],
    words: Mapping[str, str],
    tables: Tables,
) -> Plan:
    """`times`: time parts of each request by its name; `words`: its id."""
    last = {one.finding: one for one in attempts if one.finding}
    after = {one.request: one for one in optimized.after} if optimized else {}
    kept = [step for step in plan.steps if _kept(last.get(step.finding))]
    used = {step.phase for step in plan.steps}
    return Plan(
        goal_ms=None if plan.goal_seconds is None else ms(plan.goal_seconds),
        phases=tuple(Phase(number=number, title=title) for number, title in phases.items() if number in used),
        requests=tuple(
            PlannedRequest(
                request=words.get(name, name),
                now_ms=ms(one.now_seconds),
                predicted=_predicted(one),
                measured_before_ms=ms(after[name].seconds_before) if name in after else None,
                measured_ms=ms(after[name].seconds_after) if name in after else None,
                queries_measured=after[name].counts_after.get(protocol.COUNT_QUERIES) if name in after else None,
                kept=tuple(step.id for step in kept if name in step.requests),
                queries_now=one.queries_now,
                queries_predicted=one.queries_predicted,
                estimate=one.estimate,
                meets_goal=one.meets_goal,
                time=times.get(name, ()),
                bars=_bars(name, one, plan.steps),
            )
            for name, one in plan.endpoints.items()
        ),
        steps=tuple(_step(step, last.get(step.finding), words, tables) for step in plan.steps),
        left_out=tuple(LeftOut(finding=one.finding, kind=one.kind, why=one.why) for one in plan.left_out),
        notes=plan.notes,
    )


def _kept(attempt: Attempt | None) -> bool:
    return attempt is not None and attempt.outcome == "kept"


def _predicted(one: noun.Endpoint) -> Spread | None:
    if one.predicted_seconds is None:
        return None
    low = one.predicted_seconds if one.low is None else one.low
    high = one.predicted_seconds if one.high is None else one.high
    return spread(one.predicted_seconds, low, high)


def _bars(name: str, one: noun.Endpoint, steps: Sequence[noun.Step]) -> tuple[Bar, ...]:
    """What each step takes off, as far as it was measured; then, for steps only an attempt can prove, at most."""
    bars: list[Bar] = []
    now = ms(one.now_seconds)
    for step in steps:
        if name in step.predicted:
            then = max(0.0, ms(step.predicted[name]))
            if abs(now - then) >= UNSEEN_MS:
                bars.append(Bar(step=step.id, before_ms=now, after_ms=then, certain=True))
            now = then
    for step in steps:
        if step.proof == "attempt" and step.gain_seconds and step.requests[:1] == (name,):
            then = max(0.0, round(now - ms(step.gain_seconds), 3))
            if now - then >= UNSEEN_MS:
                bars.append(Bar(step=step.id, before_ms=now, after_ms=then, certain=False))
            now = then
    return tuple(bars)


def _step(step: noun.Step, attempt: Attempt | None, words: Mapping[str, str], tables: Tables) -> PlanStep:
    return PlanStep(
        id=step.id,
        phase=step.phase,
        finding=step.finding,
        kind=step.kind,
        title=step.title,
        place=tables.place(step.file, step.line, ""),
        requests=tuple(words.get(name, name) for name in step.requests),
        gain_ms=None if step.gain_seconds is None else ms(step.gain_seconds),
        fidelity=step.fidelity,
        proof=step.proof,
        queries_saved=step.queries_saved,
        predicted_ms={words.get(name, name): ms(seconds) for name, seconds in step.predicted.items()},
        risk=step.risk,
        measure=step.measure,
        revert=step.revert,
        outcome=attempt.outcome if attempt else None,
        attempt=attempt.number if attempt else None,
    )
