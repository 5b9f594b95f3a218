"""Indexes that cost writes and room for nothing: doubled by another one, never used, broken."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from subsecond.model.database import DatabaseFacts, ExistingIndex, Table
from subsecond.model.index import IndexSpec
from subsecond.sql.conditions import uses
from subsecond.sql.dialect import dialect_of
from subsecond.sql.keys import serves


@dataclass(frozen=True, slots=True, kw_only=True)
class Superfluous:
    """One index, and why it may go; for a reader."""

    table: str
    index: ExistingIndex
    why: str


def superfluous(database: DatabaseFacts) -> list[Superfluous]:
    """Of the tables that recorded statements read: indexes that are invalid, redundant, or that nothing used.

    Unused is said only where the database counted uses over a time of writes; else whether a recorded plan uses it is
    all that is known, and that is no reason to drop an index.
    """
    read = {use.table for one in database.statements for use in uses(one.examples[0][0], database)}
    tables = [table for name in sorted(read) if (table := database.table(name)) is not None]
    planned = _planned(database)
    return [one for table in tables for one in _of(table, planned)]


def _of(table: Table, planned: frozenset[str]) -> Iterator[Superfluous]:
    counted = any(index.uses for index in table.indexes)
    for index in table.indexes:
        if not index.valid:
            yield Superfluous(
                table=table.name, index=index, why="invalid: its building failed; drop it and build again"
            )
        elif index.constraint or index.unique:
            continue
        elif double := next((other for other in table.indexes if _does_the_work(other, index)), None):
            has = "has" if double.keys == index.keys else "begins with"
            yield Superfluous(table=table.name, index=index, why=f"{double.name} {has} the same keys: it can go")
        elif counted and index.uses == 0 and index.name not in planned:
            yield Superfluous(table=table.name, index=index, why="no scan used it since the statistics were reset")


def _does_the_work(other: ExistingIndex, index: ExistingIndex) -> bool:
    if other is index or index.where or index.method != "btree":
        return False
    same = other.keys == index.keys
    if same and not set(index.include) <= set(other.include):
        return False
    if same and not other.unique and not other.constraint and set(other.include) == set(index.include):
        return other.name < index.name  # of two that are equal one stays
    return serves(other, IndexSpec(table="", keys=index.keys)) and (same or not index.include)


def _planned(database: DatabaseFacts) -> frozenset[str]:
    dialect = dialect_of(database.system)
    accesses = [one for plan in database.plans.values() for one in dialect.accesses(plan)]
    return frozenset(name for one in accesses if one.index for name in one.index.split(" and "))
