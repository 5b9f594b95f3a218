from __future__ import annotations

import tomllib
from collections.abc import Mapping
from fnmatch import fnmatch
from typing import ClassVar

from subsecond.ledger.rule import Parameters, rule, texts
from subsecond.model.constraint import Change


@rule
class Untouched:
    """Files that a change leaves alone: what it is judged by, what belongs to others.

    `tables`: of a `pyproject.toml` only these (`tool.subsecond`); the rest of that file may change.
    """

    phrases: ClassVar[tuple[str, ...]] = (
        r"(?:do not|don't|never) (?:touch|change|edit) (?P<paths>\S+)",
        r"(?P<paths>\S+) stays? (?:as it is|untouched)",
    )

    def parameters(self, groups: Mapping[str, str]) -> dict[str, str | list[str]]:
        return {"paths": [groups["paths"]]}

    def text(self, parameters: Parameters) -> str:
        return f"{', '.join(texts(parameters['paths']))} stays as it is"

    def broken(self, parameters: Parameters, change: Change) -> str | None:
        for path in change.paths:
            for pattern in texts(parameters["paths"]):
                plain = pattern.rstrip("/")
                if path == plain or path.startswith(f"{plain}/") or fnmatch(path, pattern):
                    return f"{path} is changed"
        for path, (before, after) in change.files.items():
            if path.rpartition("/")[2] == "pyproject.toml":
                for name in texts(parameters.get("tables")):
                    if _table(before, name) != _table(after, name):
                        return f"{path}: [{name}] is changed"
        return None


def _table(text: str | None, name: str) -> object:
    """A table of a TOML file; None where there is none or the text is no TOML."""
    try:
        found: object = tomllib.loads(text or "")
    except (ValueError, RecursionError):
        return None
    for part in name.split("."):
        found = found.get(part) if isinstance(found, dict) else None
    return found
