from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import chain, islice
from typing import ClassVar

from subsecond.contract.compare import Difference, Noise
from subsecond.harness.send import RequestFailed
from subsecond.model.proof import GateVerdict
from subsecond.model.target import RequestSpec
from subsecond.prove import held_back
from subsecond.prove.changed import read_by_change
from subsecond.prove.equality import NO_ANSWER, both, differences, reordered
from subsecond.prove.from_data import from_data
from subsecond.prove.gate import Case, gate, verdict
from subsecond.prove.shown import curl
from subsecond.prove.sides import READS
from subsecond.prove.used_up import Data
from subsecond.prove.variations import harmless, query_of

MOST_VARIATIONS = 60
MOST_STORED, MOST_STORED_OF_A_WRITE = 48, 128
"""Requests with values that the data holds. A write is quick, and has conditions for each code, user and state."""
SECONDS_A_REQUEST = 60.0
"""Time for one request's variations; the request itself is always compared, however slow."""
REFUSED_IN_A_ROW = 8
"""Writes, after which it is asked whether the data are used up."""
SHOWN = 8


@gate
class ContractGate:
    """Base and candidate answer the same requests field by field: status, headers, presence, type, value, order.

    Each request is sent to both sides, never to one alone; what they have written is compared row by row.
    Each on an arm of its own, cold and warm, in both orders, with the target's requests, others near them, and values
    that the data holds. The base is asked twice: what differs between its own answers is noise, named, and capped at
    5 % of the leaves. A list whose order the base itself does not keep where rows lie and are planned otherwise was
    never promised in an order; one that it keeps there, the candidate has to keep there too.
    """

    name: ClassVar[str] = "contract"
    order: ClassVar[int] = 2

    def judge(self, case: Case) -> GateVerdict:
        sides = case.sides()
        compared, kept, noise, unordered = 0, 0, Noise(), set[str]()
        wanted, nearby = case.wanted(sides.requests), case.near(sides.requests)
        data = Data(sides)
        for spec in wanted:
            case.say(f"contract: {spec.name}")
            couples = both(sides, spec, noise)
            if isinstance(couples, str):
                return verdict(self.name, "no verdict", couples)
            if noise.too_much:
                return verdict(self.name, "no verdict", _unsteady(spec, noise), sorted(noise.patterns)[:SHOWN])
            problems = differences(sides, spec, couples, noise, unordered)
            if problems:
                return _failed(self.name, spec, problems)
            if problems := reordered(sides, spec, couples[0], noise, unordered):
                return _failed(self.name, spec, problems, f"{spec.name}, where rows lie otherwise in the database")
            compared += 2
            if spec not in nearby:
                continue
            data.begin(spec, couples[-1][0].reply)
            near = _variations(case, data, spec, couples[0][0].reply.body, noise=noise, unordered=unordered)
            if near.problem:
                return near.problem
            compared += near.succeeded
            kept += near.held_back
        if left := data.left():
            return verdict(self.name, "failed", f"after the same requests: {left[0]}", left[1:SHOWN])
        if strangers := sides.strangers():
            why = f"the candidate connects to {strangers[0]}, which the base never does: its answers are not comparable"
            return verdict(self.name, "no verdict", why)
        evidence = [f"differs by itself: {one}" for one in sorted(noise.patterns)]
        evidence += [f"not promised in an order: {one}" for one in sorted(unordered)]
        evidence += [f"not compared, it differs before the first request: {one}" for one in data.before]
        why = f"{compared} answers of {len(wanted)} requests compared, all equal ({kept} of them held back)"
        return verdict(self.name, "passed", why, evidence)


@dataclass(slots=True)
class _Near:
    """Requests near one of the target's: how many were answered and equal, and the verdict where one was not."""

    succeeded: int = 0
    held_back: int = 0
    problem: GateVerdict | None = None


def _variations(
    case: Case, data: Data, spec: RequestSpec, body: bytes, *, noise: Noise, unordered: set[str]
) -> _Near:  # fmt: skip
    """`body`: of the base's answer to the request itself."""
    sides, found, refused = case.sides(), _Near(), 0
    deadline = time.monotonic() + SECONDS_A_REQUEST
    read = read_by_change(case.base.tree, case.candidate.tree).names
    names = list(dict.fromkeys([*(name for name, _ in query_of(spec)), *read]))
    near = islice(harmless(spec, names, body), MOST_VARIATIONS)
    most = MOST_STORED if spec.method in READS else MOST_STORED_OF_A_WRITE
    stored = islice(from_data(spec, names, sides.stored), most)
    every = {(one.spec.url, one.spec.headers, one.spec.body): one for one in chain(near, stored)}
    for one in held_back.open_first(every.values()):
        if time.monotonic() > deadline:
            break
        secret = held_back.is_held_back(one)
        base, candidate = sides.ask("base", one.spec), sides.ask("candidate", one.spec)
        if isinstance(base, RequestFailed):
            continue
        refused = refused + 1 if base.reply.status >= 400 else 0
        kind, problems = NO_ANSWER, tuple[Difference, ...]()
        if not isinstance(candidate, RequestFailed):
            problems = differences(sides, one.spec, [(base, candidate)], noise, unordered)
            if not problems:
                succeeded = base.reply.status < 400
                found.succeeded += succeeded
                found.held_back += succeeded and secret
                if refused and refused % REFUSED_IN_A_ROW == 0:
                    data.refresh(spec)
                continue
            kind = problems[0].kind
        if secret and not case.reveal:
            told = held_back.told(spec.name, kind)
            found.problem = verdict(ContractGate.name, "failed", told, [held_back.HINT])
        elif isinstance(candidate, RequestFailed):
            why = f"{one}: {NO_ANSWER}: {candidate.why}"
            found.problem = verdict(ContractGate.name, "failed", why, [curl(one.spec)])
        else:
            found.problem = _failed(ContractGate.name, one.spec, problems, str(one))
        return found
    return found


def _unsteady(spec: RequestSpec, noise: Noise) -> str:
    """Whatever the patch: so it says what to do before the next one is tried."""
    return (
        f"{spec.name}: {noise.share:.0%} of the fields differ between two answers of the base itself, such as "
        f"{sorted(noise.patterns)[0]}; no patch can be judged by it: leave this request out, the others are judged then"
    )


def _failed(name: str, spec: RequestSpec, problems: Sequence[Difference], what: str = "") -> GateVerdict:
    more = f" and {len(problems) - 1} more" if len(problems) > 1 else ""
    why = f"{what or spec.name}: {problems[0]}{more}"
    return verdict(name, "failed", why, [*map(str, problems[:SHOWN]), curl(spec)])
