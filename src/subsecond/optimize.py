"""The whole loop: plan steps one by one through the revert cycle, each on top of what was kept before it."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from typing import Protocol

from subsecond import kept as recording
from subsecond import store
from subsecond.attempts import Proposal, attempt
from subsecond.errors import SubsecondError
from subsecond.harness import checkout, clones, commits, run_folder
from subsecond.harness.send import RequestFailed
from subsecond.ledger.book import Ledger, opened
from subsecond.model.attempt import Attempt
from subsecond.model.audit import Audit
from subsecond.model.finding import Finding
from subsecond.model.optimized import After, Optimized
from subsecond.model.plan import Plan, Step
from subsecond.model.target import Target
from subsecond.prove.sides import Side, Sides
from subsecond.report.summary import summary

TRIES_A_STEP = 3
"""An assistant gets the verdict and another chance; the case study's own took as many for its hardest step."""
TIMED_RUNS = 5
ORDERS: tuple[tuple[Side, Side], ...] = (("candidate", "base"), ("base", "candidate"))


class Proposer(Protocol):
    """Who writes patches: our fixers, an assistant."""

    @property
    def tries(self) -> int:
        """How often a step is worth asking, each time with the last verdict."""
        ...

    def propose(self, work: Work) -> Proposal:
        """A patch for the step, or a refusal with its reason."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Work:
    """What a proposer is given: the step, all that is known, and a copy of the code as it stands now."""

    step: Step
    finding: Finding
    audit: Audit
    plan: Plan
    ledger: Ledger
    copy: checkout.Checkout
    base: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """When to stop: attempts, seconds; `ask` is told of each attempt that passed and says whether to keep it."""

    attempts: int = 40
    seconds: float = 3600.0
    steps: tuple[str, ...] = ()
    """Findings to work on; empty: all of the plan's."""
    speed_seconds: float = 0.0
    """Time for the speed gate of an attempt that passed all others; 0 leaves it out."""
    ask: Callable[[Attempt], str | None] = field(default=lambda passed: None)
    """None: keep it; else why not."""
    later: bool = False
    """Stop at the first attempt that passed, for a person to accept it or not."""


def optimize(
    target: Target, audit: Audit, plan: Plan, proposer: Proposer, limits: Limits, *, say: Callable[[str], None]
) -> Optimized:
    """Work through the plan from the newest kept commit on; the user's working tree and branches stay as they are."""
    with ExitStack() as stack:
        stack.enter_context(run_folder.lock(target.home))
        for line in [*run_folder.clean_leftovers(target.home), *clones.clean_leftovers(target.home)]:
            say(line)
        checkout.sweep(target.home)
        recording.sweep(target.home)
        head = checkout.revision(target.root, "HEAD")
        if not commits.is_clean(target.root):
            say("the working tree has changes that are not committed; HEAD is worked on, without them")
        ledger = stack.enter_context(opened(target.home))
        for lost in ledger.settle():
            say(f"attempt {lost.number} was lost when the tool was killed; it is tried again")
        base = _resumed(target, head, ledger.attempts(), say)
        kept = list(_Loop(target, audit, plan, proposer, limits, ledger, say).kept(base))
        last = kept[-1].commit if kept and kept[-1].commit else base
        if checkout.revision(target.root, "HEAD") != head:
            say("HEAD has moved meanwhile: the analysis is of the old one; audit again before the kept steps are used")
        store.forget_kept(target.home)
        after = _compared(target, head, last, say) if last != head else ()
        done = Optimized(base=head, result=last, after=after, attempts=tuple(ledger.attempts()))
        store.write_optimized(target.home, done)
        return done


