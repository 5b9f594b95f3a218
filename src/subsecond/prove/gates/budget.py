from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import ClassVar

from subsecond.harness.send import RequestFailed
from subsecond.model.promise import least
from subsecond.model.proof import GateVerdict, Verdict
from subsecond.model.target import RequestSpec
from subsecond.prove import holding, little_to_do, outside
from subsecond.prove.gate import Case, gate, verdict
from subsecond.prove.sides import COUNTS, OF_SQLITE, TOLD, Asked, Side, Sides
from subsecond_agent import protocol

Counts = dict[str, tuple[int, int]]
"""Each count, cold and warm."""
COLD, WARM = 0, 2
"""The first answer of a process pays for what it remembers; the third is what the others cost."""
TOLD_OF = 2
"""Requests whose counts are in the verdict's one line; all are in its evidence."""


@gate
class BudgetGate:
    """Exact integers, not worse on any request: statements, check-outs, rows; and better where that was promised.
    Nor may a connection be held longer, or while another service is called that was called without one.

    Compared cold with cold and warm with warm, over all requests of the target: a change for one endpoint must not be
    paid by another; and on refused and nearly empty answers like those that the change is about. Counted once more from
    outside, in front of the database: the agent lives in the process that the change changed, which could tell it
    anything.
    """

    name: ClassVar[str] = "budget"
    order: ClassVar[int] = 3

    def judge(self, case: Case) -> GateVerdict:
        sides, lines, seen, fell = case.sides(), list[str](), list[str](), list[str]()
        for spec in sides.requests:
            found = _one(sides, spec)
            if found.missing or found.worse:
                outcome: Verdict = "no verdict" if found.missing else "failed"
                return verdict(self.name, outcome, found.missing or found.worse, [*lines, *found.seen])
            if longer := holding.worse(sides, spec):
                return verdict(self.name, "failed", f"{spec.name}: {longer}", [*lines, found.line])
            lines.append(found.line)
            seen += found.seen
            fell += [f"{spec.name}: {found.fell}"] if found.fell else []
            if short := _short(case, spec.name, found.base, found.candidate):
                return replace(verdict(self.name, "failed", short, lines), unmet=True)
        for spec in case.near(sides.requests):
            case.say(f"budget: {spec.name}, where there is less to do")
            if rose := little_to_do.worse(sides, spec):
                return verdict(self.name, "failed", rose[0], [*rose[1], *lines])
        if len(seen) < len(lines):
            seen.append(f"not counted from outside: {len(lines) - len(seen)} requests; only PostgreSQL by TCP can be")
        return verdict(self.name, "passed", _why(fell), [*lines, *seen])


def _why(fell: Sequence[str]) -> str:
    """The counts that fell, of the first requests."""
    more = f"; and on {len(fell) - TOLD_OF} more" if len(fell) > TOLD_OF else ""
    return f"{'; '.join(fell[:TOLD_OF])}{more}; none rose" if fell else "no count rose, none fell"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Counted:
    """One request. `missing`: why nothing can be said; `worse`: the count that rose; `seen`: from outside."""

    base: Counts = field(default_factory=dict)
    candidate: Counts = field(default_factory=dict)
    missing: str = ""
    worse: str = ""
    seen: tuple[str, ...] = ()
    line: str = ""

    @property
    def fell(self) -> str:
        """The counts that are lower when warm, as before and after."""
        lower = [name for name in self.base if self.candidate[name][1] < self.base[name][1]]
        return ", ".join(f"{self.base[name][1]} → {self.candidate[name][1]} {name}" for name in lower)


def _one(sides: Sides, spec: RequestSpec) -> _Counted:
    answers: dict[Side, list[Asked]] = {"base": [], "candidate": []}
    for _ in range(WARM + 1):
        for side, given in answers.items():
            answer = sides.ask(side, spec, counted=True)
            if isinstance(answer, RequestFailed):
                return _Counted(missing=f"{side}, {spec.name}: {answer.why}")
            given.append(answer)
    base, candidate = _counts(answers["base"]), _counts(answers["candidate"])
    if base is None or candidate is None:
        return _Counted(missing=f"{spec.name}: the agent left no trace of an answer")
    told = outside.told(sides, spec, answers["base"][1:], answers["candidate"][1:])
    rose = [
        f"{after} {name} instead of {before} ({state})"
        for name in COUNTS
        for state, before, after in zip(("cold", "warm"), base[name], candidate[name], strict=True)
        if after > before
    ]
    rose += [told.problem] if told and told.problem else []
    worse = f"{spec.name}: {rose[0]}" if rose else ""
    usual = (name for name in COUNTS if name not in OF_SQLITE)
    shown = list(dict.fromkeys([*usual, *(name for name in TOLD if base[name][1] != candidate[name][1])]))
    line = f"{spec.name}: " + ", ".join(f"{base[n][1]} → {candidate[n][1]} {n}" for n in shown)
    seen = (told.line(spec.name),) if told else ()
    return _Counted(base=base, candidate=candidate, worse=worse, seen=seen, line=line)


def _counts(answers: Sequence[Asked]) -> Counts | None:
    """Each count cold and warm; of connections that are opened the fewest of a warm answer: a pool fills by and by."""
    first, last = answers[COLD].counts, answers[WARM].counts
    if first is None or last is None:
        return None
    opened = min(one.counts[protocol.COUNT_OPENED] for one in answers[1:] if one.counts)
    return {**{name: (first[name], last[name]) for name in TOLD}, protocol.COUNT_OPENED: (0, opened)}


def _short(case: Case, request: str, base: Counts, candidate: Counts) -> str | None:
    """What was promised for this request and did not come."""
    for name, promised in case.promised.get(request, {}).items():
        got = base[name][1] - candidate[name][1]
        if got < least(promised):
            return f"{request}: {got} {name} saved where {promised} were promised"
    return None
