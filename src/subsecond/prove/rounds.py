"""Fresh starts of base and candidate, alternating; within each start pairs of requests with distinct parameters.

A pair is one request sent to both sides, base first and candidate first in turns (ABBA over two pairs). Each process
sees each set of parameters once, so that what it remembers of an answer gains nothing; the same parameters again are
timed apart. Source of the numbers: reference, measuring, section 3.
"""

from __future__ import annotations

import math
import statistics
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from subsecond.errors import SubsecondError
from subsecond.measure import pairs
from subsecond.measure.pairs import SLOW_SECONDS, SLOW_WARM_UPS, UNRECORDED_SHARE, WARM_UPS, Sample
from subsecond.measure.starts import LEAST_STARTS
from subsecond.model.target import RequestSpec
from subsecond.prove.sides import READS, SIDES, Side
from subsecond.prove.timed import TimedSides
from subsecond.prove.variations import harmless, path_parts, query_of

MOST_PAIRS, MOST_STARTS = 12, 10
SLOW_PAIRS = 2
"""Endpoints above a second: two pairs a start (3.5)."""
REPEATS = 2
MOST_TRIED = 40
LIKE_SHARE = 0.2
"""Of the bytes of the request's own answer: one that finds little does little of the work that is to be timed."""

Pair = tuple[Sample, Sample]


@dataclass
class Series:
    """One request. Pairs are lists by start; `cold` has one pair a start, the first answer of either process."""

    spec: RequestSpec
    distinct: list[RequestSpec]
    """Requests near it that are answered, fully where any is, each another set of parameters."""
    cost: float
    """Seconds of one answer of the slower side, when it was looked at."""
    taken: float = 0.0
    """Seconds that asking for it takes in all: with the garbage collected before and the trace read after it."""
    near: float = 0.0
    """The same for one of `distinct`, which may find more than the request itself."""
    warm: list[list[Pair]] = field(default_factory=list)
    again: list[list[Pair]] = field(default_factory=list)
    cold: list[list[Pair]] = field(default_factory=list)
    base_runs: list[Sample] = field(default_factory=list)
    apart: bool = False
    """Whether `warm` has other parameters or a write before each pair, so that memory gains nothing in it."""

    @property
    def slow(self) -> bool:
        return self.cost > SLOW_SECONDS

    @property
    def floor(self) -> float:
        """What seems to be a difference between two runs of the base in one process."""
        even = len(self.base_runs) // 2 * 2
        return pairs.noise_floor([self.by(one) for one in self.base_runs[:even]]) if even else 0.0

    @property
    def by_wall(self) -> bool:
        """Whether either side waits for something that is not recorded, a sleep or a lock, in every run."""
        runs = [couple for start in self.warm for couple in start]
        for side in (0, 1):
            unrecorded = min((couple[side].wall - couple[side].clock for couple in runs), default=0.0)
            typical = statistics.median([couple[side].wall for couple in runs] or [0.0])
            if unrecorded > max(pairs.LEAST_SECONDS, UNRECORDED_SHARE * typical):
                return True
        return False

    def by(self, sample: Sample) -> Sample:
        """A run by the clock of this request's verdict."""
        return Sample(sample.wall, sample.wall) if self.by_wall else sample

    def seconds(self, of: Sequence[Sequence[Pair]]) -> tuple[float, float]:
        """Medians of base and candidate."""
        runs = [couple for start in of for couple in start]
        return statistics.median(self.by(a).clock for a, _ in runs), statistics.median(
            self.by(b).clock for _, b in runs
        )

    def logs(self, of: Sequence[Sequence[Pair]]) -> list[list[float]]:
        """log(base / candidate) of each pair, by start."""
        return [[math.log(self.by(a).clock / self.by(b).clock) for a, b in start] for start in of]


def series(sides: TimedSides, spec: RequestSpec, until: float) -> Series:
    """A request with others near it that the base answers, as many as there are pairs or time for."""
    body, _ = sides.sample("base", spec)
    cost = taken = 0.0
    for side in SIDES:
        begin = time.monotonic()
        cost = max(cost, sides.sample(side, spec)[1].wall)
        taken = max(taken, time.monotonic() - begin)
    found, poor = dict[RequestSpec, float](), dict[RequestSpec, float]()
    if spec.method in READS:
        names = list(dict.fromkeys(name for name, _ in query_of(spec)))
        for number, one in enumerate(_near(spec, names, body.body)):
            if number >= MOST_TRIED or len(found) >= MOST_PAIRS or time.monotonic() > until:
                break
            try:
                begin = time.monotonic()
                answer, _ = sides.sample("base", one)
                if answer.status < 400:
                    like = len(answer.body) >= LIKE_SHARE * len(body.body)
                    (found if like else poor)[one] = time.monotonic() - begin
            except SubsecondError:
                continue
    near = found or dict(list(poor.items())[:MOST_PAIRS])
    return Series(spec, list(near), cost, taken, statistics.fmean(near.values()) if near else taken)


