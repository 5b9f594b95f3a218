"""SQLite."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace

from subsecond.model.database import DatabaseFacts, Plan, Table
from subsecond.model.index import IndexKey, IndexSpec
from subsecond.sql.dialect import Access, dialect
from subsecond.sql.names import key_sql, quoted

LOOKUP_ROWS, LOOKUP_ROWS_LARGE = 8.0, 25.0
"""One row fetched by an index costs what reading this many in order does: measured on rows of 110 bytes, 7 to 12 in a
table of 20,000, 21 to 27 in one of 300,000, whose pages no longer fit into the processor's cache."""
LARGE = 50_000
_LINE = re.compile(
    r"(?:SCAN|SEARCH) (?:TABLE )?(?P<table>[^\s(]+)(?: AS (?P<alias>\S+))?"
    r"(?: USING (?:(?P<automatic>AUTOMATIC )?(?:PARTIAL )?(?:COVERING )?INDEX (?P<index>\S+)?"
    r"|(?P<key>INTEGER PRIMARY KEY)))?"
)
_NEVER = re.compile(r"\b(random|randomblob|changes|last_insert_rowid|current_\w+)\b|'now'", re.I)


@dialect
class Sqlite:
    """Statements, plans and costs of SQLite."""

    def create_index_sql(self, spec: IndexSpec, name: str, *, concurrently: bool = False) -> str:
        """SQLite has one kind of index and no INCLUDE: the included columns come last among the keys."""
        keys = [*(key_sql(key) for key in spec.keys), *(quoted(column) for column in spec.include)]
        where = f" WHERE {spec.where}" if spec.where else ""
        return f"CREATE INDEX {quoted(name)} ON {quoted(spec.table)} ({', '.join(keys)}){where}"

    def drop_index_sql(self, spec: IndexSpec, name: str, *, concurrently: bool = False) -> str:
        return f"DROP INDEX IF EXISTS {quoted(name)}"

    def index_bytes_sql(self, spec: IndexSpec, name: str) -> str:
        return f"SELECT sum(pgsize) FROM dbstat WHERE name = '{name}'"

    def accesses(self, plan: Plan) -> list[Access]:
        found = []
        for _, line in plan.lines:
            match = _LINE.match(line)
            if match is None:
                continue
            # SCAN … USING INDEX reads the index from its beginning: in its order, or because it is smaller
            index = match["index"] or ("rowid" if match["key"] else None)
            name = match["alias"] or match["table"]
            automatic = bool(match["automatic"])
            one = line.endswith("(rowid=?)")  # a key leads to one row
            found.append(
                Access(
                    table=match["table"], alias=name, index=None if automatic else index, automatic=automatic,
                    rows=1.0 if one else None, filtered=not one,
                )
            )  # fmt: skip
        return found

    def cost_share(self, table: Table, matched: float, correlation: float, settings: Mapping[str, str]) -> float:
        return (LOOKUP_ROWS if table.rows < LARGE else LOOKUP_ROWS_LARGE) * matched / max(table.rows, 1.0)

    def why_no_key(self, expression: str, kind: str) -> str | None:
        if found := _NEVER.search(expression):
            return f"{found[0]} gives another answer each time, so no index can hold it"
        return None

    def pattern_key(self, key: IndexKey, built: bool, insensitive: bool, facts: DatabaseFacts) -> IndexKey | str:
        """https://www.sqlite.org/optoverview.html#the_like_optimization."""
        if key.column is None:
            return "SQLite's LIKE uses no index on an expression"
        if built:
            return "the pattern is put together in SQL, which SQLite cannot look up: put it together in Python"
        return replace(key, operators="COLLATE NOCASE")
