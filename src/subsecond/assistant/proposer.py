"""A coding agent behind the same interface as our fixers: it gets a prompt and a folder, its edits are the patch."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from subsecond import store
from subsecond.assistant.external import ask
from subsecond.assistant.playbook import Known, next_prompt, prompt
from subsecond.attempts import Proposal
from subsecond.optimize import TRIES_A_STEP, Work
from subsecond.promise import promise

ATTEMPTS = "attempts"


@dataclass(frozen=True, slots=True, kw_only=True)
class Assistant:
    """`words`: its command, with `{prompt_file}`; `seconds`: how long one call may take; `passed`: its variables."""

    words: list[str]
    seconds: float
    passed: Mapping[str, str]
    tries: int = TRIES_A_STEP

    def propose(self, work: Work) -> Proposal:
        """What the assistant edits in the copy, given the prompt that fits how far the step is."""
        attempts = work.ledger.attempts()
        known = Known(
            audit=work.audit, plan=work.plan, step=work.step, constraints=tuple(work.ledger.constraints()),
            attempts=tuple(attempts), entities=store.read_entities(self._home(work)),
        )  # fmt: skip
        name = next_prompt(attempts, work.finding)
        text = prompt(name, known)
        outcome = ask(self.words, text, work.copy, self.seconds, self.passed)
        self._keep(work, len(attempts) + 1, text, outcome.transcript)
        refusal = outcome.failure or ("" if outcome.patch else "the assistant changed nothing")
        return Proposal(
            step=work.step.id,
            finding=work.finding.id,
            key=work.finding.key,
            kind=work.finding.kind,
            proposer=f"assistant ({name})",
            patch=None if refusal else outcome.patch,
            refusal=refusal,
            summary=f"{work.finding.kind}: {work.finding.title}",
            promised=promise(work.finding),
        )

    def _home(self, work: Work) -> Path:
        """The user's project, where the audit and the ledger are."""
        assert work.copy.target.judged_for is not None
        return work.copy.target.judged_for

    def _keep(self, work: Work, number: int, text: str, transcript: str) -> None:
        folder = store.folder(self._home(work)) / ATTEMPTS / f"{number:03}"
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        store.write(folder / "prompt.md", [text])
        store.write(folder / "transcript.txt", [transcript])


def environment(names: tuple[str, ...], ours: Mapping[str, str]) -> dict[str, str]:
    """Variables that the user lets through to the assistant (`--pass-env API_KEY`)."""
    missing = [name for name in names if name not in ours]
    if missing:
        print(f"subsecond: --pass-env {missing[0]} is not set", file=sys.stderr)
    return {name: ours[name] for name in names if name in ours}
