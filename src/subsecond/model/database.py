"""What is known of the app's database: its tables, their statistics and indexes, and the plans of what was recorded.

Read on the clone by a child in the app's interpreter. Lives in memory only: plans and statistics hold real values.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from subsecond.model.index import IndexKey

System = Literal["postgresql", "sqlite"]


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordedStatement:
    """A statement as it was sent, with real values: kept in memory until the facts were read, never written.

    Each of `examples` is a text (IN-lists differ in length) with the `repr` of its values, in the order in which its
    placeholders first appear.
    """

    fingerprint: str
    text: str
    examples: tuple[tuple[str, tuple[str, ...]], ...]
    count: int
    """How often it was sent in one run of the requests."""
    seconds: float
    """Their summed time in the driver."""
    requests: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """A column with its statistics, None where the database has none.

    `distinct` is a number of values, `missing` the share of NULLs, `correlation` of values with the order of the
    rows on disk (-1 to 1), `common` the share of each frequent value by its text, only of columns with few values.
    """

    name: str
    type: str
    nullable: bool = True
    distinct: float | None = None
    missing: float | None = None
    correlation: float | None = None
    width: float | None = None
    common: Mapping[str, float] = field(default_factory=dict)
    collation: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ExistingIndex:
    """An index of the schema. `uses` counts its scans since the statistics' reset, None where nobody counts."""

    name: str
    keys: tuple[IndexKey, ...]
    include: tuple[str, ...] = ()
    where: str | None = None
    method: str = "btree"
    unique: bool = False
    constraint: bool = False
    """Primary key or constraint: not to be dropped for its speed."""
    valid: bool = True
    bytes: int | None = None
    uses: int | None = None
    definition: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """A table: estimated (or counted) rows, pages and bytes of its heap, columns by name, indexes."""

    name: str
    schema: str | None = None
    rows: float
    pages: int | None = None
    bytes: int | None = None
    columns: Mapping[str, Column] = field(default_factory=dict)
    indexes: tuple[ExistingIndex, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """How the database would run one recorded statement with its real values.

    PostgreSQL: `tree` is the `Plan` object of EXPLAIN (FORMAT JSON). SQLite: `lines` are the details of EXPLAIN
    QUERY PLAN with their depth. `why` says why there is neither.
    """

    fingerprint: str
    tree: Mapping[str, Any] | None = None
    lines: tuple[tuple[int, str], ...] = ()
    generic: bool = False
    """Planned without values, because they could not be read from the recording."""
    why: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Matching:
    """Rows of one table that all conditions of a statement on it leave, and that each of them alone does."""

    rows: float
    each: tuple[float, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class DatabaseFacts:
    """One database. `tables` by name (with the schema where it is not on the search path)."""

    system: System
    version: tuple[int, ...]
    tables: Mapping[str, Table]
    statements: tuple[RecordedStatement, ...] = ()
    plans: Mapping[str, Plan] = field(default_factory=dict)
    """By fingerprint."""
    matching: Mapping[tuple[str, str], Matching] = field(default_factory=dict)
    """Counted on the clone, by fingerprint and alias of the table in it."""
    costs: Mapping[tuple[str, str], float] = field(default_factory=dict)
    """Planner's cost by fingerprint and text of a hypothetical index (HypoPG), "" without one."""
    hypothetical: bool = False
    """HypoPG is there."""
    c_collation: bool = False
    """Texts compare by bytes: LIKE 'abc%' can use a plain index."""
    settings: Mapping[str, str] = field(default_factory=dict)
    """Of the planner: `random_page_cost` …"""
    notes: tuple[str, ...] = ()

    def table(self, name: str) -> Table | None:
        """By name, as a statement writes it (its case and a default schema do not matter)."""
        plain = name.replace('"', "")
        for one in (plain, plain.lower(), plain.rpartition(".")[2], plain.rpartition(".")[2].lower()):
            if one in self.tables:
                return self.tables[one]
        return None
