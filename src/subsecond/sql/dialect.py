"""What differs from database to database: the words of an index, the reading of a plan, what an index may hold."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from subsecond.model.database import DatabaseFacts, Plan, System, Table
from subsecond.model.index import IndexKey, IndexSpec
from subsecond.registry import Registry


@dataclass(frozen=True, slots=True, kw_only=True)
class Access:
    """How a plan reads one table: `index` by name, None where it reads all rows (`sequential`).

    `automatic`: SQLite builds an index for this one statement each time. `rows`: what the planner expects to be left.
    `filtered`: rows that the index leads to may be thrown away; False where the plan says that none is.
    """

    table: str
    alias: str
    index: str | None = None
    automatic: bool = False
    rows: float | None = None
    filtered: bool = True

    @property
    def sequential(self) -> bool:
        """Whether all rows are read."""
        return self.index is None


class Dialect(Protocol):
    """One database system; the file's name is the system's."""

    def create_index_sql(self, spec: IndexSpec, name: str, *, concurrently: bool = False) -> str:
        """The statement that builds the index; `concurrently` without stopping writers, outside a transaction."""
        ...

    def drop_index_sql(self, spec: IndexSpec, name: str, *, concurrently: bool = False) -> str:
        """The statement that drops it, if it is there."""
        ...

    def index_bytes_sql(self, spec: IndexSpec, name: str) -> str:
        """A query for the room that a built index takes, in bytes."""
        ...

    def accesses(self, plan: Plan) -> Sequence[Access]:
        """How each table is read, in the plan's order."""
        ...

    def cost_share(self, table: Table, matched: float, correlation: float, settings: Mapping[str, str]) -> float:
        """Estimated cost of fetching `matched` rows by an index, as a share of the cost of reading the whole table."""
        ...

    def why_no_key(self, expression: str, kind: str) -> str | None:
        """Why an expression over a column of type `kind` can't be indexed; None where it can."""
        ...

    def pattern_key(self, key: IndexKey, built: bool, insensitive: bool, facts: DatabaseFacts) -> IndexKey | str:
        """The key that serves LIKE 'abc%' on this column or expression, or why none does."""
        ...


dialect: Registry[type[Dialect]] = Registry("subsecond.sql.dialects")


def dialect_of(system: System) -> Dialect:
    """The dialect of a database system."""
    return dialect.items()[system]()


def create_index_sql(spec: IndexSpec, system: System, *, name: str | None = None, concurrently: bool = False) -> str:
    """The statement that builds an index; named after its table and columns where no name is given."""
    return dialect_of(system).create_index_sql(spec, name or spec.name(), concurrently=concurrently)


def drop_index_sql(spec: IndexSpec, system: System, *, name: str | None = None, concurrently: bool = False) -> str:
    """The statement that drops it, if it is there."""
    return dialect_of(system).drop_index_sql(spec, name or spec.name(), concurrently=concurrently)


def index_bytes_sql(spec: IndexSpec, system: System, name: str) -> str:
    """A query for the room that the index called `name` takes, in bytes; it may fail on a SQLite without `dbstat`."""
    return dialect_of(system).index_bytes_sql(spec, name)
