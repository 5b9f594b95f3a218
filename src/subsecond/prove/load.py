"""Base and candidate in a crowd: more clients than the pool has connections; errors and the 95th percentile."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from subsecond import durations
from subsecond.measure import pairs
from subsecond.model.target import RequestSpec
from subsecond.prove.crowd import LEAST_FOR_P95, Crowd, crowd
from subsecond.prove.gate import Case
from subsecond.prove.sides import Side
from subsecond.prove.timed import TimedSides

CROWD_SHARE, CROWD_SECONDS = 1 / 20, 6.0
"""Of the budget, for each of four crowds, and at most where all requests are quick enough for it."""
MORE_THAN_POOL = 5
"""Clients beyond what the pool holds: each of them must wait for a connection at least once."""
USUAL_POOL = 15
"""SQLAlchemy's own default, 5 and an overflow of 10, where the pool says nothing."""
CROWD_SLOWER = pairs.LEAST_DRIFT
"""What two runs of the same code may differ by before something else is suspected; the 95th percentile of both of the
candidate's crowds must exceed both of the base's by more."""


@dataclass
class Load:
    """What the crowds met: what is wrong with the candidate's (empty: nothing), and the lines behind it."""

    problem: str = ""
    evidence: list[str] = field(default_factory=list)


def load(case: Case, sides: TimedSides, specs: Sequence[RequestSpec], costs: Mapping[str, float]) -> Load:
    """Crowds at both sides, base first and last. `costs`: seconds of one answer, by request."""
    limits = [sides.pool_limit("base", spec) for spec in specs]
    clients = min((one for one in limits if one), default=USUAL_POOL) + MORE_THAN_POOL
    seconds = CROWD_SHARE * case.speed_seconds
    quick = [spec for spec in specs if costs[spec.name] * clients <= 2 * seconds]
    seconds = min(seconds, max([CROWD_SECONDS, *(costs[spec.name] * clients / 2 for spec in quick)]))
    slow = [spec for spec in specs if spec not in quick]
    found = Load()
    if slow:
        needed = max(costs[spec.name] for spec in slow) * clients / 2 / CROWD_SHARE
        found.evidence.append(
            f"{clients} clients at once not tried on {slow[0].name}"
            + (f" and {len(slow) - 1} more" if len(slow) > 1 else "")
            + f": too slow for the budget; --speed-budget {math.ceil(needed)}s would do"
        )
    if not quick:
        return found
    case.say(f"speed: {clients} clients at once")
    got: dict[Side, list[Crowd]] = {"base": [], "candidate": []}
    order: tuple[Side, ...] = ("base", "candidate", "candidate", "base")
    for side in order:
        got[side].append(crowd(sides.arms[side].app, quick, clients, seconds))
    errors = {side: sum(len(one.problems) for one in crowds) for side, crowds in got.items()}
    answers = {side: sum(len(one.seconds) for one in crowds) + errors[side] for side, crowds in got.items()}
    found.evidence.append(
        f"{clients} clients at once: base {errors['base']} errors in {answers['base']}, candidate "
        f"{errors['candidate']} in {answers['candidate']}{_p95_text(got)}"
    )
    shares = {side: errors[side] / max(1, answers[side]) for side in got}
    if all(one.problems for one in got["candidate"]) and shares["candidate"] > 2 * shares["base"]:
        found.problem = (
            f"{clients} clients at once: {errors['candidate']} of {answers['candidate']} requests failed (base: "
            f"{errors['base']} of {answers['base']}); {got['candidate'][0].problems[0]}"
        )
    elif not errors["candidate"] and (slower := _p95_slower(got)):
        found.problem = f"{clients} clients at once: {slower}"
    return found


def _p95_text(got: Mapping[Side, Sequence[Crowd]]) -> str:
    if any(one.p95 is None for crowds in got.values() for one in crowds):
        return f"; fewer than {LEAST_FOR_P95} answers a crowd, so no 95th percentile"
    best = {side: min(one.p95 or 0.0 for one in crowds) for side, crowds in got.items()}
    return f"; 95 of 100 within {durations.text(best['base'])} and {durations.text(best['candidate'])}"


def _p95_slower(got: Mapping[Side, Sequence[Crowd]]) -> str | None:
    base, candidate = ([one.p95 for one in got[side]] for side in ("base", "candidate"))
    known = [one for one in (*base, *candidate) if one is not None]
    if len(known) < len(base) + len(candidate):
        return None
    worst, best = max(known[: len(base)]), min(known[len(base) :])
    if best <= worst * (1 + CROWD_SLOWER) or best - worst <= pairs.LEAST_SECONDS:
        return None
    return f"95 of 100 answers within {durations.text(best)} instead of {durations.text(worst)}"
