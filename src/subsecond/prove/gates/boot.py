from __future__ import annotations

import threading
from collections.abc import Sequence
from typing import ClassVar

from subsecond import durations
from subsecond.errors import SubsecondError
from subsecond.harness.requests import SAFE_METHODS
from subsecond.harness.send import Answer, Client, RequestFailed
from subsecond.harness.session import AuditedApp
from subsecond.model.proof import GateVerdict
from subsecond.model.target import RequestSpec
from subsecond.prove.gate import Case, gate, verdict
from subsecond.prove.sides import Sides

OVERLAPPING = 4
"""Requests at once: a lock made before gevent patched stops the second one (reference, section 0, fact 4)."""
ROUNDS = 2
TRIES = 4
"""How often the base is given the same crowd of a write: a race is lost by chance."""


@gate
class BootGate:
    """The candidate starts by the production command and answers overlapping requests before a deadline.

    On an arm of its own, with the migration that it brings: code that needs its table boots as it will in production.
    A port that accepts and stays silent fails, and so does a worker that answers once and then locks itself. What is
    shown is the first traceback of the whole log, not the last symptom.
    """

    name: ClassVar[str] = "boot"
    order: ClassVar[int] = 1

    def judge(self, case: Case) -> GateVerdict:
        sides = case.sides()
        wanted = case.wanted(sides.requests)
        sides.look()  # a base that does not start is no failure of the candidate
        try:
            arm = sides.arm("candidate")
        except SubsecondError as problem:
            if problem.slug not in FAILURES:
                raise
            return self._not_up(sides, problem)
        for place, spec in enumerate(wanted, 1):
            for _ in range(ROUNDS):
                outcomes = _crowd(arm.app, spec)
                if (problem_of := _problem(outcomes)) and not _of_the_base(sides, wanted[:place], outcomes):
                    shown = arm.app.app.logged_failure()
                    return verdict(self.name, "failed", f"{spec.name}: {problem_of}", [shown] if shown else [])
        took = durations.text(arm.app.app.seconds)
        if any(spec.method not in SAFE_METHODS for spec in wanted):
            sides.end("candidate")  # the next gates compare what is written, from one state on
        else:
            arm.restart()  # the next gate wants a process that has answered nothing yet
        return verdict(
            self.name, "passed",
            f"answered first after {took}; {OVERLAPPING} overlapping requests twice for each of {len(wanted)}",
        )  # fmt: skip

    def _not_up(self, sides: Sides, problem: SubsecondError) -> GateVerdict:
        """Failed, unless it is the sandbox that lets nobody's app come up."""
        if sides.ground("candidate").target.confinement is not None:
            try:
                sides.arm("base")
            except SubsecondError as same:
                return verdict(self.name, "no verdict", f"the base does not start in the sandbox: {same.message}{HINT}")
        return verdict(self.name, "failed", problem.message)


HINT = "; name what the app needs beside its copy in [sandbox], or give --trust-patch"
FAILURES = ("app-start-failed", "setup-failed", "no-agent", "migration-failed")
"""What the candidate itself can be blamed for; any other error is one of the target or the machine."""


def _of_the_base(sides: Sides, sent: Sequence[RequestSpec], outcomes: Sequence[Answer | RequestFailed]) -> bool:
    """Whether the base too fails when the last of these, a write, overlaps itself after the others did: the later of
    two deletions finds nothing left, a key that is counted by hand is given twice.

    Where all of the candidate's failed, all of the base's have to.
    """
    if sent[-1].method in SAFE_METHODS or not sides.isolated:
        return False
    if any(isinstance(one, RequestFailed) for one in outcomes):
        return False
    least = OVERLAPPING if _broken(outcomes) == OVERLAPPING else 1
    writes = [one for one in sent if one.method not in SAFE_METHODS]
    for _ in range(TRIES):
        app = sides.arm("base").app
        worst = [max(_broken(_crowd(app, one)) for _ in range(ROUNDS)) for one in writes][-1]
        sides.end("base")
        if worst >= least:
            return True
    return False


def _crowd(app: AuditedApp, spec: RequestSpec) -> list[Answer | RequestFailed]:
    """What became of several requests sent at once."""
    outcomes: list[Answer | RequestFailed] = []

    def ask() -> None:
        client = Client(app.target.timeout_seconds)
        try:
            outcomes.append(app.send_by(client, spec))
        finally:
            client.close()

    threads = [threading.Thread(target=ask) for _ in range(OVERLAPPING)]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    return outcomes


def _broken(outcomes: Sequence[Answer | RequestFailed]) -> int:
    """How many were answered with an error of the server, or not at all."""
    return sum(not isinstance(one, Answer) or one.status >= 500 for one in outcomes)


def _problem(outcomes: Sequence[Answer | RequestFailed]) -> str | None:
    """What went wrong with one of them; None where all were answered below 500."""
    lost = [one.why for one in outcomes if isinstance(one, RequestFailed)]
    broken = [one.status for one in outcomes if isinstance(one, Answer) and one.status >= 500]
    if lost:
        return f"{len(lost)} of {len(outcomes)} overlapping requests got no answer: {lost[0]}"
    if broken:
        return f"{len(broken)} of {len(outcomes)} overlapping requests were answered {broken[0]}"
    return None
