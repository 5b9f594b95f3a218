from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from typing import ClassVar

from subsecond.model.proof import GateVerdict
from subsecond.model.target import RequestSpec
from subsecond.prove import rounds
from subsecond.prove.freshness import UNDECLARED, Freshness, Writer, freshness, writes
from subsecond.prove.gate import Case, gate, verdict
from subsecond.prove.load import load
from subsecond.prove.migration import unapplied
from subsecond.prove.rounds import Series
from subsecond.prove.sides import READS
from subsecond.prove.timed import TimedSides
from subsecond.prove.timings import Outcome

PATIENCE_SHARE = 0.25
"""Of the budget, for answers that may be old for a while."""
LOOKING_SHARE, LOOKING_SECONDS = 0.5, 60.0
"""Of the budget, and at most, after which no further request is looked at: more time is for more starts."""
GRACE_SHARE = 0.5
"""Of the budget, behind its end, where the five starts that a verdict needs come to theirs within it: 11 of 27 patches
first met had no verdict for want of 3 to 22 s of 60 (benchmarks/README.md)."""
SPARE_SECONDS = 5.0
"""Left for the ends of processes."""


@gate
class SpeedGate:
    """Faster where promised, not slower elsewhere, no answer older than declared, no error in a crowd.

    Base and candidate are started afresh in turns, each on its arm's data, and asked the same in ABBA order; a start is
    the unit of the statistics. What counts is other parameters in each pair, or a write before it: memory cannot pass
    for a better way. Cold answers are judged apart. Other requests by non-inferiority, max(5 %, 2 x noise floor), Holm
    over all. What the time does not decide is no verdict where a gain was promised, and named where none was.
    """

    name: ClassVar[str] = "speed"
    order: ClassVar[int] = 5

    def judge(self, case: Case) -> GateVerdict:
        begin, target = time.monotonic(), case.base.target
        if case.faster and (problem := unapplied(case.base, case.candidate)):
            return verdict(self.name, "no verdict", problem)
        with ExitStack() as stack:
            requests = case.sides().requests
            wanted = [spec for spec in case.wanted(requests) if spec.method in READS]
            reads = [spec for spec in requests if spec.method in READS]
            if not reads:
                return verdict(self.name, "no verdict", "no request only reads: nothing can be sent twice")
            rtt = target.rtt_seconds
            sides = TimedSides(case.sides().farther(stack, rtt) if rtt else case.sides().arms)
            writer = Writer(sides, writes(requests))
            case.say("speed: does each answer follow its data?")
            patience = PATIENCE_SHARE * case.speed_seconds
            fresh = freshness(sides, reads, writer, target.max_stale_seconds, patience)
            writer.put_back()
            if fresh.stale:
                name, why = next(iter(fresh.stale.items()))
                return verdict(self.name, "failed", f"{name}: {why}", [] if target.max_stale_seconds else [UNDECLARED])
            looked, missed = _looked(
                case, sides, _first(case, reads), begin + min(LOOKING_SHARE * case.speed_seconds, LOOKING_SECONDS)
            )
            costs = {one.spec.name: one.cost for one in looked}
            crowds = load(case, sides, [spec for spec in wanted or reads if spec.name in costs], costs)
            if crowds.problem:
                return verdict(self.name, "failed", crowds.problem, crowds.evidence)
            deadline = begin + case.speed_seconds - SPARE_SECONDS
            between, grace = _between(case, fresh, writer), GRACE_SHARE * case.speed_seconds
            course = rounds.run(sides, looked, deadline, between, case.say, grace=grace)
        names = {one.spec.name for one in course.timed}
        left = [one for one in looked if one.spec.name not in names]
        outcome = Outcome(case, course.timed, [*left, *missed], course, fresh, target.max_stale_seconds)
        return outcome.verdict(crowds.evidence)


def _looked(
    case: Case, sides: TimedSides, specs: Sequence[RequestSpec], until: float
) -> tuple[list[Series], list[Series]]:
    """The requests with others near them, and those for which there was no time; the first is always looked at."""
    looked, missed = list[Series](), list[Series]()
    for spec in specs:
        if looked and time.monotonic() > until:
            missed.append(Series(spec, [], 0.0))
        else:
            looked.append(rounds.series(sides, spec, until))
    return looked, missed


def _first(case: Case, reads: Sequence[RequestSpec]) -> list[RequestSpec]:
    """Those with a promise come first, then those that the change is about."""
    return sorted(reads, key=lambda spec: (spec.name not in case.faster, spec.name not in case.only))


def _between(case: Case, fresh: Freshness, writer: Writer) -> Callable[[Series], bool]:
    """What changes the data before a pair of a request without other parameters, where its gain was promised."""

    def write(one: Series) -> bool:
        if one.spec.name not in case.faster or one.spec.name not in fresh.followed:
            return False
        return writer.by_request() or writer.by_rows()

    return write
