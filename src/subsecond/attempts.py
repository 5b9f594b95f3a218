"""One turn of the revert cycle: a patch is tried alone on top of what was kept, kept or reverted, and remembered."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace

from subsecond.errors import SubsecondError
from subsecond.harness import checkout, commits, sandbox, untouched
from subsecond.harness.scout import Scouted
from subsecond.ledger import hunks
from subsecond.ledger.book import Ledger
from subsecond.ledger.learn import lesson
from subsecond.ledger.rule import broken_by
from subsecond.model.attempt import Attempt
from subsecond.model.constraint import Change, Constraint
from subsecond.model.promise import Promise
from subsecond.model.proof import GateVerdict, Proof
from subsecond.model.target import Target
from subsecond.prove.gate import SPEED_SECONDS, Case
from subsecond.prove.stage import prove

SECONDS_ONLY = 5 * SPEED_SECONDS
"""For the speed gate where a step has nothing else to show: of no verdict nothing is kept."""
ISOLATION_RUNS = 16
ISOLATION_SECONDS = 300.0
_JUDGING = (
    "tests", "*/tests/*", "test", "*/test/*", "test_*.py", "*/test_*.py", "*_test.py", "conftest.py", "*/conftest.py",
    "pytest.ini", "*/pytest.ini", "tox.ini", "*/tox.ini", "subsecond.toml", "*/subsecond.toml",
    "subsecond-constraints.toml", "*/subsecond-constraints.toml", ".subsecond", "*/.subsecond/*", "*.http",
    "sitecustomize.py", "*/sitecustomize.py", "usercustomize.py", "*/usercustomize.py", "*.pth",
)  # fmt: skip
"""What says how a patch is judged: tests, requests, configuration, what was recorded, and the recorder's way in."""


