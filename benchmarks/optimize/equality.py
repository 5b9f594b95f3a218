"""Whether the outcome answers as the exported application does: thousands of requests, compared field by field."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path

from subsecond.contract.compare import compare
from subsecond.harness import checkout, run_folder
from subsecond.harness.send import RequestFailed
from subsecond.model.target import RequestSpec
from subsecond.prove.sides import Sides
from subsecond.target import load

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
    target = load(project, {})
    found = Equality()
    with ExitStack() as stack:
        stack.enter_context(run_folder.lock(target.home))
        before = stack.enter_context(checkout.checkout(target, base))
        after = stack.enter_context(checkout.checkout(target, candidate))
        sides = Sides(before, after, stack, _say)
        for number, spec in enumerate(requests, 1):
            _ask(sides, spec, found)
            if number % TOLD_EVERY == 0:
                _say(f"{number} of {len(requests)} requests, {len(found.different)} answered otherwise")
    return found


def _ask(sides: Sides, spec: RequestSpec, found: Equality) -> None:
    one, other = sides.ask("base", spec), sides.ask("candidate", spec)
    for side, answer in (("base", one), ("candidate", other)):
        if isinstance(answer, RequestFailed):
            found.different.append(f"{spec.name}: the {side} gave no whole answer: {answer.why}")
    if isinstance(one, RequestFailed) or isinstance(other, RequestFailed):
        return
    found.statuses[one.reply.status] = found.statuses.get(one.reply.status, 0) + 1
    differences = compare(one.reply, other.reply).differences
    if differences:
        lines = "; ".join(map(str, differences[:SHOWN]))
        found.different.append(f"{spec.name}: {lines}")


def _say(line: str) -> None:
    print(f"equality: {line}", file=sys.stderr, flush=True)
