"""The committed record judged again: each patch through the same gates, on the code that it was written for."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from benchmarks.optimize.platform import stop
from benchmarks.optimize.transcript import OUTCOMES, Turn
from subsecond.attempts import Proposal, attempt
from subsecond.harness import checkout, run_folder
from subsecond.ledger.book import opened
from subsecond.model.attempt import Attempt
from subsecond.model.promise import Promise
from subsecond.target import load


@dataclass(frozen=True, slots=True, kw_only=True)
class Replayed:
    """`commit`: all that the record kept on top of the exported application; `changed`: turns that went otherwise."""

    commit: str
    attempts: tuple[Attempt, ...]
    changed: tuple[str, ...]


def replay(project: Path, turns: Sequence[Turn]) -> Replayed:
    """Judge the patches of a record in the exported `project`; what had no patch then has none to judge now.

    The line of commits is the record's, whatever is said of a turn now: what was written after it builds on it.
    One that was broken off goes on where it stopped: what the project's ledger has a verdict for is not asked again.
    """
    target = load(project, {})
    found: list[Attempt] = []
    changed: list[str] = []
    with run_folder.lock(target.home), opened(target.home) as ledger:
        base = checkout.revision(target.root, "HEAD")
        ledger.settle()
        judged = {(one.base, one.patch): one for one in ledger.attempts() if one.outcome in OUTCOMES}
        for turn in turns:
            if not turn.patch:
                continue
            _say(f"turn {turn.number}: {turn.verdict['kind']}")
            done = judged.get((base, turn.patch)) or attempt(target, base, _proposal(turn), ledger, say=_say)
            found.append(done)
            _say(f"turn {turn.number}: {done.outcome}: {done.why}")
            if done.outcome != turn.verdict["outcome"]:
                changed.append(f"turn {turn.number} was {turn.verdict['outcome']}, now {done.outcome}: {done.why}")
            if turn.verdict["outcome"] == "kept":
                if done.commit is None:
                    raise stop(f"turn {turn.number}: {done.why}; what came after it cannot be judged")
                base = done.commit
    return Replayed(commit=base, attempts=tuple(found), changed=tuple(changed))


def _proposal(turn: Turn) -> Proposal:
    said = turn.verdict
    return Proposal(
        step=said["step"], finding=said["finding"], kind=said["kind"], proposer=said["proposer"], patch=turn.patch,
        key=said.get("key", ""), summary=f"{said['kind']}: turn {turn.number}",
        promised=Promise(counts=said["promised"]["counts"], faster=tuple(said["promised"]["faster"])),
    )  # fmt: skip


def _say(line: str) -> None:
    print(f"replay: {line}", file=sys.stderr, flush=True)
