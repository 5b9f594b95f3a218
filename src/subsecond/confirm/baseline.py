"""What a request is without any fix, on this arm, now: its response, its counts, its seconds and their noise."""

from __future__ import annotations

import statistics
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from subsecond.confirm.runner import BASE, Run, Runner
from subsecond.contract.compare import Comparison, Noise, Reply, compare
from subsecond.measure import pairs
from subsecond.measure.pairs import Margin, Sample
from subsecond.model.target import RequestSpec

WARM_UPS = 6
"""psycopg prepares a statement after five executions (reference: measuring, 3.2)."""
SLOW_SECONDS = 1.0
"""From here on a request is warm after one run (it sends its statements more than five times in it), fixes are
screened together, and the noise floor comes from two pairs (reference: measuring, 3.5 and 3.6)."""
SLOW_WARM_UPS, SLOW_FLOOR_PAIRS = 1, 2
UNRECORDED_SHARE = 0.1
"""Of the seconds; more than this, in every run and beyond the time in which others had the processor, is a wait for
something that is not recorded: the wall decides then."""


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
    margin: Margin
    by_wall: bool
    slow: bool

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
    """Run the base until it is warm, then six pairs of it against itself (fewer where it is slow).

    Raises UnfitError where it is answered with an error, NoRunError where it is not answered.
    """
    first = runner.run(spec, BASE)
    if first.reply.status >= 400:
        raise UnfitError(f"the request itself is answered {first.reply.status} on this data")
    slow = first.sample.wall > SLOW_SECONDS
    warm, floor_runs = (SLOW_WARM_UPS, 2 * SLOW_FLOOR_PAIRS) if slow else (WARM_UPS, 2 * pairs.FLOOR_PAIRS)
    runs = []
    for number in range(warm + floor_runs - 1):
        progress(number + 1, warm + floor_runs)
        runs.append(runner.run(spec, BASE))
    noise = Noise()
    for run in runs:
        noise.learn(first.reply, run.reply)
    timed = runs[-floor_runs:]
    counted = [run.counts for run in timed[-3:]]
    unrecorded = min(run.sample.wall - run.sample.clock - run.queued for run in timed)
    seconds = statistics.median(run.sample.clock for run in timed)
    by_wall = unrecorded > max(pairs.LEAST_SECONDS, UNRECORDED_SHARE * seconds)
    samples = [Sample(run.sample.wall, run.sample.wall) if by_wall else run.sample for run in timed]
    seconds = statistics.median(sample.clock for sample in samples)
    return Baseline(
        spec=spec,
        reply=timed[-1].reply,
        noise=noise,
        counts=counted[-1],
        unsteady=frozenset(name for name in counted[-1] if len({counts.get(name) for counts in counted}) > 1),
        seconds=seconds,
        margin=pairs.margin(seconds, pairs.noise_floor(samples)),
        by_wall=by_wall,
        slow=slow,
    )
