from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

from subsecond.ledger.names import called_at_import
from subsecond.ledger.rule import Parameters, rule, texts
from subsecond.model.constraint import Change


@rule
class NoModuleLevel:
    """Nothing of a module is made or called while the app is imported.

    Importing it is no offence: what breaks a boot under gevent or `--preload` are effects at import (reference, fixing
    and proving, section 8).
    """

    phrases: ClassVar[tuple[str, ...]] = (
        r"no (?P<names>[\w.]+) (?:object|call)s? at (?:module level|import)",
        r"no module[- ]level (?P<names>[\w.]+)",
    )

    def parameters(self, groups: Mapping[str, str]) -> dict[str, str | list[str]]:
        return {"names": [groups["names"]]}

    def text(self, parameters: Parameters) -> str:
        return f"nothing of {', '.join(texts(parameters['names']))} is called or made while the app is imported"

    def broken(self, parameters: Parameters, change: Change) -> str | None:
        names = texts(parameters["names"])
        for path, (before, after) in change.files.items():
            if after is None or not path.endswith(".py"):
                continue
            known = [one.name for one in called_at_import(before or "")]
            for call in called_at_import(after):
                if any(_is_of(call.name, name) for name in names):
                    if call.name in known:
                        known.remove(call.name)
                        continue
                    return f"{path}:{call.line} calls {call.name} at import"
        return None


def _is_of(called: str, name: str) -> bool:
    """`multiprocessing.Manager().dict` is of `multiprocessing` and of `multiprocessing.Manager`."""
    plain = called.replace("()", "")
    return plain == name or plain.startswith(f"{name}.")
