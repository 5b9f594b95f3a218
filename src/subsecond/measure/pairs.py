"""The protocol of timed pairs: who is sent when, when to stop, what may be claimed.

Pure: it asks a function for samples, and does not know what a request is. Source of the rules and of their numbers:
reference, measuring, section 3.
"""

from __future__ import annotations

import math
import random
import statistics
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Literal

from subsecond.measure import signed_rank, student
from subsecond.measure.error_budget import ALPHA, LOOKS, over_looks

WARM_UPS = 6
"""psycopg prepares a statement after five executions (3.2)."""
SLOW_SECONDS, SLOW_WARM_UPS = 1.0, 1
"""From here on a request is warm after one run: it sends its statements more than five times in it (3.5)."""
UNRECORDED_SHARE = 0.1
"""Of the seconds; more than this, in every run and beyond the time in which others had the processor, is a wait for
something that is not recorded: the wall decides then."""
LEAST_SHARE = 0.03
LEAST_SECONDS = 0.005
FLOORS = 2.0
"""A gain must exceed 3 %, 5 ms and twice the noise floor."""
FLOOR_PAIRS = 6
DRIFT_FLOORS, LEAST_DRIFT = 6.0, 0.25
"""A block whose two runs of one arm differ by so much (in floors, but at least a quarter) met something else."""
MOST_THROWN = 0.5
"""Of the blocks of a look; a machine that drifts more often is told, not waited for."""
SHARP = 0.2
"""Where integers have decided, seconds are sharp enough when half their interval is this part of the gain."""

_LEAST_SPREAD = 1e-6
STUDENT_PART = 0.02
"""Of a look's error: ranks need 12 pairs to say anything among 25 trials, however large a gain is; by its size one of
half the request is beyond doubt after six. Of a gain that ranks can show the size takes nearly nothing away."""

Arm = Literal["base", "fix"]


@dataclass(frozen=True, slots=True)
class Sample:
    """One run. `clock`: CPU and recorded waits, what the verdict goes by; `wall`: seconds by the clock on the wall."""

    clock: float
    wall: float


@dataclass(frozen=True, slots=True)
class Margin:
    """What a gain must exceed, in seconds and as a difference of logarithms (infinite where no gain could)."""

    seconds: float
    floor: float
    log: float


@dataclass(frozen=True, slots=True)
class Gain:
    """Seconds of `base` that the fix saves, with an interval of 95 %."""

    seconds: float
    low: float
    high: float


@dataclass(slots=True)
class Timed:
    """The outcome of the pairs of one trial. `probability` is adjusted for its looks, not yet for other trials."""

    pairs: list[tuple[Sample, Sample]] = field(default_factory=list)
    looks: list[tuple[int, float]] = field(default_factory=list)
    thrown: int = 0
    ended: Literal["gain", "no gain", "sharp", "all looks", "time"] = "time"

    @property
    def probability(self) -> float:
        """How probable is what was seen where the gain is the margin at most."""
        return over_looks(self.looks)

    def differences(self, of: Literal["clock", "wall"] = "clock") -> list[float]:
        """Logarithm of base divided by fix, pair by pair: positive where the fix is faster."""
        return [math.log(getattr(base, of) / getattr(fix, of)) for base, fix in self.pairs]

    def base(self, of: Literal["clock", "wall"] = "clock") -> float:
        """Seconds of a typical base run among the pairs: what their gain is a part of."""
        seconds: float = statistics.median(getattr(one, of) for one, _ in self.pairs)
        return seconds

    def gain(self, of: Literal["clock", "wall"] = "clock") -> Gain:
        """The gain in seconds, from what each pair differs by; where so few pairs have no interval, it ends at all
        that a base run takes.

        From ratios it would be a part of one typical base run, as if that were known for certain: of 80 % saved, such
        intervals held the true gain in 55 of 100 cases, these in 97 (benchmarks.statistics).
        """
        base = self.base(of)
        saved = [getattr(before, of) - getattr(after, of) for before, after in self.pairs]
        low, high = signed_rank.interval(saved, ALPHA)
        return Gain(min(signed_rank.estimate(saved), base), max(low, -base), min(high, base))


