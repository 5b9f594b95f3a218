"""The real gain of patches: base and candidates in arms of their own, timed over fresh starts as the speed gate does.

All candidates of a request are timed beside one base: each start has new processes for all of them on their own data,
another hash seed, and turns in which each is asked once, to and fro.
"""

from __future__ import annotations

import itertools
import math
import shutil
import statistics
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from benchmarks.prediction.predicted import LEVEL
from subsecond import target
from subsecond.confirm.baseline import differing
from subsecond.contract.compare import Noise, Reply
from subsecond.harness.arms import Arm, arm
from subsecond.harness.checkout import rebased
from subsecond.harness.clones import Connection
from subsecond.harness.send import RequestFailed
from subsecond.harness.session import Ground, looked_up, started
from subsecond.measure import signed_rank, student
from subsecond.measure.pairs import SLOW_SECONDS, SLOW_WARM_UPS
from subsecond.measure.starts import effect
from subsecond.model.target import RequestSpec
from subsecond.prove.timed import TimedSides
from subsecond_agent import protocol

STARTS = 5
TURNS = ((0.06, 8), (0.12, 6), (SLOW_SECONDS, 4))
"""Turns a start, by the seconds of the request up to which so many are made."""
SLOW_TURNS = 2
WARM_TURNS = 3
"""Fewer than the protocol's six: SQLite's driver prepares nothing, and what is asked of PostgreSQL here sends its
statements more than five times in one run (reference: measuring, 3.2)."""
NOT_COPIED = shutil.ignore_patterns("__pycache__", ".subsecond")


