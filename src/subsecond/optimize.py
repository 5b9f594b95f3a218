"""The whole loop: plan steps one by one through the revert cycle, each on top of what was kept before it."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from pathlib import PurePath
from typing import Protocol

from subsecond import kept as recording
from subsecond import store
from subsecond.attempts import Proposal, attempt
from subsecond.before_after import compared
from subsecond.errors import SubsecondError
from subsecond.fix.stage import mended
from subsecond.harness import checkout, clones, commits, run_folder, sandbox
from subsecond.harness.scout import Scouted, scout
from subsecond.harness.session import looked_up
from subsecond.ledger.book import Ledger, opened
from subsecond.model.attempt import Attempt
from subsecond.model.audit import Audit
from subsecond.model.finding import Finding
from subsecond.model.optimized import After, Optimized
from subsecond.model.plan import Plan, Step
from subsecond.model.target import Target
from subsecond.plan.remaining import remaining
from subsecond.plan.stage import plan as planned
from subsecond.promise import spent, too_little
from subsecond.report.summary import summary
from subsecond.workflow import Review, review

_OURS = ("subsecond.toml", "subsecond-constraints.toml", ".gitignore")
_NO_CODE = (".http", ".md", ".rst")
_GROUND = ("import", "boot")
"""Without their verdict it is nearly always the ground that is at fault, for every patch: the base does not start,
another copy is imported, the disk is full. Stopped, a run goes on where it was."""
TRIES_A_STEP = 3
"""An assistant gets the verdict and another chance; the case study's own took as many for its hardest step."""


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
    """When to stop: attempts with a patch, seconds; `ask` is told of each attempt that passed and says whether to keep
    it."""

    attempts: int = 40
    seconds: float = 3600.0
    steps: tuple[str, ...] = ()
    """Findings to work on; empty: all of the plan's."""
    phases: tuple[int, ...] = ()
    """Phases to work on; empty: all."""
    speed_seconds: float | None = None
    """Time for the speed gate of each attempt; None: of those alone of which seconds are all that is to be seen."""
    ask: Callable[[Attempt], str | None] = field(default=lambda passed: None)
    """None: keep it; else why not."""
    later: bool = False
    """Stop at the first attempt that passed, for a person to accept it or not."""


def optimize(
    target: Target, audit: Audit, plan: Plan, proposer: Proposer, limits: Limits, *, trust_patch: bool = False,
    say: Callable[[str], None],
) -> Optimized:  # fmt: skip
    """Work through the plan from the newest kept commit on; the user's working tree and branches stay as they are.

    Patches run in a sandbox; `trust_patch`: with the user's rights. Raises SubsecondError where no sandbox can be had.
    """
    checkout.top_level(target.root)  # without a repository there is no base: told before anything else
    if not trust_patch:
        sandbox.require()
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
        loop = _Loop(target, audit, plan, proposer, limits, ledger, trust_patch, head, say)
        last = loop.worked(_resumed(target, head, ledger.attempts(), say))
        store.forget_kept(target.home)
        after = loop.compared(last) if last != loop.head else ()
        done = Optimized(base=loop.head, result=last, after=after, attempts=tuple(ledger.attempts()))
        store.write_optimized(target.home, done)
        return done


