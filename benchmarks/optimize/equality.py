"""Whether the outcome answers as the exported application does: thousands of requests, compared field by field."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path

from benchmarks.optimize.export import COPY
from subsecond.contract.compare import Reply, compare
from subsecond.harness import checkout, run_folder
from subsecond.harness.send import Answer, RequestFailed
from subsecond.model.target import RequestSpec
from subsecond.prove.sides import Sides
from subsecond.target import load
from subsecond_agent import protocol

TOLD_EVERY = 200
SHOWN = 4
"""Differences of one request that are listed."""


@dataclass(slots=True)
class Equality:
    """Requests compared, by the base's status, and those that differ with their first differences."""

    statuses: dict[int, int] = field(default_factory=dict)
    different: list[str] = field(default_factory=list)

    @property
    def compared(self) -> int:
        """How many requests both sides answered."""
        return sum(self.statuses.values())


def equality(project: Path, base: str, candidate: str, requests: Sequence[RequestSpec]) -> Equality:
    """Ask two commits of the exported application the same, each in an arm of its own with its own migrations."""
    target = load(project, {"copy_database": COPY})
    found = Equality()
    with ExitStack() as stack:
        stack.enter_context(run_folder.lock(target.home))
        before = stack.enter_context(checkout.checkout(target, base))
        after = stack.enter_context(checkout.checkout(target, candidate))
        apps = [one.app for one in Sides(before, after, stack, _say).arms.values()]
        pool = stack.enter_context(ThreadPoolExecutor(len(apps)))
        for number, spec in enumerate(requests, 1):
            # at the same moment: "today" is the same day for both
            answers = pool.map(lambda app, one=spec, mark=f"e{number}": app.send(one, protocol.MODE_TIMED, mark), apps)
            _compare(spec, *answers, found)
            if number % TOLD_EVERY == 0:
                _say(f"{number} of {len(requests)} requests, {len(found.different)} answered otherwise")
    return found


def _compare(
    spec: RequestSpec, base: Answer | RequestFailed, candidate: Answer | RequestFailed, found: Equality
) -> None:
    for side, answer in (("base", base), ("candidate", candidate)):
        if isinstance(answer, RequestFailed):
            found.different.append(f"{spec.name}: the {side} gave no whole answer: {answer.why}")
    if isinstance(base, RequestFailed) or isinstance(candidate, RequestFailed):
        return
    found.statuses[base.status] = found.statuses.get(base.status, 0) + 1
    differences = compare(_reply(base), _reply(candidate)).differences
    if differences:
        lines = "; ".join(map(str, differences[:SHOWN]))
        found.different.append(f"{spec.name}: {lines}")


def _reply(answer: Answer) -> Reply:
    return Reply(status=answer.status, headers=answer.headers, body=answer.body)


def _say(line: str) -> None:
    print(f"equality: {line}", file=sys.stderr, flush=True)
