from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import ClassVar

from subsecond.contract.compare import Noise, Reply, compare
from subsecond.harness.send import RequestFailed
from subsecond.model.proof import GateVerdict
from subsecond.model.target import RequestSpec
from subsecond.prove import held_back
from subsecond.prove.afterwards import SHOWN, Problem, after_moves, after_writes
from subsecond.prove.changed import read_by_change, words_near
from subsecond.prove.equality import NO_ANSWER, both
from subsecond.prove.from_data import from_data
from subsecond.prove.gate import Case, gate, verdict
from subsecond.prove.in_turn import Bodies, in_turn
from subsecond.prove.paired import Effects
from subsecond.prove.refusals import Refusals
from subsecond.prove.shown import curl
from subsecond.prove.sides import READS
from subsecond.prove.used_up import Data
from subsecond.prove.variations import (
    Variation,
    alone,
    conditional,
    edges,
    others_of,
    pairs,
    query_of,
    with_changes,
)

SECONDS_A_REQUEST = 900.0
"""Several hundred values, each sent to both sides; equality is meant to be asked on small data."""
SECONDS_OF_MORE = 20.0
"""Of these for what is asked beyond the catalogue: where an answer takes 20 ms, all of it."""
MOST_OTHERS = 48
"""Plausible values of parameters, and as many that the data holds: which of them have an effect tells the pairs."""
INTEGER_LIMIT = 2**63
NOT_A_NUMBER = "nan"
"""It is neither less nor more than anything: what is sorted by it comes in any order."""


@gate
class EdgeGate:
    """Edge values mean the same: `0`, empty, missing and the rest of the catalogue, old against new.

    Starts from requests whose answer is not empty. No schema is needed: what the base answers is the truth, also where
    it is an error. One parameter at a time, those too that no request gives and either side was seen to ask for; then
    the bounds that refusals told, pairs of values that mean "nothing", and of values that alone change a good answer;
    what fails is cut down to the smallest request that still fails. A write takes turns with itself, its other bodies
    and other writes. At the end the target's own writes are sent, then rows are moved about in both copies, and what
    was read is read again: an answer that was remembered before must have followed them, and of these data too both
    sides say the same.
    """

    name: ClassVar[str] = "edge"
    order: ClassVar[int] = 4

    def judge(self, case: Case) -> GateVerdict:
        sides, tally = case.sides(), _Tally()
        data = Data(sides)
        for spec in case.near(sides.requests):
            noise = Noise()
            couples = both(sides, spec, noise)
            if isinstance(couples, str) and data.renewed(spec):  # an earlier gate has done what can be done once
                couples = both(sides, spec, noise)
            if isinstance(couples, str):
                return verdict(self.name, "no verdict", couples)
            case.say(f"edge: {spec.name}")
            data.begin(spec, couples[-1][0].reply)
            bodies = Bodies()
            problem = _values(case, data, spec, _Learnt(couples[0][0].reply, bodies, noise), tally)
            if problem := problem or _turns(case, data, spec, bodies, noise):
                return verdict(self.name, "failed", *problem)
        if told := data.differs():
            return verdict(self.name, "failed", f"after the same edge values: {told}")
        if problem_after := after_writes(case) or after_moves(case):
            return verdict(self.name, "failed", *problem_after)
        if not tally.tried:
            return verdict(self.name, "passed", "no request has a parameter")
        if tally.skipped:  # evidence that is missing does not pass (reference: fixing and proving, section 6)
            left = f"{tally.tried} edge values were equal, {tally.skipped} not tried for lack of time; ask on less data"
            return verdict(self.name, "no verdict", left)
        return verdict(self.name, "passed", f"{tally.tried} edge values, all equal ({tally.kept} of them held back)")


@dataclass(slots=True)
class _Tally:
    """Edge values: tried, held back among them, not tried."""

    tried: int = 0
    kept: int = 0
    skipped: int = 0


class _Learnt:
    """What the answers to one parameter at a time tell. `plain`: how the base answers the request as it is."""

    def __init__(self, plain: Reply, bodies: Bodies, noise: Noise) -> None:
        self.plain, self.noise = plain, noise
        self.effects, self.refusals, self.bodies = Effects(plain), Refusals(), bodies

    def met(self, one: Variation, reply: Reply) -> None:
        """The base's answer to a changed request; of what is held back nothing is made that a verdict could tell."""
        if held_back.is_held_back(one):
            return
        for each in (self.effects, self.refusals, self.bodies):
            each.met(one, reply)


def _values(case: Case, data: Data, spec: RequestSpec, learnt: _Learnt, tally: _Tally) -> Problem | None:
    deadline = time.monotonic() + SECONDS_A_REQUEST
    for one, secret in _all(case, spec, learnt):
        if time.monotonic() > deadline:
            tally.skipped += 1
            continue
        problem = _problem(data, one, learnt.noise, learnt)
        if data.told:
            return f"after edge values of {spec.name}: {data.told}", []
        tally.tried += 1
        tally.kept += secret
        if problem is not None and secret and not case.reveal:
            return held_back.told(spec.name, problem.kind), [held_back.HINT]
        if problem is not None:
            smallest, why = _smallest(data, spec, one, learnt.noise, problem)
            return f"{smallest}: {why.lines[0]}", [*why.lines[:SHOWN], curl(smallest.spec)]
    return None


