"""How many rows a condition leaves: as counted on the clone, else by the database's statistics."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from subsecond.model.database import DatabaseFacts, RecordedStatement, Table
from subsecond.sql.conditions import Condition, Join, TableUse, uses
from subsecond.sql.values import plain

# what PostgreSQL assumes where it knows nothing (selfuncs.h: DEFAULT_EQ_SEL, DEFAULT_INEQ_SEL, DEFAULT_MATCH_SEL)
UNKNOWN_EQUAL, UNKNOWN_RANGE, UNKNOWN_PATTERN = 0.005, 1 / 3, 0.005


@dataclass(frozen=True, slots=True)
class Estimates:
    """Rows of one table in one statement."""

    database: DatabaseFacts
    statement: RecordedStatement
    use: TableUse
    table: Table

    @property
    def rows(self) -> float:
        """All rows of the table."""
        return max(self.table.rows, 1.0)

    def share(self, condition: Condition) -> float:
        """Share of the rows that one condition leaves, 0 to 1."""
        counted = self.database.matching.get((self.statement.fingerprint, self.use.alias))
        if counted is not None and len(counted.each) == len(self.use.conditions):
            return min(1.0, counted.each[self.use.conditions.index(condition)] / self.rows)
        return min(1.0, self._by_statistics(condition))

    def left(self, conditions: Sequence[Condition], joins: Sequence[Join] = ()) -> float:
        """Rows that these conditions and joins leave, taken as independent but where all were counted together."""
        counted = self.database.matching.get((self.statement.fingerprint, self.use.alias))
        share = 1.0
        for condition in conditions:
            share *= self.share(condition)
        rows = share * self.rows
        if counted is not None:
            whole = len(conditions) == len(self.use.conditions)
            rows = counted.rows if whole else max(rows, counted.rows)
        for join in joins:
            rows *= self.join_share(join)
        return rows

    def join_share(self, join: Join) -> float:
        """Share of the rows whose join column has one of the values that the other table's rows ask for."""
        column = self.table.columns.get(join.column)
        if column is None or not column.distinct:
            return 1.0
        return min(1.0, self._asked(join) / column.distinct)

    def _asked(self, join: Join) -> float:
        """Rows of the other table after its own conditions."""
        others = [
            use
            for use in uses(self.statement.examples[0][0], self.database)
            if join.other_table in (use.alias, use.table) and use is not self.use
        ]
        table = self.database.table(others[0].table) if others else None
        if table is None:
            return float("inf")
        return min(Estimates(self.database, self.statement, use, table).left(use.conditions) for use in others)

    def limit(self) -> float | None:
        """Number of rows that LIMIT lets through; None without one, or where it is not known."""
        if not self.use.limited:
            return None
        value = plain(self.value(self.use.limit)) if self.use.limit is not None else self.use.limit_text
        try:
            return float(value) if value is not None else None
        except ValueError:
            return None

    def value(self, place: int, example: int = 0) -> str:
        """The `repr` of a value as recorded, an empty text where there is none."""
        values = self.statement.examples[example][1]
        return values[place] if place < len(values) else ""

    def always_the_same(self, condition: Condition) -> bool:
        """Whether the condition had one value in all that was recorded, of several sendings."""
        if len(condition.values) != 1 or len(self.statement.examples) < 2:
            return False
        seen = {
            values[condition.values[0]] for _, values in self.statement.examples if condition.values[0] < len(values)
        }
        return len(seen) == 1

    def _by_statistics(self, condition: Condition) -> float:
        column = self.table.columns.get(condition.column or "")
        if condition.sort == "other":
            return 1.0
        if condition.sort == "pattern":
            return UNKNOWN_PATTERN
        if condition.sort == "range":
            return UNKNOWN_RANGE
        if column is None:
            return UNKNOWN_EQUAL
        if condition.constant is not None and condition.constant.upper() == "NULL":
            return column.missing if column.missing is not None else UNKNOWN_EQUAL
        number = max(1, len(condition.values)) if condition.many else 1
        texts = [str(plain(self.value(place))) for place in condition.values] or [str(condition.constant).strip("'")]
        if column.common:
            known = {"True": "t", "False": "f", "true": "t", "false": "f"}
            shares = [column.common.get(known.get(text, text), 0.0) for text in texts]
            return max(sum(shares), 1 / self.rows)
        return number / column.distinct if column.distinct else number * UNKNOWN_EQUAL
