from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

from subsecond.ledger.rule import Parameters, rule
from subsecond.model.constraint import Change


@rule
class SameAnswer:
    """A parameter's value that once came to mean something else: every later change is asked with it first.

    No text of a change can show it, so nothing is refused by reading: the edge gate sends it before its catalogue.
    """

    phrases: ClassVar[tuple[str, ...]] = (r"`?(?P<parameter>/?\w+)=(?P<value>\S*?)`? (?:means|stays|still means) .+",)

    def parameters(self, groups: Mapping[str, str]) -> dict[str, str | list[str]]:
        return {"parameter": groups["parameter"], "value": groups.get("value", "")}

    def text(self, parameters: Parameters) -> str:
        return f"{parameters['parameter']}={parameters['value']} goes on meaning what it meant"

    def broken(self, parameters: Parameters, change: Change) -> str | None:
        return None
