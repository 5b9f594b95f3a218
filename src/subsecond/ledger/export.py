"""Constraints as `subsecond-constraints.toml`, for the user to commit, and back."""

from __future__ import annotations

import json
import tomllib
from collections.abc import Iterable
from pathlib import Path

from subsecond.errors import SubsecondError
from subsecond.ledger.rule import rule_of
from subsecond.model.constraint import Constraint

FILE = "subsecond-constraints.toml"
_HEAD = "# What attempts on this project have taught, and what was stated: checked before a change is tried.\n"


def text_of(constraints: Iterable[Constraint]) -> str:
    """The file's text."""
    parts = [_HEAD]
    for one in constraints:
        parts.append(f"\n[[constraint]]\n# {' '.join(one.text.split())}\nrule = {json.dumps(one.rule)}")
        parts.append(f"because = {json.dumps(one.because)}")
        parts += [f"parameters.{name} = {json.dumps(value)}" for name, value in sorted(one.parameters.items())]
    return "\n".join(parts) + "\n"


def read(path: Path) -> list[Constraint]:
    """The constraints of a file; none where there is none. Raises SubsecondError where it says something else."""
    if not path.exists():
        return []
    try:
        entries = tomllib.loads(path.read_text(encoding="utf-8")).get("constraint", [])
    except (OSError, ValueError) as problem:
        raise SubsecondError("config-unreadable", f"{path.name}: {problem}") from None
    found = []
    for number, entry in enumerate(entries, 1):
        where = f"{path.name}, constraint {number}"
        if not isinstance(entry, dict) or not isinstance(entry.get("rule"), str):
            raise SubsecondError("config-bad-value", f'{where}: wanted rule = "…"')
        parameters = entry.get("parameters", {})
        try:
            text = rule_of(entry["rule"])().text(parameters)
        except (KeyError, TypeError, AttributeError):
            raise SubsecondError(
                "config-bad-value", f"{where}: its parameters are not those of {entry['rule']}"
            ) from None
        found.append(
            Constraint(rule=entry["rule"], parameters=parameters, text=text, because=str(entry.get("because", "")))
        )
    return found
