"""A person's words -> a constraint."""

from __future__ import annotations

import re

from subsecond.errors import SubsecondError
from subsecond.ledger.rule import rule
from subsecond.model.constraint import Constraint

EXAMPLES = (
    "zero new imports", "no new import of requests", "no multiprocessing objects at module level",
    "do not touch migrations/",
)  # fmt: skip


def stated(words: str) -> Constraint:
    """The constraint that a sentence states. Raises SubsecondError, with examples, where no rule knows it."""
    text = " ".join(words.strip().rstrip(".!").split())
    for name, kind in rule.items().items():
        for phrase in kind.phrases:
            found = re.fullmatch(phrase, text, re.IGNORECASE)
            if found:
                parameters = kind().parameters({key: value for key, value in found.groupdict().items() if value})
                return Constraint(rule=name, parameters=parameters, text=kind().text(parameters), because=words)
    known = "; ".join(EXAMPLES)
    raise SubsecondError("unknown-constraint", f'"{words}" is no constraint that can be checked; such as: {known}')
