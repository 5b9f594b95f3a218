"""The stage: findings + trials -> plan. Phases 0 to 5 in order; within a phase the largest gain first."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from subsecond import durations
from subsecond.measure.pairs import Gain
from subsecond.measure.processes import foreseen
from subsecond.model.audit import Audit, RequestResult
from subsecond.model.experiment import Fidelity
from subsecond.model.finding import Finding, Trial
from subsecond.model.plan import Endpoint, LeftOut, Plan, Step
from subsecond.model.trial import Trials, WeighedIndex
from subsecond.plan.advice import advice
from subsecond.plan.prediction import IN_THE_APP, Measured, measured, outside

CONFIRMED, REFUTED = "confirmed", "refuted"
_LAST = 99


def plan(audit: Audit, trials: Trials | None, goal: float | None) -> Plan:
    """The plan of an audit. `goal`: seconds that every endpoint should take at most, None where none was set."""
    known = {one.name: measured(one, trials) for one in audit.requests if one.seconds is not None}
    weighed = () if trials is None else trials.indexes
    prices = {name: _price(one) for one in weighed if one.kept for name in one.findings}
    dear = {name: one for one in weighed if not one.kept for name in one.findings if name not in prices}
    steps: list[Step] = []
    done: list[Finding] = []
    for finding in sorted(audit.findings, key=lambda one: _order(one, known)):
        if _refuted(finding) or finding.id in dear:
            continue
        step = _step(finding, known, f"S{len(steps) + 1}")
        if price := prices.get(finding.id):
            step = replace(step, risk=f"{step.risk} ({price})")
        if step.proof == "trial":
            done.append(finding)
            step = replace(step, predicted=_predicted(known, done))
        steps.append(step)
    endpoints = {
        one.name: _endpoint(one, known[one.name], steps, goal) for one in audit.requests if one.seconds is not None
    }
    return Plan(
        goal_seconds=goal,
        endpoints=endpoints,
        steps=tuple(steps),
        left_out=tuple(_left_out(one, dear) for one in audit.findings if _refuted(one) or one.id in dear),
        notes=tuple(_notes(audit, trials, endpoints)),
    )


def _order(finding: Finding, known: dict[str, Measured]) -> tuple[int, bool, float, str]:
    """Phase, what a trial proved before the rest, the largest gain, the key."""
    trial = _best(finding)
    gain = _gain(finding, trial, known) if trial else finding.seconds
    return (_LAST if finding.phase is None else finding.phase, trial is None, -(gain or 0.0), finding.key)


def _best(finding: Finding) -> Trial | None:
    """The confirmed trial with the largest gain, where there is one."""
    confirmed = [one for one in finding.trials if one.verdict == CONFIRMED]
    own = [one for one in confirmed if one.request == finding.request] or confirmed
    return max(own, key=lambda one: (one.stands_out, one.gain_seconds or 0.0), default=None)


def _refuted(finding: Finding) -> bool:
    """Whether trials spoke against it and none for it."""
    verdicts = {one.verdict for one in finding.trials}
    return REFUTED in verdicts and CONFIRMED not in verdicts


def _gain(finding: Finding, trial: Trial, known: dict[str, Measured]) -> float | None:
    """Its share of all fixes at once on that request, else what it brought alone; None where it did not stand out."""
    if not trial.stands_out:
        return None
    whole = known[trial.request].whole if trial.request in known else None
    share = whole.shares.get(finding.id) if whole else None
    return share if share is not None else trial.gain_seconds


def _step(finding: Finding, known: dict[str, Measured], name: str) -> Step:
    trial = _best(finding)
    tried = trial or next(iter(finding.trials), None)
    meant = next((one.fix for one in finding.experiments), None)
    words = advice(finding.kind, finding.phase, tried.virtual_fix if tried else meant)
    place = finding.cause or finding
    confirmed = tuple(dict.fromkeys(one.request for one in finding.trials if one.verdict == CONFIRMED))
    gain = _gain(finding, trial, known) if trial else finding.seconds or None  # 0: no time that can be told
    between = _between(gain, trial, known) if trial and gain is not None else None
    return Step(
        id=name,
        phase=finding.phase,
        finding=finding.id,
        kind=finding.kind,
        title=finding.title,
        file=place.file,
        line=place.line,
        requests=confirmed or finding.requests,
        gain_seconds=gain,
        gain_low=between.low if between else None,
        gain_high=between.high if between else None,
        fidelity=trial.fidelity if trial else _untried(finding),
        proof="trial" if trial else "attempt",
        queries_saved=trial.queries_saved if trial else None,
        risk=words.risk,
        measure=words.measure,
        revert=words.revert,
    )


def _untried(finding: Finding) -> Fidelity | None:
    """How the seconds that a finding costs stand to what its change would save.

    Statements, as far as they are recorded, are the database's part alone: what is not fetched need not be made into
    objects either. An index can only make the statement itself quicker.
    """
    if not finding.seconds:
        return None
    return "upper bound" if finding.phase == 1 or not finding.queries else "estimate"


def _between(gain: float, trial: Trial, known: dict[str, Measured]) -> Gain | None:
    """The gain with the trial's interval around it, as other processes will show it."""
    if trial.gain_seconds is None or trial.low is None or trial.high is None or trial.request not in known:
        return None
    low, high = gain - (trial.gain_seconds - trial.low), gain + (trial.high - trial.gain_seconds)
    return foreseen(gain, low, high, known[trial.request].now)


