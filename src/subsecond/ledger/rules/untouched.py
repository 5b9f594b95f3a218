from __future__ import annotations

from collections.abc import Mapping
from fnmatch import fnmatch
from typing import ClassVar

from subsecond.ledger.rule import Parameters, rule, texts
from subsecond.model.constraint import Change


@rule
class Untouched:
    """Files that a change leaves alone: what it is judged by, what belongs to others."""

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
        return None