def _near(spec: RequestSpec, names: Sequence[str], body: bytes) -> list[RequestSpec]:
    if not names and not path_parts(spec):
        return []
    others = [one.spec for one in harmless(spec, names, body)]
    return list({one.url: one for one in others if one.url != spec.url}.values())


@dataclass(frozen=True, slots=True)
class Pace:
    """What a start asks of a request: pairs with other parameters, and runs before them that are not counted."""

    pairs: int
    warm_ups: int

    def of(self, one: Series) -> Pace:
        """The pace for one request."""
        return Pace(SLOW_PAIRS, SLOW_WARM_UPS) if one.slow else self

    def seconds(self, one: Series) -> float:
        """What a start takes for one request."""
        own = self.of(one)
        return 2 * (one.taken * (1 + own.warm_ups + REPEATS) + one.near * own.pairs)


PACES = (
    Pace(MOST_PAIRS, WARM_UPS), Pace(MOST_PAIRS // 2, WARM_UPS), Pace(SLOW_PAIRS, WARM_UPS),
    Pace(SLOW_PAIRS, SLOW_WARM_UPS),
)  # fmt: skip
"""The first that five starts have time for is taken: more starts decide sooner than more pairs in each."""
SLACK = 0.8
"""Of the time, for what a request is expected to take before the first start has shown it."""


@dataclass(frozen=True, slots=True)
class Course:
    """How it went: starts that were made, what one takes, the requests that were timed in all of them."""

    starts: int
    seconds: float
    timed: Sequence[Series]

    @property
    def enough(self) -> bool:
        return self.starts >= LEAST_STARTS


def run(
    sides: TimedSides, all_of: Sequence[Series], deadline: float, between: Callable[[Series], bool],
    say: Callable[[str], None], *, grace: float = 0.0,
) -> Course:  # fmt: skip
    """Start both sides afresh as often as the time allows, at most ten times, and time all requests in each.

    How much a start asks is settled before the first and, by the time that took, after it; so is how many there are:
    nothing goes by what was seen. Where five starts have no time for all requests, the last ones are left out, never
    the first. `between` is called before each pair of a request without other parameters; whether it wrote. `grace`:
    seconds behind the deadline in which the five starts that a verdict needs may still come to their end.
    """
    up = sum(one.app.app.seconds for one in sides.arms.values())
    pace, timed = planned(all_of, SLACK * ((deadline - time.monotonic()) / LEAST_STARTS - up))
    starts, took = 0, 0.0
    most = MOST_STARTS
    while starts < most and time.monotonic() + took <= deadline + (grace if starts < LEAST_STARTS else 0.0):
        begin = time.monotonic()
        sides.start_afresh(starts + 1)
        up = time.monotonic() - begin
        for one in timed:
            _one_start(sides, one, starts, pace.of(one), between)
        starts += 1
        if starts == 1:
            asking = time.monotonic() - begin - up
            slower = asking / (sum(pace.seconds(one) for one in timed) or asking)
            left = (deadline - time.monotonic()) / (LEAST_STARTS - 1) - up
            pace, timed = planned(timed, left / slower)
            took = up + slower * sum(pace.seconds(one) for one in timed)
            rest = deadline - time.monotonic()
            if took * (LEAST_STARTS - 1) > rest + grace:
                break
            most = min(MOST_STARTS, max(LEAST_STARTS, 1 + int(rest / took)))
        say(f"speed: start {starts} of {most}")
    return Course(starts, took, timed)


def planned(all_of: Sequence[Series], seconds: float) -> tuple[Pace, Sequence[Series]]:
    """What fits into the seconds of one start: fewer pairs first, then fewer warm-ups, then fewer requests."""
    for pace in PACES:
        if sum(pace.seconds(one) for one in all_of) <= seconds:
            return pace, all_of
    fitting = list(all_of)
    while len(fitting) > 1 and sum(pace.seconds(one) for one in fitting) > seconds:
        fitting.pop()
    return pace, fitting


def _one_start(sides: TimedSides, one: Series, start: int, pace: Pace, between: Callable[[Series], bool]) -> None:
    number = pace.pairs
    one.cold.append([_pair(sides, one.spec, start)])
    for _ in range(pace.warm_ups):
        for side in SIDES:
            sides.ask(side, one.spec)
    fresh, again = list[Pair](), list[Pair]()
    if one.distinct:
        for turn in range(min(number, len(one.distinct))):
            spec = one.distinct[(start * number + turn) % len(one.distinct)]
            fresh.append(_pair(sides, spec, start + turn))
    else:
        for turn in range(SLOW_PAIRS):
            if not between(one):
                break
            fresh.append(_pair(sides, one.spec, start + turn))
    for turn in range(REPEATS if fresh else number):
        again.append(_pair(sides, one.spec, start + turn))
    one.base_runs += [base for base, _ in again]
    one.apart = bool(fresh)
    one.warm.append(fresh or again)
    one.again.append(again)


def _pair(sides: TimedSides, spec: RequestSpec, turn: int) -> Pair:
    order: tuple[Side, ...] = SIDES if turn % 2 == 0 else SIDES[::-1]
    found = {side: sides.sample(side, spec)[1] for side in order}
    return found["base"], found["candidate"]
