"""push-filter: a filter that the app applies to rows it has fetched moves into the statement's WHERE.

By a column's values, as the real fix would; by primary keys where no column explains the rows that were used: then the
gain is an upper bound. A statement with a LIMIT stays as it is: a filter below it would choose other rows.
"""

from __future__ import annotations

import sys

from .. import trial_orm
from ..callsite import chain
from ..trial_cursor import place_of
from ..trial_orm import module
from ..trial_values import coerced
from ..virtual_fix import IDENTIFIER, KEYS, LITERALS, RefusedError, VirtualFix, or_null, place

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


class Fix(VirtualFix):
    NAME = "push-filter"
    PARAMETERS = {
        "model": IDENTIFIER,
        "column": or_null(IDENTIFIER),
        "values": or_null(LITERALS),
        "primary_keys": or_null(KEYS),
        "function": or_null(place),
    }
    OPTIONAL = {"column": None, "values": None, "primary_keys": None, "function": None}

    @classmethod
    def install(cls) -> None:
        trial_orm.on_execute(trial_orm.CHANGES, cls.NAME, filtering)

    @classmethod
    def uninstall(cls) -> None:
        trial_orm.forget(cls.NAME)

    def apply(self) -> None:
        name, values, keys = (self.parameters[part] for part in ("column", "values", "primary_keys"))
        self.mapper = trial_orm.mapper_of(self.parameters["model"], None)
        if keys is not None and name is None and values is None:
            self.columns = [self.mapper.get_property_by_column(column).key for column in self.mapper.primary_key]
            keys = [key if isinstance(key, list) else [key] for key in keys]
            if any(len(key) != len(self.columns) for key in keys):
                raise RefusedError(f"the primary key of {self.parameters['model']} has {len(self.columns)} columns")
            self.values = keys
        elif keys is None and name is not None and values is not None:
            if name not in self.mapper.column_attrs:
                raise RefusedError(f"{self.parameters['model']} has no column {name}")
            self.columns, self.values = [name], [[value] for value in values]
        else:
            raise RefusedError("wants either column and values, or primary_keys")


def filtering(fix: Fix, state: Any) -> None:
    if not trial_orm.is_select(state) or state.is_relationship_load:
        return
    wanted = [entity for entity in trial_orm.entities(state.statement) if trial_orm.is_of(entity, fix.mapper)]
    if not wanted or not hasattr(state.statement, "where"):
        return
    site = fix.parameters["function"]
    if site is not None and list(place_of(chain(sys._getframe(2))) or ()) != site:
        return
    statement = state.statement
    if statement._limit_clause is not None or statement._offset_clause is not None:
        fix.refuse("the statement has a LIMIT: a filter below it would choose other rows")
        return
    changed = statement
    for entity in wanted:
        changed = changed.where(condition(fix, entity))
    fix.acted += 1
    if not fix.shadow:
        state.statement = changed


def condition(fix: Fix, entity: Any) -> Any:
    sqlalchemy = module("sqlalchemy")
    attributes = [getattr(entity, name) for name in fix.columns]
    values = [[coerced(value, part) for value, part in zip(row, attributes)] for row in fix.values]
    if len(attributes) > 1:
        return sqlalchemy.tuple_(*attributes).in_([tuple(row) for row in values])
    known = [row[0] for row in values if row[0] is not None]
    found = attributes[0].in_(known)
    return found if len(known) == len(values) else sqlalchemy.or_(found, attributes[0].is_(None))
