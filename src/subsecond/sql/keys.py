"""Which index that is there does what another one would."""

from __future__ import annotations

import re
from collections.abc import Container

from subsecond.model.database import ExistingIndex
from subsecond.model.index import IndexKey, IndexSpec


def serves(existing: ExistingIndex, spec: IndexSpec, bound: Container[str | None] = ()) -> bool:
    """Whether an index that is there does what the wanted one would: it begins with its keys.

    In front of them may stand columns that the statement compares with `=` anyway (`bound`).
    """
    if not existing.valid or existing.where or existing.method != "btree":
        return False
    wanted = [plain_key(key) for key in spec.keys]
    there = [plain_key(key) for key in existing.keys]
    for at, key in enumerate(existing.keys):
        if there[at : at + len(wanted)] == wanted:
            return True
        if key.column is None or key.column not in bound:
            return False
    return False


def plain_key(key: IndexKey) -> tuple[str, str | None]:
    """A key to compare, with its operator class: an expression without brackets, blanks and case."""
    if key.column is not None:
        return key.column, key.operators
    return re.sub(r"[\s()]|::\w+", "", key.expression or "").lower(), key.operators