def _predicted(known: dict[str, Measured], done: Sequence[Finding]) -> dict[str, float]:
    found = {name: one.after(done) for name, one in known.items()}
    return {name: seconds for name, seconds in found.items() if seconds is not None}


def _endpoint(result: RequestResult, known: Measured, steps: Sequence[Step], goal: float | None) -> Endpoint:
    assert result.seconds is not None
    whole = known.whole
    helped = any(step.proof == "trial" and result.name in step.requests for step in steps)
    predicted: float | None = None if helped else known.now
    low = high = None
    if whole is not None:
        predicted = known.seconds_after(whole.saving.seconds)
        low, high = known.seconds_after(whole.saving.high), known.seconds_after(whole.saving.low)
    meets = None if goal is None or predicted is None else predicted <= goal
    return Endpoint(
        now_seconds=known.now,
        predicted_seconds=predicted,
        low=low,
        high=high,
        queries_now=result.queries,
        queries_predicted=whole.queries_after if whole else None if helped else result.queries,
        estimate=whole.estimate if whole else False,
        meets_goal=meets,
        spent=_spent(result, known.now),
        remains=known.remains(predicted) if meets is False and predicted is not None else {},
    )


def _spent(result: RequestResult, now: float) -> dict[str, float]:
    if result.shares is None or result.seconds is None:
        return {}
    parts = {name: getattr(result.shares, name) for name in IN_THE_APP}
    parts["outside the app"] = outside(result)
    added = {"round trips added": round(now - result.seconds.median, 6)} if now > result.seconds.median else {}
    return {name: round(value, 6) for name, value in parts.items()} | added


def _price(index: WeighedIndex) -> str:
    """What a chosen index costs, as measured on the copy; empty where nothing could be."""
    words = [] if index.bytes is None else [f"{index.bytes / 1e6:.3g} MB"]
    words += [] if index.write_seconds is None else [f"{durations.text(index.write_seconds)} for each row written"]
    return ", ".join(words)


def _left_out(finding: Finding, dear: Mapping[str, WeighedIndex]) -> LeftOut:
    if finding.id in dear:
        one = dear[finding.id]
        return LeftOut(
            finding=finding.id, kind=finding.kind, why=f"index {one.index} is not worth its price: {one.why}"
        )
    refuted = next(one for one in finding.trials if one.verdict == REFUTED)
    return LeftOut(finding=finding.id, kind=finding.kind, why=f"refuted by {refuted.virtual_fix}: {refuted.why}")


def _notes(audit: Audit, trials: Trials | None, endpoints: dict[str, Endpoint]) -> list[str]:
    notes = []
    if trials is None:
        notes.append("no trial was run (audit --no-trials): every step is to be proven by the attempt")
    for name, one in endpoints.items():
        if one.predicted_seconds is None:
            notes.append(f"{name}: its confirmed fixes were not tried all at once, and single gains do not add up")
    if trials is not None:
        hidden = sum(one.seconds for one in trials.untested)
        if hidden:
            notes.append(
                f"{len(trials.untested)} costly group(s) of statements have no trial; they are listed by the audit"
            )
        if trials.rtt_seconds:
            notes.append(_far(audit, trials.rtt_seconds, endpoints))
    failed = [one.name for one in audit.requests if one.seconds is None]
    if failed:
        notes.append(f"not measured, so not planned for: {', '.join(failed)}")
    return notes


def _far(audit: Audit, rtt: float, endpoints: dict[str, Endpoint]) -> str:
    """What the round trip that the trials added means for the seconds of a plan."""
    medians = {one.name: one.seconds.median for one in audit.requests if one.seconds is not None}
    near = [name for name, one in endpoints.items() if one.now_seconds == medians[name]]
    text = f"seconds are with {durations.text(rtt)} added to each round trip to the database, as the trials ran"
    return f"{text}; without it, because no trial ran there: {', '.join(near)}" if near else text