def noise_floor(runs: Sequence[Sample]) -> float:
    """What seems to be a difference where there is none: the estimate from pairs of base runs, as a logarithm."""
    pairs = list(zip(runs[::2], runs[1::2], strict=True))
    return abs(signed_rank.estimate([math.log(one.clock / other.clock) for one, other in pairs]))


def margin(base: float, floor: float) -> Margin:
    """The margin for a request whose base run takes `base` seconds."""
    seconds = max(LEAST_SHARE * base, LEAST_SECONDS, FLOORS * (1 - math.exp(-floor)) * base)
    return Margin(seconds, floor, -math.log1p(-seconds / base) if seconds < base else math.inf)


def compare(
    run: Callable[[Arm], Sample],
    least: Margin,
    *,
    trials: int,
    integers: bool,
    source: random.Random,
    goes_on: Callable[[], bool] = lambda: True,
) -> Timed:
    """Send ABBA blocks (base first or fix first, at random) until a look decides, the looks end, or time does.

    `trials`: how many of one audit share the error; `integers`: counts have confirmed already, so that only the
    seconds are wanted; `goes_on` is asked before each block.
    """
    timed = Timed()
    for look in LOOKS:
        thrown = 0
        while len(timed.pairs) < look:
            if not goes_on():
                return timed
            pairs = _block(run, source)
            if _drifted(pairs, least.floor) and thrown < MOST_THROWN * look / 2:
                thrown += 1
                timed.thrown += 1
                continue
            timed.pairs += pairs
        found = timed.differences()
        timed.looks.append((look, chance(found, least)))
        low, high = signed_rank.interval(found, ALPHA)
        if integers and _sharp(low, high, least):
            timed.ended = "sharp"
        elif not integers and timed.probability <= ALPHA / trials:
            timed.ended = "gain"
        elif not integers and high < least.log:
            timed.ended = "no gain"
        else:
            continue
        return timed
    timed.ended = "all looks"
    return timed


def chance(differences: Sequence[float], least: Margin) -> float:
    """How probable are the differences where the true one is the margin at most: by their ranks, or by their size.

    Bonferroni's bound over the two. By size: Student's t, their spread taken to be no less than the noise floor.
    """
    if math.isinf(least.log):
        return 1.0
    by_rank = signed_rank.probability(differences, least.log) / (1 - STUDENT_PART)
    error = max(statistics.stdev(differences), least.floor, _LEAST_SPREAD) / math.sqrt(len(differences))
    by_size = student.above((statistics.mean(differences) - least.log) / error, len(differences) - 1) / STUDENT_PART
    return min(1.0, by_rank, by_size)


def _block(run: Callable[[Arm], Sample], source: random.Random) -> list[tuple[Sample, Sample]]:
    if source.random() < 0.5:
        a, b, c, d = run("base"), run("fix"), run("fix"), run("base")
        return [(a, b), (d, c)]
    a, b, c, d = run("fix"), run("base"), run("base"), run("fix")
    return [(b, a), (c, d)]


def _drifted(pairs: Sequence[tuple[Sample, Sample]], floor: float) -> bool:
    """Whether the two runs of either arm differ too much; both arms alike, so that nothing leans to one side."""
    (base, fix), (base_again, fix_again) = pairs
    limit = max(DRIFT_FLOORS * floor, LEAST_DRIFT)
    return any(abs(math.log(one.clock / other.clock)) > limit for one, other in ((base, base_again), (fix, fix_again)))


def _sharp(low: float, high: float, least: Margin) -> bool:
    half = (high - low) / 2
    return half <= max(SHARP * abs(high + low) / 2, least.log / 2)
