from __future__ import annotations

from pathlib import Path
from typing import ClassVar

from subsecond import durations
from subsecond.harness.checkout import Checkout
from subsecond.harness.environment import probe
from subsecond.harness.import_probe import Imported, import_app
from subsecond.harness.server import choose
from subsecond.model.proof import GateVerdict
from subsecond.model.target import Target
from subsecond.prove.gate import Case, gate, verdict

LONGEST_SECONDS = 60.0
"""An import that takes longer is one that waits for something."""


@gate
class ImportGate:
    """The app is imported in a child, patched as its production server patches it, before a deadline.

    Gives the verdict of a boot in about a second in the cases where it fails at import (reference: fixing and
    proving, section 7). Each module's file is looked at: one that comes from outside the candidate's copy, by an
    editable install or an absolute path, means that other code was judged, so there is no verdict.
    """

    name: ClassVar[str] = "import"
    order: ClassVar[int] = 0

    def judge(self, case: Case) -> GateVerdict:
        target = case.candidate.target
        if not target.app:
            return verdict(self.name, "passed", "the target names a start command and no app: the boot gate decides")
        facts = probe(target)
        seconds = min(LONGEST_SECONDS, target.ready_seconds)
        found = import_app(target, facts, choose(target, facts), seconds)
        if (found.hung or found.error) and target.confinement is not None and _fails(case.base.target, seconds):
            why = "the base itself is not imported in the sandbox, which reaches no database: the boot gate decides"
            return verdict(self.name, "not applicable", why)
        if found.hung:
            return verdict(self.name, "failed", f"the import did not end within {durations.text(seconds)}")
        if found.error:
            return verdict(self.name, "failed", f"{found.error}{found.place}", _printed(found))
        if strangers := foreign(found, case.candidate):
            name, file = strangers[0]
            return verdict(
                self.name, "no verdict",
                f"module {name} was loaded from {file}, outside the copy that is judged; install the project without "
                "-e for the proof, or take its folder out of the path",
                [f"{name}: {file}" for name, file in strangers],
            )  # fmt: skip
        return verdict(self.name, "passed", f"{len(own(found, case.candidate))} own modules, all from the copy")


def _fails(target: Target, seconds: float) -> bool:
    """Whether the import of this one fails too."""
    facts = probe(target)
    found = import_app(target, facts, choose(target, facts), seconds)
    return found.hung or found.error is not None


def own(found: Imported, side: Checkout) -> list[str]:
    """Names of the modules whose files lie in the copy."""
    return [name for name, file in found.modules if Path(file).resolve().is_relative_to(side.tree.resolve())]


def foreign(found: Imported, side: Checkout) -> list[tuple[str, str]]:
    """Modules that the copy holds as well but that were loaded from elsewhere."""
    tree = side.tree.resolve()
    bases = [side.target.cwd.resolve(), side.target.root.resolve(), side.target.root.resolve() / "src"]
    strangers = []
    for name, file in found.modules:
        path = Path(file).resolve()
        if path.is_relative_to(tree) or name in ("__main__", "__mp_main__"):
            continue
        below = Path(*name.split("."))
        if any(
            (base / below).with_suffix(".py").is_file() or (base / below / "__init__.py").is_file() for base in bases
        ):
            strangers.append((name, file))
    return strangers


def _printed(found: Imported) -> list[str]:
    return [found.printed] if found.printed else []