@dataclass(slots=True)
class _Loop:
    """The turns of one run."""

    target: Target
    audit: Audit
    plan: Plan
    proposer: Proposer
    limits: Limits
    ledger: Ledger
    say: Callable[[str], None]
    made: int = 0
    deadline: float = 0.0

    def kept(self, base: str) -> Iterator[Attempt]:
        """The attempts that were kept, in order, from the commit `base` on."""
        self.deadline = time.monotonic() + self.limits.seconds
        for step, finding in _steps(self.audit, self.plan, self.limits):
            if _settled(self.ledger.attempts(), finding, base, self.proposer):
                continue
            for _ in range(self.proposer.tries):
                if self.made >= self.limits.attempts or time.monotonic() > self.deadline:
                    self.say("the budget of attempts or minutes is spent; run it again to go on")
                    return
                found, refused = self._turn(step, finding, base)
                if self.limits.later and found.passed:
                    self.say(f"attempt {found.number} passed: subsecond accept {found.number}, then run this again")
                    return
                if found.outcome == "kept" and found.commit:
                    yield found
                    base = found.commit
                if found.outcome == "kept" or refused:
                    break

    def _turn(self, step: Step, finding: Finding, base: str) -> tuple[Attempt, bool]:
        """One attempt, and whether the proposer itself had nothing to propose."""
        self.made += 1
        self.say(f"{step.id} {step.kind} at {step.file}:{step.line}")
        with checkout.checkout(self.target, base, self.target.copy) as copy:
            work = Work(
                step=step, finding=finding, audit=self.audit, plan=self.plan, ledger=self.ledger, copy=copy, base=base
            )
            proposal = self.proposer.propose(work)
        found = attempt(self.target, base, proposal, self.ledger, speed_seconds=self.limits.speed_seconds, say=self.say)
        if found.outcome == "kept" and self.limits.later:
            found = self.ledger.end(replace(found, outcome="reverted", why="it passed; a person has not accepted it"))
        elif found.outcome == "kept" and (why := self.limits.ask(found)) is not None:
            found = self.ledger.end(replace(found, outcome="reverted", why=f"rejected by a person: {why}"))
        if found.passed:
            folder = store.folder(self.target.home) / "attempts" / f"{found.number:03}"
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            store.write(folder / "summary.md", [summary(found, finding)])
        self.say(f"attempt {found.number}: {found.outcome}: {found.why}")
        return found, proposal.patch is None


def _steps(audit: Audit, plan: Plan, limits: Limits) -> Iterator[tuple[Step, Finding]]:
    findings = {one.id: one for one in audit.findings}
    for step in plan.steps:
        if (not limits.steps or step.finding in limits.steps) and step.finding in findings:
            yield step, findings[step.finding]


def _resumed(target: Target, head: str, attempts: Sequence[Attempt], say: Callable[[str], None]) -> str:
    """The commit to go on from: the newest kept one that grew on the present HEAD, else HEAD."""
    base = head
    for one in attempts:
        if one.outcome == "kept" and one.base == base and one.commit:
            base = one.commit
    if base != head:
        say("going on from what was kept before")
    elif any(one.outcome == "kept" for one in attempts):
        say("HEAD is another commit than the kept attempts grew on: beginning anew from HEAD")
    return base


def _settled(attempts: Sequence[Attempt], finding: Finding, base: str, proposer: Proposer) -> bool:
    """Whether this finding was kept already, or refused by the same code before."""
    own = [one for one in attempts if one.finding == finding.id and one.kind == finding.kind]
    return any(one.outcome == "kept" for one in own) or (
        proposer.tries == 1 and any(one.base == base and one.outcome in ("refused", "reverted") for one in own)
    )


def _compared(target: Target, head: str, last: str, say: Callable[[str], None]) -> tuple[After, ...]:
    """The first and the last commit side by side, each on an arm of its own, in turns."""
    say("measuring before and after, side by side")
    found = []
    with (
        checkout.checkout(target, head, target.copy) as before,
        checkout.checkout(target, last, target.copy) as after,
        ExitStack() as stack,
    ):
        sides = Sides(before, after, stack, say)
        for spec in sides.requests:
            runs: dict[Side, list[float]] = {"base": [], "candidate": []}
            counts: dict[Side, dict[str, int]] = {}
            for number in range(TIMED_RUNS + 1):
                for side in ORDERS[number % 2]:
                    answer = sides.ask(side, spec, counted=True)
                    if isinstance(answer, RequestFailed):
                        raise SubsecondError("request-failed", f"{side}, {spec.name}: {answer.why}")
                    counts[side] = answer.counts or {}
                    if number:  # the first run of each pays for what a process remembers
                        runs[side].append(answer.seconds)
            found.append(After.of(spec.name, runs["base"], runs["candidate"], counts["base"], counts["candidate"]))
        try:
            recording.record(sides.ground("candidate"), sides.seen, say=say)
        except SubsecondError as problem:  # it is for the report only, which does without
            say(f"what was kept could not be recorded: {problem.message}")
    return tuple(found)
