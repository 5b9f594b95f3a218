from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from subsecond.harness.send import RequestFailed
from subsecond.model.proof import GateVerdict
from subsecond.prove.gate import Case, gate, verdict
from subsecond.prove.sides import COUNTS, Asked, Side

COLD, WARM = 0, 2
"""The first answer of a process pays for what it remembers; the third is what the others cost."""


@gate
class BudgetGate:
    """Exact integers, not worse on any request: statements, check-outs, rows; and better where that was promised.

    Compared cold with cold and warm with warm, over all requests of the target: a change for one endpoint must not be
    paid by another.
    """

    name: ClassVar[str] = "budget"
    order: ClassVar[int] = 4

    def judge(self, case: Case) -> GateVerdict:
        sides, lines, saved = case.sides(), list[str](), False
        for spec in sides.requests:
            answers: dict[Side, list[Asked]] = {"base": [], "candidate": []}
            for _ in range(WARM + 1):
                for side, given in answers.items():
                    answer = sides.ask(side, spec, counted=True)
                    if isinstance(answer, RequestFailed):
                        return verdict(self.name, "no verdict", f"{side}, {spec.name}: {answer.why}")
                    given.append(answer)
            base, candidate = _counts(answers["base"]), _counts(answers["candidate"])
            if base is None or candidate is None:
                return verdict(self.name, "no verdict", f"{spec.name}: the agent left no trace of an answer")
            for name in COUNTS:
                for state, before, after in zip(("cold", "warm"), base[name], candidate[name], strict=True):
                    if after > before:
                        why = f"{spec.name}: {after} {name} instead of {before} ({state})"
                        return verdict(self.name, "failed", why)
            lines.append(f"{spec.name}: " + ", ".join(f"{base[n][1]} → {candidate[n][1]} {n}" for n in COUNTS))
            saved = saved or any(candidate[name][1] < base[name][1] for name in COUNTS)
            if short := _short(case, spec.name, base, candidate):
                return verdict(self.name, "failed", short, lines)
        why = "counts fell on at least one request and rose on none" if saved else "no count rose, none fell"
        return verdict(self.name, "passed", why, lines)


def _counts(answers: Sequence[Asked]) -> dict[str, tuple[int, int]] | None:
    """Each count cold and warm."""
    first, last = answers[COLD].counts, answers[WARM].counts
    if first is None or last is None:
        return None
    return {name: (first[name], last[name]) for name in COUNTS}


def _short(
    case: Case, request: str, base: dict[str, tuple[int, int]], candidate: dict[str, tuple[int, int]]
) -> str | None:
    """What was promised for this request and did not come."""
    for name, promised in case.promised.get(request, {}).items():
        got = base[name][1] - candidate[name][1]
        if got * 2 < promised:
            return f"{request}: {got} {name} saved where {promised} were promised"
    return None
