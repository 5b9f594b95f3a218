"""The first and the last commit of a run of `optimize` side by side: the case study's table of before and after."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import ExitStack

from subsecond import kept as recording
from subsecond.errors import SubsecondError
from subsecond.harness import checkout
from subsecond.harness.scout import Scouted
from subsecond.harness.send import RequestFailed
from subsecond.model.optimized import After
from subsecond.model.target import Target
from subsecond.prove.sides import Side, Sides

TIMED_RUNS = 5
ORDERS: tuple[tuple[Side, Side], ...] = (("candidate", "base"), ("base", "candidate"))


def compared(
    target: Target, head: str, last: str, *, scouted: Scouted, trust_patch: bool, say: Callable[[str], None]
) -> tuple[After, ...]:
    """The first and the last commit side by side, each on an arm of its own, in turns."""
    say("measuring before and after, side by side")
    found = []
    with (
        checkout.checkout(target, head, target.copy, confined=not trust_patch) as before,
        checkout.checkout(target, last, target.copy, confined=not trust_patch) as after,
        ExitStack() as stack,
    ):
        sides = Sides(before, after, stack, say, scouted)
        for spec in sides.requests:
            runs: dict[Side, list[float]] = {"base": [], "candidate": []}
            counts: dict[Side, dict[str, int]] = {}
            for number in range(TIMED_RUNS + 1):
                for side in ORDERS[number % 2]:
                    answer = sides.ask(side, spec, counted=True)
                    if isinstance(answer, RequestFailed):
                        raise SubsecondError("request-failed", f"{side}, {spec.name}: {answer.why}")
                    counts[side] = answer.counts or {}
                    if number:  # the first run of each pays for what a process remembers
                        runs[side].append(answer.seconds)
            found.append(After.of(spec.name, runs["base"], runs["candidate"], counts["base"], counts["candidate"]))
        try:
            recording.record(sides.ground("candidate"), sides.seen, say=say)
        except SubsecondError as problem:  # it is for the report only, which does without
            say(f"what was kept could not be recorded: {problem.message}")
    return tuple(found)
