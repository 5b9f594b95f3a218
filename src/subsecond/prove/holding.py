"""How long connections are held, and what is called out to meanwhile: five that wait elsewhere empty a pool of five."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from subsecond import durations
from subsecond.model.target import RequestSpec
from subsecond.prove.sides import SIDES, Side, Sides
from subsecond_agent import protocol

MARGIN, MARGIN_SECONDS = 1.25, 0.01
"""More than the base by so much counts: with less, one machine differs from itself."""
MORE_ANSWERS = 5
_CALLS = (protocol.SPAN_HTTP, protocol.SPAN_KEY_VALUE)
_NAME, _START, _DURATION, _ATTRIBUTES = 0, 2, 3, 5
"""Places in a span of the agent's line."""


@dataclass(frozen=True, slots=True)
class Held:
    """Of one answer: calls of other services made while a connection was out, check-outs, their seconds, and those of
    them after the last statement, when nobody has need of it."""

    calls: int
    checkouts: int
    seconds: float
    idle: float


def worse(sides: Sides, spec: RequestSpec) -> str:
    """How the candidate holds connections worse than the base; empty where it does not, or nothing was recorded.

    Seconds are compared where it checks out as often: one check-out for several may well last longer than each did.
    """
    seen: dict[Side, list[Held]] = {side: [] for side in SIDES}
    for _ in range(1 + MORE_ANSWERS):
        for side, answers in seen.items():
            line = sides.recorded(side, spec)
            if line is None:
                return ""
            answers.append(_held(line))
        if not (problem := _problem(seen["base"], seen["candidate"])):
            return ""
    return problem


def _problem(base: list[Held], candidate: list[Held]) -> str:
    before, after = max(one.calls for one in base), min(one.calls for one in candidate)
    if after > before:
        return f"{after} calls of other services while a connection is held, instead of {before}"
    if {one.checkouts for one in base} != {one.checkouts for one in candidate}:
        return ""
    for told, of in _SECONDS.items():
        longest, least = max(of(one) for one in base), min(of(one) for one in candidate)
        if least > MARGIN * longest + MARGIN_SECONDS:
            return f"connections are held {told}for {durations.text(least)} instead of {durations.text(longest)}"
    return ""


_SECONDS: Mapping[str, Callable[[Held], float]] = {
    "": lambda one: one.seconds, "after the last statement ": lambda one: one.idle,
}  # fmt: skip


def _held(line: dict[str, object]) -> Held:
    spans = line["spans"]
    assert isinstance(spans, list)
    out = [
        (span[_START] + 1e6 * span[_ATTRIBUTES].get(protocol.DB_WAIT, 0.0), span[_START] + span[_DURATION])
        for span in spans
        if span[_NAME] == protocol.SPAN_CHECKOUT
    ]
    calls = [span[_START] for span in spans if span[_NAME] in _CALLS]
    asked = [span[_START] + span[_DURATION] for span in spans if span[_NAME] == protocol.SPAN_QUERY]
    last = [max((when for when in asked if begin <= when <= end), default=end) for begin, end in out]
    return Held(
        calls=sum(any(begin <= when < end for begin, end in out) for when in calls),
        checkouts=len(out),
        seconds=sum(max(0.0, end - begin) for begin, end in out) / 1e6,
        idle=sum(end - when for when, (_, end) in zip(last, out, strict=True)) / 1e6,
    )
