"""What a request is without any fix, on this arm, now: its response, its counts, its seconds and their noise."""

from __future__ import annotations

import statistics
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

from subsecond.confirm.runner import BASE, Run, Runner
from subsecond.contract.compare import Comparison, Noise, Reply, compare
from subsecond.measure import pairs
from subsecond.measure.pairs import SLOW_SECONDS, SLOW_WARM_UPS, UNRECORDED_SHARE, WARM_UPS, Margin, Sample
from subsecond.model.target import RequestSpec

FEW_FLOOR_PAIRS = 2
"""Of a slow request, or where time is short; its fixes are screened together (reference: measuring, 3.5 and 3.6)."""
COUNTED_RUNS, SLOW_COUNTED_RUNS = 3, 2
"""After the first run: two equal runs suffice for counts (reference: measuring, 2)."""


class UnfitError(Exception):
    """Why a request cannot be the base of any trial."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Baseline:
    """One request without fixes. `counts` are those of every base run; `unsteady` names those that differed."""

    spec: RequestSpec
    reply: Reply
    noise: Noise
    counts: Mapping[str, int]
    unsteady: frozenset[str]
    seconds: float
    slow: bool
    wall: float = 0.0
    """Seconds by the clock on the wall; on a busy machine many times the others."""
    by_wall: bool = False
    margin: Margin | None = None
    """None until its seconds are to be measured (`clocked`)."""

    @property
    def least(self) -> Margin:
        """The margin, where a clock was read."""
        assert self.margin is not None
        return self.margin

    @property
    def takes(self) -> float:
        """Seconds of the budget that a run takes: the budget is told by the wall."""
        return max(self.seconds, self.wall)

    @property
    def warm_ups(self) -> int:
        return SLOW_WARM_UPS if self.slow else WARM_UPS

    @property
    def comparable(self) -> bool:
        """Whether equal runs give the same response, but for a little noise that is named."""
        return not self.noise.too_much

    def sample(self, run: Run) -> Sample:
        """A run by the clock of this request's verdicts."""
        return Sample(run.sample.wall, run.sample.wall) if self.by_wall else run.sample

    def differences(self, other: Reply) -> Comparison:
        """Where another reply differs, noise left out."""
        return self.noise.rest(differing(self.reply, other))

    def saved(self, counts: Mapping[str, int]) -> dict[str, int]:
        """Counts of the base less others; those that are not steady are left out."""
        return {name: self.counts[name] - counts.get(name, 0) for name in self.counts if name not in self.unsteady}


def differing(one: Reply, other: Reply) -> Comparison:
    """`compare`, without reading bodies that are the same bytes."""
    if one.body == other.body:
        one, other = (Reply(status=side.status, headers=side.headers, body=b"") for side in (one, other))
    return compare(one, other)


def baseline(runner: Runner, spec: RequestSpec, progress: Callable[[int, int], None]) -> Baseline:
    """Run the base until its counts and its response are known; no clock is read for a verdict.

    Raises UnfitError where it is answered with an error, NoRunError where it is not answered.
    """
    first = runner.run(spec, BASE)
    if first.reply.status >= 400:
        raise UnfitError(f"the request itself is answered {first.reply.status} on this data")
    slow = first.sample.wall > SLOW_SECONDS
    runs = _runs(runner, spec, SLOW_COUNTED_RUNS if slow else COUNTED_RUNS, progress)
    noise = Noise()
    for run in runs:
        noise.learn(first.reply, run.reply)
    return Baseline(
        spec=spec,
        reply=runs[-1].reply,
        noise=noise,
        counts=runs[-1].counts,
        unsteady=_unsteady(runs[-COUNTED_RUNS:]),
        seconds=statistics.median(run.sample.clock for run in runs),
        wall=statistics.median(run.sample.wall for run in runs),
        slow=slow,
    )


def clocked(runner: Runner, base: Baseline, floor_pairs: int, progress: Callable[[int, int], None]) -> Baseline:
    """The same with its margin: warm it, then run `floor_pairs` pairs of it against itself. Raises NoRunError."""
    warm = max(0, base.warm_ups - 1 - COUNTED_RUNS)
    runs = _runs(runner, base.spec, warm + 2 * floor_pairs, progress)[warm:]
    for run in runs:
        base.noise.learn(base.reply, run.reply)
    unrecorded = min(run.sample.wall - run.sample.clock - run.queued for run in runs)
    seconds = statistics.median(run.sample.clock for run in runs)
    by_wall = unrecorded > max(pairs.LEAST_SECONDS, UNRECORDED_SHARE * seconds)
    samples = [Sample(run.sample.wall, run.sample.wall) if by_wall else run.sample for run in runs]
    seconds = statistics.median(sample.clock for sample in samples)
    return replace(
        base,
        unsteady=base.unsteady | _unsteady(runs[-COUNTED_RUNS:]),
        seconds=seconds,
        wall=statistics.median(run.sample.wall for run in runs),
        by_wall=by_wall,
        margin=pairs.margin(seconds, pairs.noise_floor(samples)),
    )


def _runs(runner: Runner, spec: RequestSpec, number: int, progress: Callable[[int, int], None]) -> list[Run]:
    made: list[Run] = []
    for done in range(number):
        progress(done + 1, number)
        made.append(runner.run(spec, BASE))
    return made


def _unsteady(runs: Sequence[Run]) -> frozenset[str]:
    counted = [run.counts for run in runs]
    return frozenset(name for name in counted[-1] if len({counts.get(name) for counts in counted}) > 1)
