"""A failed attempt -> what it teaches."""

from __future__ import annotations

import builtins
import re

from subsecond.ledger.names import called_at_import
from subsecond.ledger.rule import rule_of
from subsecond.model.attempt import Attempt
from subsecond.model.constraint import Change, Constraint

_CHANGED = re.compile(r"\bwith (/?[\w.\[\]-]+)(?:=(\S*?)| left out)(?:,|: )")
_BUILTINS = frozenset(dir(builtins))


def lesson(attempt: Attempt, culprit: Change) -> Constraint | None:
    """The constraint that a reverted attempt teaches; None where its failure gives no rule that could be checked.

    `culprit` is the smallest part of its change that fails as the whole did.
    """
    failed = next((one for one in attempt.gates if one.verdict == "failed"), None)
    if failed is None:
        return None
    because = f"attempt {attempt.number}: {failed.gate}: {failed.why}"
    if failed.gate in ("import", "boot"):
        names = _made_at_import(culprit)
        return _made("no-module-level", {"names": names}, because) if names else None
    if failed.gate == "edge" and (found := _CHANGED.search(failed.why)):
        return _made("same-answer", {"parameter": found[1], "value": found[2] or ""}, because)
    return None


def _made_at_import(culprit: Change) -> list[str]:
    """Modules (or, of `threading`, the class) whose calls at import are new in the culprit."""
    names: dict[str, None] = {}
    for path, (before, after) in culprit.files.items():
        if after is None or not path.endswith(".py"):
            continue
        known = {one.name for one in called_at_import(before or "")}
        for call in called_at_import(after):
            plain = call.name.replace("()", "")
            module, _, rest = plain.partition(".")
            if call.name in known or not rest or module in _BUILTINS or _is_own(module, after):
                continue
            names.setdefault(plain if module == "threading" else module)
    return list(names)


def _is_own(module: str, text: str) -> bool:
    """Whether a name is the file's own variable rather than a module."""
    return not re.search(rf"(?m)^\s*(?:import|from)\s+(?:[\w., ]+,\s*)?{re.escape(module)}\b", text) and not re.search(
        rf"import_module\(['\"]{re.escape(module)}|__import__\(['\"]{re.escape(module)}", text
    )


def _made(name: str, parameters: dict[str, str | list[str]], because: str) -> Constraint:
    return Constraint(rule=name, parameters=parameters, text=rule_of(name)().text(parameters), because=because)