@dataclass(slots=True)
class _Loop:
    """The turns of one run. `audit` and `plan` are of the commit that is worked on: each kept step makes them anew."""

    target: Target
    audit: Audit
    plan: Plan
    proposer: Proposer
    limits: Limits
    ledger: Ledger
    trust_patch: bool
    head: str
    """The user's own commit that all of it stands on."""
    say: Callable[[str], None]
    made: int = 0
    deadline: float = 0.0
    _scouted: Scouted | None = None

    @property
    def scouted(self) -> Scouted:
        """What the user's own code connects to: only that is ever run outside a sandbox, on their own data."""
        if self._scouted is None:
            with checkout.checkout(self.target, self.head, self.target.copy) as own:
                self._scouted = scout(looked_up(own.target))
        return self._scouted

    def worked(self, base: str) -> str:
        """Try the steps that are left from the commit `base` on, until none is or the budget is spent -> the last kept
        commit, `base` where none was kept."""
        self.deadline = time.monotonic() + self.limits.seconds
        if self._stale():
            self._analysed_anew(self.head, f"the last audit is not of HEAD ({self.head[:10]}): it is stale, redone")
        left = list(_steps(self.audit, self.plan, self.limits))
        if base != self.head:
            left = self._rest(left, base)
        refused: list[tuple[Step, Finding]] = []  # what a fixer could not do then, it may on other code
        while left:
            step, finding = left.pop(0)
            if _settled(self.target, self.ledger.attempts(), finding, base, self.proposer):
                continue
            if why := "no count of it can fall" if spent(finding) else too_little(finding, self.audit.requests):
                self.say(f"{step.id} {step.kind} at {step.file}:{step.line} is left out: {why}")
                continue
            kept, goes_on = self._tried(step, finding, base)
            if kept is None and self._was_refused(finding):
                refused.append((step, finding))
            moved = checkout.revision(self.target.root, "HEAD")
            if moved != self.head:
                base = self._moved(moved)
                left = list(_steps(self.audit, self.plan, self.limits))
                refused.clear()
            elif kept is not None:
                base = kept
                left = self._rest([*refused, *left], base) if (refused or left) and goes_on else left
                refused.clear()
            if not goes_on:
                break
        return base

    def _was_refused(self, finding: Finding) -> bool:
        """Whether the last attempt was on it, and a precondition of a fixer did not hold."""
        last = self.ledger.attempts()[-1:]
        ours = self.proposer.tries == 1 and mended(finding.kind)
        return ours and any(one.outcome == "refused" and one.key == finding.key for one in last)

    def compared(self, last: str) -> tuple[After, ...]:
        """The user's own commit and the last kept one, measured side by side."""
        return compared(
            self.target, self.head, last, scouted=self.scouted, trust_patch=self.trust_patch, say=self.say
        )  # fmt: skip

    def _stale(self) -> bool:
        """Whether the last audit says that it is of another commit than HEAD, and more than what says how to audit
        (configuration, requests) or what only people read has changed since."""
        seen = store.read_surroundings(self.target.home)
        if seen is None or seen.revision is None or seen.revision == self.head:
            return False
        try:
            changed = commits.changed_paths(self.target.root, seen.revision, self.head)
        except SubsecondError:  # that commit is gone
            return True
        return any(PurePath(path).name not in _OURS and PurePath(path).suffix not in _NO_CODE for path in changed)

    def _moved(self, head: str) -> str:
        """The user has committed meanwhile: all begins again on what they have now."""
        why = f"HEAD has moved from {self.head[:10]} to {head[:10]}: the analysis is stale, redone on the new one"
        self.head, self._scouted = head, None
        self._analysed_anew(head, why)
        return head

    def _analysed_anew(self, commit: str, why: str) -> None:
        self.say(f"{why}, without trials; audit again for those")
        found = self._reviewed(commit)
        names = {result.name for result in found.results}
        known = [(step, one) for step, one in _steps(self.audit, self.plan, Limits())]
        rest = remaining(known, self.audit.findings, found.findings, unseen=found.unseen, looked=names)
        findings = (*(finding for _, finding in rest.steps), *rest.new)
        self.audit = Audit(requests=found.results, findings=findings, notes=self.audit.notes)
        self.plan = planned(self.audit, None, self.plan.goal_seconds)

    def _rest(self, left: Sequence[tuple[Step, Finding]], base: str) -> list[tuple[Step, Finding]]:
        """The steps that are left, as they stand on a commit with kept changes."""
        try:
            found = self._reviewed(base)
        except SubsecondError as problem:  # the gates have passed it; without an analysis the old one goes on
            self.say(f"what was kept could not be analysed: {problem.message}")
            return list(left)
        names = {result.name for result in found.results}
        rest = remaining(left, self.audit.findings, found.findings, unseen=found.unseen, looked=names)
        for step in rest.gone:
            where = f"{step.kind} at {step.file}:{step.line}"
            self.say(f"{step.id} {where} is dropped: on what was kept no count of it can fall")
        if rest.new:
            kinds = ", ".join(sorted({one.kind for one in rest.new}))
            new = f"{len(rest.new)} findings are new on what was kept ({kinds})"
            self.say(f"{new}: with --apply it goes on your branch, and the next audit has them")
        now = {finding.id: finding for _, finding in rest.steps}
        findings = tuple(now.get(one.id, one) for one in self.audit.findings)
        self.audit = replace(self.audit, requests=found.results, findings=findings)
        return list(rest.steps)

    def _reviewed(self, commit: str) -> Review:
        confined = not self.trust_patch and commit != self.head
        with checkout.checkout(self.target, commit, self.target.copy, confined=confined) as copy:
            ground = looked_up(copy.target)
            if confined:
                ground = replace(ground, target=sandbox.widened(ground.target, ways=self.scouted.services))
            return review(ground, self.scouted.databases, say=self.say)

    def _tried(self, step: Step, finding: Finding, base: str) -> tuple[str | None, bool]:
        """A step's attempts -> the commit that was kept, and whether there is more to do."""
        for _ in range(self.proposer.tries):
            if self.made >= self.limits.attempts or time.monotonic() > self.deadline:
                self.say("the budget of attempts or minutes is spent; run it again to go on")
                return None, False
            found, refused = self._turn(step, finding, base)
            if self.limits.later and found.passed:
                self.say(f"attempt {found.number} passed: subsecond accept {found.number}, then run this again")
                return None, False
            if found.outcome == "kept" and found.commit:
                return found.commit, True
            if found.undecided and found.gates[-1].gate in _GROUND:
                self.say(f"stopped: no patch can be judged here ({found.gates[-1].gate}); mend that, then run it again")
                return None, False
            if refused or found.undecided:  # no other patch would help a gate that cannot judge
                break
        return None, True

    def _turn(self, step: Step, finding: Finding, base: str) -> tuple[Attempt, bool]:
        """One attempt, and whether the proposer itself had nothing to propose."""
        self.say(f"{step.id} {step.kind} at {step.file}:{step.line}")
        with checkout.checkout(self.target, base, self.target.copy) as copy:
            work = Work(
                step=step, finding=finding, audit=self.audit, plan=self.plan, ledger=self.ledger, copy=copy, base=base
            )
            proposal = self.proposer.propose(work)
        self.made += proposal.patch is not None  # what is refused takes no gate, and so nothing of the budget
        found = attempt(
            self.target, base, proposal, self.ledger, speed_seconds=self.limits.speed_seconds,
            trust_patch=self.trust_patch, scouted=self.scouted if proposal.patch is not None else None, say=self.say,
        )  # fmt: skip
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
        named = not limits.steps or step.finding in limits.steps
        if named and (not limits.phases or step.phase in limits.phases) and step.finding in findings:
            yield step, findings[step.finding]