def judges(target: Target) -> Constraint:
    """The constraint that every patch is under: it does not choose what it is judged by."""
    top = checkout.top_level(target.root).resolve()
    named = [path.resolve() for path in (*target.requests, *(target.root / one for one in target.copy))]
    own = [path.relative_to(top).as_posix() for path in named if path.is_relative_to(top)]
    return Constraint(
        rule="untouched",
        parameters={"paths": [*_JUDGING, *own], "tables": ["tool.subsecond", "tool.pytest"]},
        text="tests, requests and the gates' configuration stay as they are",
        because="a patch does not choose what it is judged by",
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Proposal:
    """A patch for a step, whoever wrote it. `patch` None: the proposer refused, and `refusal` says why."""

    step: str
    finding: str
    kind: str
    proposer: str
    patch: str | None
    key: str = ""
    """The finding's, by which an attempt is known over audits."""
    refusal: str = ""
    summary: str = ""
    requests: tuple[str, ...] = ()
    """What the change is about: others are compared themselves, with no request near them; empty: all of them."""
    promised: Promise = field(default_factory=Promise)
    """What has to be seen of it; nothing: it is kept where it does no harm."""


def attempt(
    target: Target, base: str, proposal: Proposal, ledger: Ledger, *, gates: Sequence[str] = (),
    speed_seconds: float | None = None, trust_patch: bool = False, scouted: Scouted | None = None,
    say: Callable[[str], None],
) -> Attempt:  # fmt: skip
    """Try one proposal on the commit `base` -> the attempt, written down. The caller holds the project's lock.

    `speed_seconds`: time for the speed gate, asked last; None: only where seconds are all that is promised, for
    SECONDS_ONLY. The patch runs in a sandbox unless `trust_patch`; what it then wrote outside its copy is
    found afterwards. `scouted`: what the user's own code connects to; None: `base` is the user's own, run to see it.
    """
    if not trust_patch:
        sandbox.require()
    begun = ledger.begin(
        Attempt(
            number=0, step=proposal.step, finding=proposal.finding, kind=proposal.kind, proposer=proposal.proposer,
            base=base, patch=proposal.patch or "", key=proposal.key,
            promised=proposal.promised,
        )
    )  # fmt: skip
    if proposal.patch is None:
        return ledger.end(replace(begun, outcome="refused", why=proposal.refusal))
    try:
        commit = commits.committed(target.root, base, proposal.patch, proposal.summary or f"{proposal.kind}")
    except commits.DoesNotApplyError as problem:
        return ledger.end(replace(begun, outcome="refused", why=f"the patch does not apply: {problem.message}"))
    begun = replace(begun, commit=commit)
    constraints = ledger.constraints()
    broken = broken_by(change(target, base, commit), [judges(target), *constraints])
    if broken:
        first, where = broken[0]
        return ledger.end(replace(begun, outcome="refused", why=f"{where}; constraint: {first.text} ({first.because})"))
    if speed_seconds is None and proposal.promised.faster:
        speed_seconds = SECONDS_ONLY
    turn = _Turn(target, base, proposal, speed_seconds or 0.0, trust_patch, scouted, say)
    marked = untouched.marks(target) if trust_patch else {}
    proof = turn.proof(commit, constraints, gates)
    done = replace(begun, gates=proof.gates)
    if trust_patch and (changed := untouched.changed(marked, untouched.marks(target))):
        commits.remember(target.root, f"reverted/{begun.number}", commit)
        return ledger.end(replace(done, outcome="reverted", why=untouched.told(changed)))
    if proof.verdict == "passed":
        commits.remember(target.root, f"kept/{begun.number}", commit)
        return ledger.end(replace(done, outcome="kept", why=_telling(proof)))
    last = proof.gates[-1]
    commits.remember(target.root, f"reverted/{begun.number}", commit)
    # one run of the speed gate takes as long as all runs of a search may
    searched = last.verdict == "failed" and not last.unmet and last.gate != "speed"
    culprit = turn.culprit(commit, last) if searched else commit
    if culprit != commit:
        done = replace(done, culprit=commits.difference(target.root, base, culprit, context=0))
    learnt = lesson(done, change(target, base, culprit))
    if learnt is not None and ledger.constrain(learnt):
        say(f"learnt: {learnt.text}")
    return ledger.end(replace(done, outcome="reverted", why=f"{last.gate}: {last.verdict}: {last.why}"))


def _telling(proof: Proof) -> str:
    """What the gates saw of the gain, else of the last that passed."""
    passed = {one.gate: one.why for one in proof.gates if one.verdict == "passed"}
    return passed.get("speed") or passed.get("budget") or next(reversed(passed.values()), "")


def change(target: Target, base: str, commit: str) -> Change:
    """The files that differ between two commits, as rules look at them."""
    paths = commits.changed_paths(target.root, base, commit)
    texts = {path: tuple(commits.text_at(target.root, one, path) for one in (base, commit)) for path in paths}
    return Change(files={path: (before, after) for path, (before, after) in texts.items()})


@dataclass(frozen=True, slots=True)
class _Turn:
    target: Target
    base: str
    proposal: Proposal
    speed_seconds: float
    trust_patch: bool
    scouted: Scouted | None
    say: Callable[[str], None]

    def proof(self, commit: str, constraints: Sequence[Constraint], gates: Sequence[str], quiet: bool = False) -> Proof:
        """What the gates say of a commit."""
        first = tuple(
            (str(one.parameters["parameter"]), str(one.parameters["value"]))
            for one in constraints
            if one.rule == "same-answer"
        )
        with (
            checkout.checkout(self.target, self.base, self.target.copy, confined=not self.trust_patch) as before,
            checkout.checkout(self.target, commit, self.target.copy, confined=not self.trust_patch) as after,
            Case(
                base=before, candidate=after, about=self.proposal.requests, promised=self.proposal.promised.counts,
                faster=self.proposal.promised.faster, speed_seconds=self.speed_seconds,
                first=first, scouted=self.scouted, say=_nobody if quiet else self.say,
            ) as case,
        ):  # fmt: skip
            return prove(case, gates, () if self.speed_seconds else ("speed",))

    def culprit(self, commit: str, failed: GateVerdict) -> str:
        """The commit of the smallest part that fails as the whole did; the whole where it has but one part."""
        parts = hunks.split(commits.difference(self.target.root, self.base, commit, context=0))
        if len(parts) < 2:
            return commit
        self.say(f"the change has {len(parts)} parts; looking for the one that fails")
        deadline, runs = time.monotonic() + ISOLATION_SECONDS, 0
        known: dict[str, str] = {}

        def fails(some: Sequence[hunks.Hunk]) -> bool | None:
            nonlocal runs
            runs += 1
            if runs > ISOLATION_RUNS or time.monotonic() > deadline:
                return None
            text = hunks.join(some)
            try:
                known[text] = commits.committed(self.target.root, self.base, text, "a part")
                proof = self.proof(known[text], (), (failed.gate,), quiet=True)
            except SubsecondError:
                return None
            [found] = proof.gates
            return fails_alike(found, failed)

        smallest = hunks.smallest(parts, fails)
        if len(smallest) == len(parts):
            self.say(f"no part alone fails the gate {failed.gate}")
            return commit
        self.say(f"this alone fails the gate {failed.gate}: {', '.join(map(str, smallest))}")
        return known.get(hunks.join(smallest), commit)


def fails_alike(part: GateVerdict, whole: GateVerdict) -> bool | None:
    """Whether a part of a change fails as the whole did; None where it fails in a way of its own.

    Half a change may break otherwise, and an import alone saves none of what the whole promised.
    """
    if part.verdict == "failed" and (part.unmet or _sort(part) != _sort(whole)):
        return None
    return part.verdict == "failed"


def _sort(failed: GateVerdict) -> str:
    """What sort of failure it is: of a crash the error's name."""
    return failed.why.partition(":")[0] if failed.gate in ("import", "boot") else failed.gate


def _nobody(line: str) -> None:
    pass
