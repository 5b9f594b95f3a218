"""What a fixer is, and the registry of them. It edits one place, or says why it does not."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import ClassVar, Protocol

from subsecond.model.audit import Audit
from subsecond.model.entity import Entity
from subsecond.model.finding import Finding
from subsecond.registry import Registry


class RefusedError(Exception):
    """A precondition that does not hold; the message says which, with file:line."""


@dataclass(frozen=True, slots=True)
class Code:
    """The user's code as it stands: `root` is the project's folder in the copy that is worked on.

    `entities`: what the app's mapper held when it was audited; empty where it was not read.
    """

    root: Path
    entities: tuple[Entity, ...] = ()
    alerts: tuple[str, ...] | None = None
    """Texts of log records that a monitor looks for; None: the user has not said."""

    def text(self, file: str) -> str:
        """The text of a file by its path from the project's folder. Raises RefusedError where it cannot be edited."""
        path = self.root / file
        if Path(file).is_absolute() or not path.resolve().is_relative_to(self.root.resolve()):
            raise RefusedError(f"{file} is not the project's own file")
        try:
            return path.read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError) as problem:
            raise RefusedError(f"{file} cannot be read: {problem}") from None


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """A change: new text of each file it edits (None: the file goes), what it does in one line, what it should save."""

    files: Mapping[str, str | None]
    summary: str
    promised: Mapping[str, Mapping[str, int]] = field(default_factory=dict)


class Fixer(Protocol):
    """One rewrite of the catalogue (reference: fixing and proving, section 5). Its docstring says what must hold."""

    kinds: ClassVar[tuple[str, ...]]
    """Kinds of findings that it can mend."""

    def draft(self, finding: Finding, audit: Audit, code: Code) -> Draft:
        """The change for a finding. Raises RefusedError naming the precondition that does not hold."""
        ...


fixer: Registry[type[Fixer]] = Registry("subsecond.fix.fixers")
