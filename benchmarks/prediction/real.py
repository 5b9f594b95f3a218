"""The real gain of a patch: base and candidate in arms of their own, timed over fresh starts as the speed gate does."""

from __future__ import annotations

import math
import shutil
import statistics
import subprocess
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from benchmarks.prediction.predicted import LEVEL
from subsecond import target
from subsecond.confirm.baseline import differing
from subsecond.contract.compare import Noise
from subsecond.harness.checkout import Checkout, rebased
from subsecond.harness.send import RequestFailed
from subsecond.measure import signed_rank, student
from subsecond.measure.pairs import SLOW_SECONDS, SLOW_WARM_UPS, WARM_UPS, Sample
from subsecond.measure.starts import effect
from subsecond.model.target import RequestSpec
from subsecond.prove.sides import SIDES, Asked, Side, Sides
from subsecond.prove.timed import TimedSides

STARTS = 5
PAIRS = ((0.06, 12), (0.25, 8), (SLOW_SECONDS, 4))
"""Pairs a start, by the seconds of the request up to which so many are sent."""
SLOW_PAIRS = 2
NOT_COPIED = shutil.ignore_patterns("__pycache__", ".subsecond")


class NoPatchError(Exception):
    """Why a patch is none: it does not apply, or the answer is another one with it."""


def patched(base: Path, patches: Sequence[str]) -> Path:
    """A copy of `base` beside it with these patches (texts of unified diffs, -p1) applied in turn, lines around a
    change being free to differ: another patch may have changed them.

    Raises NoPatchError with git's own words where one does not apply.
    """
    folder = base.parent / "patched"
    shutil.rmtree(folder, ignore_errors=True)
    shutil.copytree(base, folder, ignore=NOT_COPIED, symlinks=True)
    for patch in patches:
        done = subprocess.run(
            ["git", "apply", "-p1", "--recount", "-C0", "-"], cwd=folder, input=patch, capture_output=True,
            check=False, text=True,
        )  # fmt: skip
        if done.returncode:
            raise NoPatchError(f"it does not apply: {done.stderr.strip()}")
    return folder


def real(
    base: Path, candidate: Path, request: str, *, sql: Sequence[str] = (), by_wall: bool = False, starts: int = STARTS
) -> dict[str, Any]:
    """The gain of `candidate` on one request: `share` of the base's time with its interval of 90 %, counts, seconds.

    `sql` is run on the candidate's database before. Raises NoPatchError where the answer is another one.
    """
    wanted = target.load(base, {})
    with ExitStack() as stack:
        sides = Sides(
            Checkout(name="base", tree=base, target=wanted),
            Checkout(name="candidate", tree=candidate, target=rebased(wanted, base, candidate)),
            stack, lambda line: None,
        )  # fmt: skip
        spec = next(one for one in sides.requests if one.name == request)
        if sql:
            sides.arm("candidate").run_sql(list(sql))
        counts = _same(sides, spec)
        by_start, bases = _timed(TimedSides(sides.arms), spec, by_wall, starts)
    found = effect(by_start)
    log = found.log if found else statistics.mean(signed_rank.estimate(pairs) for pairs in by_start)
    half = student.quantile(LEVEL / 2, found.starts - 1) * found.error if found else 0.0
    names = {"share": log, "low": log - half, "high": log + half}
    return {
        **{name: 1 - math.exp(-value) for name, value in names.items()},
        "base_seconds": statistics.median(bases),
        "pairs": sum(map(len, by_start)),
        "starts": len(by_start),
        "counts": counts,
    }


def _same(sides: Sides, spec: RequestSpec) -> dict[str, list[int]]:
    """Counts of base and candidate where they differ, after their answers were held against each other."""
    first, again = _asked(sides, "base", spec), _asked(sides, "base", spec)
    other = _asked(sides, "candidate", spec)
    noise = Noise()
    noise.learn(first.reply, again.reply)
    found = noise.rest(differing(again.reply, other.reply))
    if not found.equal:
        shown = ", ".join(f"{one.path} ({one.what})" for one in found.differences[:3])
        raise NoPatchError(f"another answer than before: {shown}")
    before, after = again.counts or {}, other.counts or {}
    return {name: [before[name], after.get(name, 0)] for name in before if before[name] != after.get(name, 0)}


def _asked(sides: Sides, side: Side, spec: RequestSpec) -> Asked:
    answer = sides.ask(side, spec, counted=True)
    if isinstance(answer, RequestFailed):
        raise NoPatchError(f"{side}, {spec.name}: {answer.why}")
    return answer


def _timed(sides: TimedSides, spec: RequestSpec, by_wall: bool, starts: int) -> tuple[list[list[float]], list[float]]:
    """Log ratios base / candidate by start, and the base's seconds."""
    by_start, bases = list[list[float]](), list[float]()
    for start in range(starts):
        sides.start_afresh(start + 1)
        cost = max(sides.sample(side, spec)[1].wall for side in SIDES)
        for _ in range((SLOW_WARM_UPS if cost > SLOW_SECONDS else WARM_UPS) - 1):
            for side in SIDES:
                sides.sample(side, spec)
        number = next((pairs for seconds, pairs in PAIRS if cost <= seconds), SLOW_PAIRS)
        logs = []
        for turn in range(number):
            order: tuple[Side, ...] = SIDES if (start + turn) % 2 else SIDES[::-1]
            taken = {side: _seconds(sides.sample(side, spec)[1], by_wall) for side in order}
            logs.append(math.log(taken["base"] / taken["candidate"]))
            bases.append(taken["base"])
        by_start.append(logs)
    return by_start, bases


def _seconds(sample: Sample, by_wall: bool) -> float:
    return sample.wall if by_wall else sample.clock
