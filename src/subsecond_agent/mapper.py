"""What stands in SQLAlchemy's live mapper: entities, tables, columns, relations. Told once per process.

Read after a deep request, when the app's models are imported and configured; nothing is configured by us, since that
runs the app's code.
"""

from __future__ import annotations

import os
import sys

from . import spool
from .protocol import VERSION

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


class Told:
    """How many mappers of which process have been told of."""

    pid = 0
    entities = 0


def tell() -> None:
    """Write the `mapper` line, unless this process has told as much already."""
    if Told.pid != os.getpid():
        Told.pid, Told.entities = os.getpid(), 0
    found = entities()
    if len(found) > Told.entities:
        Told.entities = len(found)
        spool.write({"type": "mapper", "version": VERSION, "pid": Told.pid, "entities": found})


def entities() -> list[dict[str, Any]]:
    """All configured entities, by name."""
    module = sys.modules.get("sqlalchemy.orm.mapper")
    if module is None:
        return []
    mappers = {mapper for registry in module._all_registries() for mapper in registry.mappers if mapper.configured}
    return sorted((entity(mapper) for mapper in mappers), key=lambda one: str(one["name"]))


def entity(mapper: Any) -> dict[str, Any]:
    """One entity, as the protocol says."""
    return {
        "name": f"{mapper.class_.__module__}:{mapper.class_.__qualname__}",
        "table": getattr(mapper.local_table, "fullname", None),
        "parent": None if mapper.inherits is None else f"{mapper.inherits.class_.__module__}:"
        f"{mapper.inherits.class_.__qualname__}",
        "columns": [column(attribute) for attribute in mapper.column_attrs],
        "relations": [relation(one) for one in mapper.relationships],
    }  # fmt: skip


def column(attribute: Any) -> dict[str, Any]:
    """One column: `name` in the table, `key` as the class has it. An expression has no table."""
    first = attribute.columns[0]
    table = getattr(first, "table", None)
    return {
        "key": attribute.key,
        "name": getattr(first, "name", None) or attribute.key,
        "table": getattr(table, "fullname", None),
        "type": type(first.type).__name__,
        "nullable": bool(getattr(first, "nullable", True)),
        "unique": is_unique(first, table),
        "primary_key": bool(getattr(first, "primary_key", False)),
        "indexed": bool(getattr(first, "index", False)) or leads_index(first, table),
        "references": sorted(key.target_fullname for key in getattr(first, "foreign_keys", ())),
        "deferred": bool(attribute.deferred),
    }


def is_unique(column: Any, table: Any) -> bool:
    """Does the table hold each of its values once at most, by itself?"""
    if getattr(column, "unique", False):
        return True
    if getattr(column, "primary_key", False) and len(table.primary_key.columns) == 1:
        return True
    for constraint in getattr(table, "constraints", ()):
        if type(constraint).__name__ == "UniqueConstraint" and list(constraint.columns) == [column]:
            return True
    return any(index.unique and list(index.columns) == [column] for index in getattr(table, "indexes", ()))


def leads_index(column: Any, table: Any) -> bool:
    """Is it the first column of an index that the model declares, or of the primary key?"""
    keys = [list(index.columns) for index in getattr(table, "indexes", ())]
    if getattr(table, "primary_key", None) is not None:
        keys.append(list(table.primary_key.columns))
    return any(columns and columns[0] is column for columns in keys)


def relation(one: Any) -> dict[str, Any]:
    """One relationship, with the pairs of columns that tie the two tables (or each to the table between them)."""
    target = one.mapper.class_
    return {
        "key": one.key,
        "target": f"{target.__module__}:{target.__qualname__}",
        "uselist": bool(one.uselist),
        "lazy": str(one.lazy),
        "direction": one.direction.name,
        "keys": [[str(local), str(remote)] for local, remote in one.local_remote_pairs],
        "secondary": getattr(one.secondary, "fullname", None),
        "viewonly": bool(one.viewonly),
        "ordered": bool(one.order_by),
        "innerjoin": bool(one.innerjoin),
    }
