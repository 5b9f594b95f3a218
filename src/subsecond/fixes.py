"""Our fixers as a proposer of the revert cycle, like any assistant."""

from __future__ import annotations

from subsecond import store
from subsecond.attempts import Proposal
from subsecond.fix.fixer import Code
from subsecond.fix.stage import fix
from subsecond.optimize import Work


class Fixers:
    """Asks the fixers of the finding's kind; the same code would get the same patch, so once."""

    tries = 1

    def propose(self, work: Work) -> Proposal:
        """The first patch that a fixer drafts, or all their reasons against it."""
        target = work.copy.target
        prefix = target.root.relative_to(work.copy.tree)
        code = Code(target.root, store.read_entities(target.home))
        found = fix(work.finding, work.audit, code, "" if str(prefix) == "." else f"{prefix}/")
        return Proposal(
            step=work.step.id,
            finding=work.finding.id,
            kind=work.finding.kind,
            proposer=f"fixer {found.fixer}".strip(),
            patch=found.patch,
            refusal=found.refusal,
            summary=found.draft.summary if found.draft else "",
            promised=found.draft.promised if found.draft else {},
        )
