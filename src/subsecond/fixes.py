"""Our fixers as a proposer of the revert cycle, like any assistant; and one fix alone, proven before it is written."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from subsecond import store
from subsecond.attempts import Proposal, attempt
from subsecond.errors import SubsecondError
from subsecond.fix.fixer import Code
from subsecond.fix.stage import Fixed, fix
from subsecond.harness import checkout, commits, run_folder
from subsecond.ledger.book import opened
from subsecond.model.attempt import Attempt
from subsecond.model.audit import Audit
from subsecond.model.finding import Finding
from subsecond.model.target import Target
from subsecond.optimize import Work
from subsecond.promise import promise
from subsecond.target import alerts_of


class Fixers:
    """Asks the fixers of the finding's kind; the same code would get the same patch, so once."""

    tries = 1

    def propose(self, work: Work) -> Proposal:
        """The first patch that a fixer drafts, or all their reasons against it."""
        target = work.copy.target
        found = drafted(work.finding, work.audit, target.root, home=target.home, tree=work.copy.tree)
        return proposal(work.finding, found, work.step.id)


def drafted(finding: Finding, audit: Audit, root: Path, *, home: Path, tree: Path) -> Fixed:
    """The patch for the code below `root`, as a diff from `tree`; `home` holds the last audit's files."""
    prefix = "" if root == tree else f"{root.relative_to(tree)}/"
    return fix(finding, audit, Code(root, store.read_entities(home), alerts_of(home)), prefix)


def proposal(finding: Finding, found: Fixed, step: str) -> Proposal:
    """A drafted patch as the revert cycle takes it."""
    return Proposal(
        step=step,
        finding=finding.id,
        key=finding.key,
        kind=finding.kind,
        proposer=f"fixer {found.fixer}".strip(),
        patch=found.patch,
        requests=finding.requests,
        refusal=found.refusal,
        summary=found.draft.summary if found.draft else "",
        promised=promise(finding, found.draft.promised if found.draft else None),
    )


def applied(target: Target, finding: Finding, found: Fixed, say: Callable[[str], None]) -> Attempt:
    """Put a drafted patch through all gates on HEAD, and write it to the working tree where it passed.

    Raises SubsecondError where files that it edits have changes that are not committed: they would be judged without.
    """
    assert found.draft is not None
    top = checkout.top_level(target.root)
    head = checkout.revision(target.root, "HEAD")
    for file in found.draft.files:
        path = target.root / file
        now = path.read_text(encoding="utf-8") if path.exists() else None
        if now != commits.text_at(target.root, head, str(path.relative_to(top))):
            raise SubsecondError("not-clean", f"{file} has changes that are not committed; commit or stash them")
    with run_folder.lock(target.home), opened(target.home) as ledger:
        checkout.sweep(target.home)
        own = proposal(finding, found, finding.id)  # made of the user's own code by ours: it is trusted
        done = attempt(target, head, own, ledger, trust_patch=True, say=say)
    if done.outcome == "kept":
        for file, text in found.draft.files.items():
            path = target.root / file
            if text is None:
                path.unlink()
                continue
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
    return done
