"""The candidate's counts as its database saw them: what the agent inside it says is believed as far as this agrees.

A process that the patch changed could tell its agent anything (reference: measuring, section 5). The proxy in front of
PostgreSQL counts statements (without BEGIN, COMMIT and the like), transactions and new connections. Each answer is
warm; where a number looks wrong more answers are asked for, and the smallest counts: a connection that is opened now
and then says a few statements of its own.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from subsecond.harness.send import RequestFailed
from subsecond.model.target import RequestSpec
from subsecond.prove.sides import Asked, Side, Sides
from subsecond_agent import protocol

MORE_ANSWERS = 4
STATEMENTS, TRANSACTIONS, CONNECTIONS = "statements", "transactions", "connections"
_WORDS = {STATEMENTS: "statements reach the database", CONNECTIONS: "connections are opened by each request"}


@dataclass(frozen=True, slots=True)
class Told:
    """Smallest counts of a warm answer, base and candidate, and what is wrong with the candidate's (empty: nothing)."""

    base: Mapping[str, int]
    candidate: Mapping[str, int]
    problem: str

    def line(self, request: str) -> str:
        """For the evidence."""
        counts = ", ".join(f"{self.base[name]} → {self.candidate[name]} {name}" for name in self.base)
        return f"{request}, counted from outside: {counts}"


def told(sides: Sides, spec: RequestSpec, base: Sequence[Asked], candidate: Sequence[Asked]) -> Told | None:
    """What was counted from outside, from these warm answers and more where need be; None where that cannot be had."""
    if any(one.outside is None for one in (*base, *candidate)):
        return None
    found = _judged(base, candidate)
    if not found.problem:
        return found
    return _judged([*base, *_more(sides, "base", spec)], [*candidate, *_more(sides, "candidate", spec)])


def _more(sides: Sides, side: Side, spec: RequestSpec) -> list[Asked]:
    answers = [sides.ask(side, spec, counted=True) for _ in range(MORE_ANSWERS)]
    return [one for one in answers if not isinstance(one, RequestFailed) and one.outside is not None]


def _judged(base: Sequence[Asked], candidate: Sequence[Asked]) -> Told:
    before, after = _least(base), _least(candidate)
    for name, words in _WORDS.items():
        if after[name] > before[name]:
            return Told(before, after, f"{after[name]} {words} instead of {before[name]}")
    for name, inside in ((STATEMENTS, protocol.COUNT_QUERIES), (TRANSACTIONS, protocol.COUNT_CHECKOUTS)):
        said = min(one.counts[inside] for one in candidate if one.counts)
        usual = max(0, before[name] - min(one.counts[inside] for one in base if one.counts))
        if after[name] - said > usual:
            problem = f"the app itself tells of {said} {inside}, its database of {after[name]} {name}"
            return Told(before, after, problem)
    return Told(before, after, "")


def _least(answers: Sequence[Asked]) -> dict[str, int]:
    counted = [one.outside for one in answers if one.outside is not None]
    return {name: min(one[name] for one in counted) for name in counted[0]}
