from __future__ import annotations

import time
from collections.abc import Iterable, Sequence
from typing import ClassVar

from subsecond.contract.compare import Comparison, Difference, Noise, compare
from subsecond.harness.send import RequestFailed
from subsecond.model.proof import GateVerdict
from subsecond.model.target import RequestSpec
from subsecond.prove.gate import Case, gate, verdict
from subsecond.prove.shown import curl
from subsecond.prove.sides import Asked, Side, Sides
from subsecond.prove.variations import harmless, query_of

MOST_VARIATIONS = 60
SECONDS_A_REQUEST = 60.0
"""Time for one request's variations; the request itself is always compared, however slow."""
SHOWN = 8


@gate
class ContractGate:
    """Base and candidate answer the same requests field by field: status, headers, presence, type, value, order.

    Each on an arm of its own, cold and warm, in both orders, with the target's requests and others near them. The base
    is asked twice: what differs between its own answers is noise, named, and capped at 5 % of the leaves. A list whose
    order the base itself does not keep under other plans of the database was never promised in an order.
    """

    name: ClassVar[str] = "contract"
    order: ClassVar[int] = 2

    def judge(self, case: Case) -> GateVerdict:
        sides = case.sides()
        compared, noise, unordered = 0, Noise(), set[str]()
        wanted = case.wanted(sides.requests)
        for spec in wanted:
            case.say(f"contract: {spec.name}")
            couples = _both(sides, spec, noise)
            if isinstance(couples, str):
                return verdict(self.name, "no verdict", couples)
            if noise.too_much:
                return verdict(
                    self.name, "no verdict",
                    f"{spec.name}: {noise.share:.0%} of the fields differ between two answers of the base itself",
                    sorted(noise.patterns)[:SHOWN],
                )  # fmt: skip
            problems = _differences(sides, spec, couples, noise, unordered)
            if problems:
                return _failed(self.name, spec, problems)
            compared += 2
            succeeded, problem = _variations(sides, spec, case.parameters_of(spec), noise, unordered)
            if problem:
                return problem
            compared += succeeded
        if strangers := sides.strangers():
            why = f"the candidate connects to {strangers[0]}, which the base never does: its answers are not comparable"
            return verdict(self.name, "no verdict", why)
        evidence = [f"differs by itself: {one}" for one in sorted(noise.patterns)]
        evidence += [f"not promised in an order: {one}" for one in sorted(unordered)]
        return verdict(
            self.name, "passed", f"{compared} answers of {len(wanted)} requests compared, all equal", evidence
        )


def _both(sides: Sides, spec: RequestSpec, noise: Noise) -> list[tuple[Asked, Asked]] | str:
    """(base, candidate) cold, then the other way round and warm; or why there is nothing to compare."""
    answers: list[Asked] = []
    order: tuple[Side, ...] = ("base", "candidate", "candidate", "base")
    for side in order:
        answer = sides.ask(side, spec)
        if isinstance(answer, RequestFailed):
            return f"the {side} gave no whole answer to {spec.name}: {answer.why}"
        answers.append(answer)
    if answers[0].reply.status >= 400:
        return f"the base answers {spec.name} with {answers[0].reply.status}: identical errors compare nothing"
    noise.learn(answers[0].reply, answers[3].reply)
    return [(answers[0], answers[1]), (answers[3], answers[2])]


def _differences(
    sides: Sides, spec: RequestSpec, couples: Iterable[tuple[Asked, Asked]], noise: Noise, unordered: set[str]
) -> tuple[Difference, ...]:
    for base, candidate in couples:
        found = noise.rest(compare(base.reply, candidate.reply))
        if left := _ordered(sides, spec, base, found, unordered):
            return left
    return ()


def _ordered(
    sides: Sides, spec: RequestSpec, base: Asked, found: Comparison, unordered: set[str]
) -> tuple[Difference, ...]:
    """The differences without those of order in lists that the base itself reorders under other plans."""
    orders = {one.pattern for one in found.differences if one.what == "order"} - unordered
    if orders and (shaken := sides.shaken(spec)) is not None:
        unordered |= {one.pattern for one in compare(base.reply, shaken.reply).differences if one.what == "order"}
    return tuple(one for one in found.differences if one.what != "order" or one.pattern not in unordered)


def _variations(
    sides: Sides, spec: RequestSpec, parameters: Sequence[str], noise: Noise, unordered: set[str]
) -> tuple[int, GateVerdict | None]:
    """How many requests near this one were answered and equal; the verdict of the first that was not."""
    body = sides.ask("base", spec)
    if isinstance(body, RequestFailed):
        return 0, None
    deadline, succeeded = time.monotonic() + SECONDS_A_REQUEST, 0
    names = list(dict.fromkeys([*(name for name, _ in query_of(spec)), *parameters]))
    for number, one in enumerate(harmless(spec, names, body.reply.body)):
        if number >= MOST_VARIATIONS or time.monotonic() > deadline:
            break
        base, candidate = sides.ask("base", one.spec), sides.ask("candidate", one.spec)
        if isinstance(base, RequestFailed):
            continue
        if isinstance(candidate, RequestFailed):
            why = f"{one}: the candidate gave no whole answer: {candidate.why}"
            return succeeded, verdict(ContractGate.name, "failed", why, [curl(one.spec)])
        if problems := _differences(sides, one.spec, [(base, candidate)], noise, unordered):
            return succeeded, _failed(ContractGate.name, one.spec, problems, str(one))
        succeeded += base.reply.status < 400
    return succeeded, None


def _failed(name: str, spec: RequestSpec, problems: Sequence[Difference], what: str = "") -> GateVerdict:
    more = f" and {len(problems) - 1} more" if len(problems) > 1 else ""
    why = f"{what or spec.name}: {problems[0]}{more}"
    return verdict(name, "failed", why, [*map(str, problems[:SHOWN]), curl(spec)])
