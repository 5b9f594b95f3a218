"""Questions to the clone that statistics do not answer: rows that conditions leave, values that a column has."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from subsecond.model.database import DatabaseFacts, RecordedStatement, System
from subsecond.sql.advice import MIN_FILTERED_ROWS
from subsecond.sql.conditions import TableUse, uses
from subsecond.sql.fingerprint import token_groups
from subsecond.sql.names import quoted
from subsecond.sql.placeholders import numbered
from subsecond.sql.values import Typed, all_typed

_PLACE = re.compile(r":v(\d+)\b")


@dataclass(frozen=True, slots=True, kw_only=True)
class Example:
    """One recorded sending of a statement, ready to be sent again. `values` is None where they could not be read."""

    text: str
    names: tuple[str | None, ...]
    values: list[Typed] | None

    def question(self, fingerprint: str) -> dict[str, Any]:
        """As the database's reader takes it."""
        named = list(self.names) if self.names and None not in self.names else None
        generic = to_driver(numbered(self.text)[0], "$")
        return {"id": fingerprint, "text": self.text, "names": named, "values": self.values, "generic": generic}


def example_of(statement: RecordedStatement) -> Example:
    """The first sending whose values can be read, else the first one without them."""
    found = None
    for text, values in statement.examples:
        names = numbered(text)[1]
        typed = all_typed(values) if len(values) == len(names) else None
        found = found or Example(text=text, names=names, values=None)
        if typed is not None:
            return Example(text=text, names=names, values=typed)
    assert found is not None
    return found


def to_driver(text: str, style: System | str) -> str:
    """A text with `:v0` for its values -> with the placeholders of psycopg, of sqlite3 (`:v0`) or `$1`."""
    parts = []
    for group, token in token_groups(text):
        place = group == "placeholder" and token.startswith(":v")
        if place and style == "$":
            parts.append(f"${int(token[2:]) + 1}")
        elif place and style == "postgresql":
            parts.append(f"%({token[1:]})s")
        else:
            parts.append(token.replace("%", "%%") if style == "postgresql" else token)
    return "".join(parts)


def counting(database: DatabaseFacts) -> Iterator[tuple[tuple[str, str], dict[str, Any]]]:
    """For each statement's conditions on a table of some size: how many rows each leaves, and all together."""
    for statement in database.statements:
        example = example_of(statement)
        for use in uses(statement.examples[0][0], database):
            table = database.table(use.table)
            if table is None or table.rows < MIN_FILTERED_ROWS or not use.conditions or example.values is None:
                continue
            key, sql = (statement.fingerprint, use.alias), _count_sql(use)
            places = sorted({int(number) for number in _PLACE.findall(sql)})
            yield (
                key,
                {
                    "id": "\0".join(key),
                    "text": to_driver(sql, database.system),
                    "names": [f"v{number}" for number in places],
                    "values": [example.values[number] for number in places],
                },
            )


def _count_sql(use: TableUse) -> str:
    # a condition that reads another table counts as met: the clone is asked about this one only
    terms = ["1 = 1" if "SELECT" in one.sql else one.sql for one in use.conditions]
    counts = ", ".join(f"count(CASE WHEN {term} THEN 1 END)" for term in (" AND ".join(map(_bracket, terms)), *terms))
    return f"SELECT {counts} FROM {quoted(use.table)}"


def _bracket(term: str) -> str:
    return f"({term})"


def distinct(database: DatabaseFacts) -> Iterator[tuple[tuple[str, str], dict[str, Any]]]:
    """For each join column without statistics: how many values it has."""
    seen = set()
    for statement in database.statements:
        for use in uses(statement.examples[0][0], database):
            table = database.table(use.table)
            for join in use.joins if table is not None and table.rows >= MIN_FILTERED_ROWS else ():
                assert table is not None
                column = table.columns.get(join.column)
                key = (table.name, join.column)
                if column is not None and column.distinct is None and key not in seen:
                    seen.add(key)
                    text = f"SELECT count(DISTINCT {quoted(column.name)}) FROM {quoted(table.name)}"
                    yield key, {"id": "\0".join(key), "text": text, "names": None, "values": []}
