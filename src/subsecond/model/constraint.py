"""A constraint: what a failed attempt taught, or a person states. Checked before the next attempt runs."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True, kw_only=True)
class Constraint:
    """`rule` names a file in `ledger/rules/`, `parameters` are its own; `text` is the rule for a reader."""

    rule: str
    parameters: dict[str, str | list[str]] = field(default_factory=dict)
    text: str
    because: str
    """The attempt that taught it, with its first error; or the person's own words."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """A patch as rules look at it: each file's text before and after, None where it is not there."""

    files: dict[str, tuple[str | None, str | None]]

    @property
    def paths(self) -> list[str]:
        return sorted(self.files)
