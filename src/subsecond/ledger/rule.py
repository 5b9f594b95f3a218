"""What a rule is, the registry of them, and checking a change against constraints."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import ClassVar, Protocol

from subsecond.errors import SubsecondError
from subsecond.model.constraint import Change, Constraint
from subsecond.registry import Registry

Parameters = Mapping[str, "str | list[str]"]


class Rule(Protocol):
    """A predicate over a change. Its name is its file's name."""

    phrases: ClassVar[tuple[str, ...]]
    """Regular expressions with named groups: how a person may state it (`subsecond constrain "…"`)."""

    def parameters(self, groups: Mapping[str, str]) -> dict[str, str | list[str]]:
        """The parameters that a phrase's groups give."""
        ...

    def text(self, parameters: Parameters) -> str:
        """The rule for a reader, in one line."""
        ...

    def broken(self, parameters: Parameters, change: Change) -> str | None:
        """Where the change breaks it (`file:line what`), None where it does not."""
        ...


rule: Registry[type[Rule]] = Registry("subsecond.ledger.rules")


def broken_by(change: Change, constraints: Iterable[Constraint]) -> list[tuple[Constraint, str]]:
    """The constraints that a change breaks, each with the place."""
    found = []
    for one in constraints:
        where = rule_of(one.rule)().broken(one.parameters, change)
        if where is not None:
            found.append((one, where))
    return found


def rule_of(name: str) -> type[Rule]:
    """The rule of this name. Raises SubsecondError for one that this version does not have."""
    known = rule.items()
    if name not in known:
        raise SubsecondError("unknown-rule", f'no rule "{name}"; known: {", ".join(known)}')
    return known[name]


def texts(value: str | list[str] | None) -> list[str]:
    """A parameter as a list."""
    if value is None:
        return []
    return [value] if isinstance(value, str) else value
