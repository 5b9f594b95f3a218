"""Where rows are fetched one by one, and how they come to be fetched for all at once: before the loop."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

import libcst as cst

from subsecond.fix.fixer import RefusedError
from subsecond.fix.loops import Condition, Loop, key_column, keys_ahead, unchanged
from subsecond.fix.models import column, same_type
from subsecond.fix.rows import Scope
from subsecond.fix.source import Edits, code
from subsecond.model.audit import Audit
from subsecond.model.entity import Entity, EntityColumn
from subsecond.model.finding import Finding

CHUNK = 1_000
"""Keys a statement: psycopg 3 failed at 66,000, SQLite at 300,000; 1,000 to 5,000 are safe everywhere."""


@dataclass(frozen=True)
class Batch:
    """What is fetched for all rows: a dictionary by key.

    `told`: what it is, for a reader; `noun` and `mapping`: names for the keys and the dictionary; `missing`: what `get`
    answers for a key without a row (empty: None); `fill(edits, mapping, keys)`: the lines that put the rows of some
    keys into it; `listed`: whoever asks gets a list of its own.
    """

    told: str
    noun: str
    mapping: str
    missing: str
    fill: Callable[[Edits, str, str], Sequence[str]]
    listed: bool = False

    def got(self, mapping: str, key: str) -> str:
        """The expression that reads one key."""
        found = f"{mapping}.get({key}, {self.missing})" if self.missing else f"{mapping}.get({key})"
        return f"list({found})" if self.listed else found

    def lines(self, edits: Edits, mapping: str, keys: str, start: str) -> list[str]:
        """The loop over the keys, some at a time; without keys it sends nothing."""
        some = f"{keys}[{start} : {start} + {CHUNK}]"
        return [
            f"{mapping} = {{}}",
            f"for {start} in range(0, len({keys}), {CHUNK}):",
            *(f"    {line}" for line in self.fill(edits, mapping, some)),
        ]


class Place(Protocol):
    """The loop that a statement is sent in, seen from the function that the statement stands in."""

    @property
    def own(self) -> set[str]:
        """Names of that function that have another value each time round."""
        ...

    def key_column(self, key: cst.BaseExpression) -> EntityColumn:
        """The column that a key is read from. Raises RefusedError where it is none of the rows that the loop has."""
        ...

    def unchanged(self, session: str, audit: Audit, finding: Finding) -> None:
        """Raises RefusedError where something may be written while the loop goes round."""
        ...

    def written(
        self, call: cst.Call, key: cst.BaseExpression, nullable: bool, batch: Batch, needed: set[str]
    ) -> dict[str, str | None]:
        """New texts of the files: all rows fetched before the loop, `call` replaced by a look in the dictionary.

        `needed`: names that the lines of the batch mention.
        """
        ...


def matched(place: Place, condition: Condition, entity: Entity, where: str) -> tuple[EntityColumn, EntityColumn]:
    """The entity's column that a statement compares with the parent's, and the parent's own.

    Raises RefusedError where one IN statement would not find what the many find.
    """
    by = column(entity, condition.column, where)
    key = place.key_column(condition.key)
    same_type(key, by, where)
    if key.nullable and by.nullable:
        raise RefusedError(
            f"{where}: {code(condition.key)} and {entity.short}.{by.key} may both be NULL: `= None` becomes IS NULL, "
            "and IN never matches NULL"
        )
    return by, key


@dataclass(frozen=True)
class InLoop:
    """The loop stands in the function itself."""

    scope: Scope
    loop: Loop

    @property
    def own(self) -> set[str]:
        return self.loop.own

    def key_column(self, key: cst.BaseExpression) -> EntityColumn:
        return key_column(self.scope, self.loop, key, self.scope.source.where(key))

    def unchanged(self, session: str, audit: Audit, finding: Finding) -> None:
        unchanged(self.scope, self.loop, session, audit, finding)

    def written(
        self, call: cst.Call, key: cst.BaseExpression, nullable: bool, batch: Batch, needed: set[str]
    ) -> dict[str, str | None]:
        source, edits = self.scope.source, Edits(self.scope.source)
        keys, lines = keys_ahead(self.scope, edits, self.loop, code(key), nullable=nullable, noun=batch.noun)
        mapping = source.free(batch.mapping)
        edits.insert(self.loop.statement, [*lines, *batch.lines(edits, mapping, keys, source.free("start"))])
        edits.replace(call, batch.got(mapping, code(key)))
        return {source.file: edits.result()}