def _turns(case: Case, data: Data, spec: RequestSpec, bodies: Bodies, noise: Noise) -> Problem | None:
    """Of fresh data, where the request writes and there are copies of them."""
    if not data.renewed(spec):
        return None
    others = [one for one in case.sides().requests if one.method not in READS and one.name != spec.name]
    found = in_turn(data, spec, bodies.found, others, noise)
    if data.told:
        return f"after edge values of {spec.name}: {data.told}", []
    if found is None:
        return None
    told, lines, sent = found
    return f"{told}: {lines[0]}", [*lines[:SHOWN], curl(sent)]


def _all(case: Case, spec: RequestSpec, learnt: _Learnt) -> Iterator[tuple[Variation, bool]]:
    """What is asked, and whether it is held back: first what failed before and is known to all, last the secret; what
    is learnt meanwhile is asked too."""
    plain = learnt.plain
    read = read_by_change(case.base.tree, case.candidate.tree)
    known = list(dict.fromkeys([*(name for name, _ in query_of(spec)), *read.names]))
    seen = [name for name in case.sides().read_of(spec) if name not in known]
    again = ((with_changes(spec, {name: value}), False) for name, value in case.first if name in (*known, *seen))
    words = words_near(case.base.tree)
    catalogue = [
        *edges(spec, known, read.literals, seen, words=words, keys=read.keys),
        *conditional(spec, plain.headers),
        *alone(spec, [*known, *seen]),
        *pairs(spec, known),
    ]
    others = [*islice(others_of(spec, [*known, *seen], plain.body), MOST_OTHERS), *_stored(case, spec, [*known, *seen])]
    more = _Clock(SECONDS_OF_MORE)
    yield from again
    yield from held_back.told_apart(catalogue, False)
    yield from more.of(held_back.told_apart(others, False))
    together = [*learnt.refusals.variations(spec), *learnt.effects.pairs(spec)]
    yield from more.of(held_back.told_apart(together, False))
    yield from held_back.told_apart(catalogue, True)
    yield from more.of(held_back.told_apart([*others, *together], True))


class _Clock:
    """Seconds that whoever takes the values may need for them."""

    def __init__(self, seconds: float) -> None:
        self._left = seconds

    def of(self, values: Iterator[tuple[Variation, bool]]) -> Iterator[tuple[Variation, bool]]:
        """The values, as long as there is time left."""
        for one in values:
            if self._left <= 0:
                return
            began = time.monotonic()
            yield one
            self._left -= time.monotonic() - began


def _stored(case: Case, spec: RequestSpec, names: Sequence[str]) -> Iterator[Variation]:
    """These parameters with values that the data holds."""
    found = from_data(spec, names, case.sides().stored)
    return islice((one for one in found if one.changes[0][0] in names), MOST_OTHERS)


@dataclass(frozen=True, slots=True)
class _Problem:
    """What differs, line by line, and of what sort the first is."""

    lines: Sequence[str]
    kind: str


def _problem(data: Data, one: Variation, noise: Noise, learnt: _Learnt | None = None) -> _Problem | None:
    """What differs, None where nothing does or where even the base gives no whole answer."""
    base, candidate = data.ask(one.spec)
    if isinstance(base, RequestFailed):
        return None
    if learnt is not None:
        learnt.met(one, base.reply)
    if isinstance(candidate, RequestFailed):
        return _Problem([f"{NO_ANSWER}: {candidate.why}"], NO_ANSWER)
    if base.reply.status >= 500 and (candidate.reply.status >= 500 or _beyond(one)):
        return None
    found = noise.rest(compare(base.reply, candidate.reply)).differences
    if any(value == NOT_A_NUMBER for _, value in one.changes):
        found = tuple(each for each in found if each.what != "order")
    return _Problem([str(each) for each in found], found[0].kind) if found else None


def _beyond(one: Variation) -> bool:
    """Whether a number is tried that no integer column holds: that the base fails there promises nothing."""
    return any(value and value.isdecimal() and int(value) >= INTEGER_LIMIT for _, value in one.changes)


def _smallest(
    data: Data, spec: RequestSpec, failing: Variation, noise: Noise, problem: _Problem
) -> tuple[Variation, _Problem]:
    """The failing request with as few parameters as still fail, and what differs there."""
    changes = dict(failing.changes)
    best, why = failing, problem
    if problem.kind == NO_ANSWER:  # each attempt would last until the time-out
        return best, why
    for name in [*(name for name, _ in query_of(spec) if name not in changes), *changes]:
        trial = {**changes, name: None}
        smaller = with_changes(spec, trial)
        if smaller.spec.url == best.spec.url:
            continue
        found = _problem(data, smaller, noise)
        if found is not None:
            changes, best, why = trial, smaller, found
    kept = tuple((name, value) for name, value in changes.items() if value is not None or name in dict(failing.changes))
    return Variation(spec=best.spec, changes=kept or best.changes), why