def _resumed(target: Target, head: str, attempts: Sequence[Attempt], say: Callable[[str], None]) -> str:
    """The commit to go on from: the newest kept one that grew on the present HEAD, else HEAD."""
    base = head
    for one in attempts:
        if one.outcome == "kept" and one.base == base and one.commit:
            base = one.commit
    if base != head:
        say("going on from what was kept before")
    elif any(one.outcome == "kept" and not _stands(target, one, head) for one in attempts):
        say("HEAD is another commit than the kept attempts grew on: beginning anew from HEAD")
    return base


def _stands(target: Target, kept: Attempt, base: str) -> bool:
    """Whether a kept attempt is part of what a commit holds."""
    return kept.commit is not None and commits.contains(target.root, base, kept.commit)


def _settled(target: Target, attempts: Sequence[Attempt], finding: Finding, base: str, proposer: Proposer) -> bool:
    """Whether this finding was kept already, or refused by the same code before.

    What got no verdict (a full disk, a service that was down) is worth another try.
    """
    own = [one for one in attempts if one.key == finding.key]
    judged = [one for one in own if one.base == base and not one.undecided]
    return any(one.outcome == "kept" and _stands(target, one, base) for one in own) or (
        proposer.tries == 1 and any(one.outcome in ("refused", "reverted") for one in judged)
    )