class NoPatchError(Exception):
    """Why a patch is none: it does not apply, or the answer is another one with it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """A candidate, timed on one request: unified diffs (-p1), and statements that are run on its database before."""

    name: str
    request: str
    patches: Sequence[str] = ()
    sql: Sequence[str] = ()


def patched(base: Path, name: str, patches: Sequence[str]) -> Path:
    """A copy of `base` beside it with these patches applied in turn, lines around a change being free to differ:
    another patch may have changed them.

    Raises NoPatchError with git's own words where one does not apply.
    """
    folder = base.parent / f"patched-{name}"
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


def real(base: Path, changes: Sequence[Change], requests: str, starts: int = STARTS) -> dict[str, dict[str, Any]]:
    """The gain of each change on its request of a file: `share` of the base's time, its interval of 90 %, counts.

    A change that does not apply, or with which the answer is another one, has `why` instead.
    """
    found: dict[str, dict[str, Any]] = {}
    wanted = target.load(base, {"requests": [str(base / requests)]})
    ground = looked_up(wanted)
    specs = {one.name: one for one in ground.plan.timed}
    seen = _connections(ground, list(specs.values()))
    with ExitStack() as stack:
        race = Race(stack.enter_context(arm(ground, seen, say=_silent)))
        for number, change in enumerate(changes):
            try:
                other = looked_up(rebased(wanted, base, patched(base, str(number), change.patches)))
                with _kept_if_right(stack) as mine:
                    candidate = mine.enter_context(arm(other, seen, say=_silent))
                    if change.sql:
                        candidate.run_sql(list(change.sql))
                    race.admit(change.name, candidate, specs[change.request])
            except NoPatchError as problem:
                found[change.name] = {"why": str(problem)}
        for start in range(starts if race.candidates else 0):
            race.start(start)
        return found | {name: race.outcome(name) for name in race.candidates}


@contextmanager
def _kept_if_right(stack: ExitStack) -> Iterator[ExitStack]:
    """What is opened in the block is closed with `stack`, and at once where the block fails."""
    with ExitStack() as mine:
        yield mine
        stack.enter_context(mine.pop_all())


def _silent(line: str) -> None:
    """Nobody listens to what an arm says of itself here."""


def _connections(ground: Ground, specs: Sequence[RequestSpec]) -> list[Connection]:
    """The databases that the app connects to for these requests."""
    with started(ground) as scout:
        for number, spec in enumerate(specs):
            answer = scout.send(spec, protocol.MODE_TIMED, f"scout{number}")
            if isinstance(answer, RequestFailed):
                raise SystemExit(f"request-failed: {spec.name}: {answer.why}")
        return scout.connections()


@dataclass
class Race:
    """One base and its candidates. `logs`: log(base / candidate) of each turn, by start; `seconds`: of the base."""

    base: Arm
    candidates: dict[str, TimedSides] = field(default_factory=dict)
    specs: dict[str, RequestSpec] = field(default_factory=dict)
    counts: dict[str, dict[str, list[int]]] = field(default_factory=dict)
    logs: dict[str, list[list[float]]] = field(default_factory=dict)
    seconds: dict[str, list[float]] = field(default_factory=dict)
    _marks: Iterator[int] = field(default_factory=itertools.count)

    def admit(self, name: str, candidate: Arm, spec: RequestSpec) -> None:
        """Take a candidate whose answer is the base's. Raises NoPatchError where it is another one."""
        first, _ = self._counted(self.base, spec)
        again, before = self._counted(self.base, spec)
        other, after = self._counted(candidate, spec)
        noise = Noise()
        noise.learn(first, again)
        found = noise.rest(differing(again, other))
        if not found.equal:
            shown = ", ".join(f"{one.path} ({one.what})" for one in found.differences[:3])
            raise NoPatchError(f"another answer than before: {shown}")
        names = (protocol.COUNT_QUERIES, protocol.COUNT_CHECKOUTS, protocol.COUNT_ROWS)
        pairs = {one: [int(before.get(one, 0)), int(after.get(one, 0))] for one in names}
        self.counts[name] = {one: pair for one, pair in pairs.items() if pair[0] != pair[1]}
        self.candidates[name] = TimedSides({"base": self.base, "candidate": candidate}, self._marks)
        self.specs[name], self.logs[name], self.seconds[name] = spec, [], []

    def _counted(self, one: Arm, spec: RequestSpec) -> tuple[Reply, Mapping[str, int]]:
        mark = f"n{next(self._marks)}"
        answer = one.app.send(spec, protocol.MODE_TIMED, mark)
        if isinstance(answer, RequestFailed):
            raise NoPatchError(answer.why)
        line = one.app.trace_of(mark) or {"counts": {}}
        return Reply(status=answer.status, headers=answer.headers, body=answer.body), line["counts"]

    def start(self, number: int) -> None:
        """New processes for all, who comes first alternating; then the turns of each request."""
        arms = [self.base, *(sides.arms["candidate"] for sides in self.candidates.values())]
        for one in arms if number % 2 else arms[::-1]:
            one.restart({"PYTHONHASHSEED": str(number + 1)})
        for spec in {one.name: one for one in self.specs.values()}.values():
            self._turns(spec, number)

    def _turns(self, spec: RequestSpec, number: int) -> None:
        names = [name for name in self.candidates if self.specs[name] is spec]
        cost = self.candidates[names[0]].sample("base", spec)[1].wall
        for _ in range(SLOW_WARM_UPS if cost > SLOW_SECONDS else WARM_TURNS):
            self._turn(spec, names, number)
        turns = next((turns for seconds, turns in TURNS if cost <= seconds), SLOW_TURNS)
        made = [self._turn(spec, names, number + turn) for turn in range(turns)]
        for name in names:
            self.seconds[name] += [taken[""] for taken in made]
            self.logs[name].append([math.log(taken[""] / taken[name]) for taken in made])

    def _turn(self, spec: RequestSpec, names: Sequence[str], number: int) -> dict[str, float]:
        """Each asked once, the base (named by an empty text) first or last -> seconds by the clock of verdicts."""
        order = ["", *names]
        taken = {}
        for name in order if number % 2 else order[::-1]:
            sides = self.candidates[name or names[0]]
            taken[name] = sides.sample("candidate" if name else "base", spec)[1].clock
        return taken

    def outcome(self, name: str) -> dict[str, Any]:
        """What was measured of one candidate."""
        by_start = self.logs[name]
        found = effect(by_start)
        log = found.log if found else statistics.mean(signed_rank.estimate(turns) for turns in by_start)
        half = student.quantile(LEVEL / 2, found.starts - 1) * found.error if found else 0.0
        ends = {"share": log, "low": log - half, "high": log + half}
        return {
            **{end: 1 - math.exp(-value) for end, value in ends.items()},
            "base_seconds": statistics.median(self.seconds[name]),
            "pairs": sum(map(len, by_start)),
            "starts": len(by_start),
            "counts": self.counts[name],
        }
