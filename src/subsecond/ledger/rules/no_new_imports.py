from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

from subsecond.ledger.names import imported
from subsecond.ledger.rule import Parameters, rule, texts
from subsecond.model.constraint import Change


@rule
class NoNewImports:
    """A change imports nothing that its file did not import before; or nothing of the modules named."""

    phrases: ClassVar[tuple[str, ...]] = (
        r"(?:zero|no) new imports?(?: of (?P<names>[\w.]+))?",
        r"do not import (?P<names>[\w.]+)",
    )

    def parameters(self, groups: Mapping[str, str]) -> dict[str, str | list[str]]:
        return {"names": [groups["names"]]} if groups.get("names") else {}

    def text(self, parameters: Parameters) -> str:
        names = texts(parameters.get("names"))
        return f"no new import of {', '.join(names)}" if names else "zero new imports"

    def broken(self, parameters: Parameters, change: Change) -> str | None:
        names = texts(parameters.get("names"))
        for path, (before, after) in change.files.items():
            if after is None or not path.endswith(".py"):
                continue
            known = imported(before or "")
            for name, line in imported(after).items():
                wanted = not names or any(name == one or name.startswith(f"{one}.") for one in names)
                if name not in known and wanted and name != "__future__" and not name.startswith("__future__."):
                    return f"{path}:{line} imports {name}"
        return None
