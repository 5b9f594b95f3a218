"""What a SELECT asks of each table: conditions, joins, order, columns read. Read with sqlglot, never run.

A condition counts where every row must meet it (a conjunct of WHERE, of a join's ON, of a subquery's WHERE that names
the outer row); what stands below an OR is told as such.
"""

from __future__ import annotations

import functools
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Literal

import sqlglot
from sqlglot import exp
from sqlglot.optimizer.scope import Scope, traverse_scope

from subsecond.model.database import DatabaseFacts, System
from subsecond.sql.placeholders import numbered

Sort = Literal["equal", "range", "pattern", "other"]
DIALECTS: Mapping[System, str] = {"postgresql": "postgres", "sqlite": "sqlite"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Condition:
    """One condition on one table.

    `column` is compared as it stands, or `expression` (SQL over plain column names) is; `sql` is the whole condition
    with values as `:v0`. `constant` is the value where it stands in the text, `values` are the places of its values.
    """

    sort: Sort
    sql: str
    column: str | None = None
    expression: str | None = None
    inside: str | None = None
    """The column inside the expression."""
    constant: str | None = None
    values: tuple[int, ...] = ()
    many: bool = False
    """One of several values: rows come in no single order."""
    case_insensitive: bool = False
    """ILIKE; SQLite's LIKE."""
    built: bool = False
    """A pattern put together in SQL: `? || '%'`."""
    why: str = ""
    """Why no index can serve it (sort `other`)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Join:
    """`column` of this table equals a column of another one (of the outer statement, in a subquery)."""

    column: str
    other_table: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Ordering:
    """One term of ORDER BY."""

    column: str
    descending: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class TableUse:
    """One table in one SELECT (or in one of its subqueries)."""

    table: str
    alias: str
    conditions: tuple[Condition, ...] = ()
    joins: tuple[Join, ...] = ()
    order: tuple[Ordering, ...] = ()
    """The whole ORDER BY, where it names columns of this table only."""
    limited: bool = False
    """There is a LIMIT, and nothing between it and the rows: no grouping, no DISTINCT."""
    limit: int | None = None
    """Its place among the values where it is one."""
    limit_text: str | None = None
    """The number where it stands in the text."""
    read: frozenset[str] | None = None
    """Columns that are needed, None where all are (`*`)."""

    def of(self, *sorts: Sort) -> list[Condition]:
        """Conditions of these sorts."""
        return [one for one in self.conditions if one.sort in sorts]


def uses(text: str, database: DatabaseFacts) -> tuple[TableUse, ...]:
    """What a statement asks of each of its tables; nothing where it is no SELECT that sqlglot can read."""
    columns = tuple((name, tuple(table.columns)) for name, table in database.tables.items())
    types = tuple(
        (f"{name}.{column.name}", column.type)
        for name, table in database.tables.items()
        for column in table.columns.values()
    )
    return _uses(text, database.system, columns, types)


@functools.lru_cache(maxsize=1024)
def _uses(
    text: str, system: System, columns: tuple[tuple[str, tuple[str, ...]], ...], types: tuple[tuple[str, str], ...]
) -> tuple[TableUse, ...]:
    try:
        tree = sqlglot.parse_one(numbered(text)[0], read=DIALECTS[system])
        if not isinstance(tree, exp.Query):
            return ()
        reader = _Reader(system, dict(columns), dict(types))
        return tuple(use for scope in traverse_scope(tree) for use in reader.of_scope(scope))
    except (sqlglot.errors.SqlglotError, RecursionError):
        return ()


_COMPARED = (exp.EQ, exp.NullSafeEQ, exp.GT, exp.GTE, exp.LT, exp.LTE)
_SORTS: tuple[tuple[type[exp.Expr] | tuple[type[exp.Expr], ...], Sort], ...] = (
    (exp.Is, "equal"),
    (exp.In, "equal"),
    (exp.Between, "range"),
    ((exp.Like, exp.ILike), "pattern"),
)
_SEVERAL = "it puts several columns together"
_TEXT_TYPES = ("char", "text", "clob")


class _Reader:
    def __init__(self, system: System, columns: Mapping[str, tuple[str, ...]], types: Mapping[str, str]) -> None:
        self.system: System = system
        self.columns = columns
        self.types = types

    def of_scope(self, scope: Scope) -> Iterator[TableUse]:
        select = scope.expression
        if not isinstance(select, exp.Select):
            return
        tables = {
            alias: self.name_of(source) for alias, source in scope.sources.items() if isinstance(source, exp.Table)
        }
        conjuncts = list(_conjuncts(select))
        order = self.order(select, tables)
        grouped = any(select.args.get(part) for part in ("group", "distinct", "having"))
        grouped = grouped or any(node.find(exp.AggFunc) for node in select.expressions)
        limit = select.args.get("limit")
        for alias, table in tables.items():
            mine = [one for term in conjuncts for one in self.condition(term, alias, tables)]
            ordered = order.get(alias, ()) if not grouped else ()
            yield TableUse(
                table=table,
                alias=alias,
                conditions=tuple(one for one in mine if isinstance(one, Condition)),
                joins=tuple(one for one in mine if isinstance(one, Join)),
                order=ordered,
                limited=limit is not None and not grouped,
                limit=_limit_place(limit),
                limit_text=_limit_text(limit),
                read=self.read(scope, select, alias, tables),
            )

    def name_of(self, table: exp.Table) -> str:
        schema = f"{table.db}." if table.db else ""
        full = f"{schema}{table.name}"
        return full if full in self.columns else table.name

    def owner(self, column: exp.Column, tables: Mapping[str, str]) -> str | None:
        """Alias of the table a column belongs to; None for one of an outer statement or a subquery."""
        if column.table:
            return column.table if column.table in tables else None
        holders = [alias for alias, table in tables.items() if column.name in self.columns.get(table, ())]
        return holders[0] if len(holders) == 1 else None

    def read(self, scope: Scope, select: exp.Select, alias: str, tables: Mapping[str, str]) -> frozenset[str] | None:
        for star in select.find_all(exp.Star):
            if isinstance(star.parent, exp.Select | exp.Column):
                return None
        names = set()
        for column in select.find_all(exp.Column):
            if column.table == alias or (not column.table and self.owner(column, tables) == alias):
                names.add(self.exact(column, tables[alias]))
        return frozenset(names)

    def order(self, select: exp.Select, tables: Mapping[str, str]) -> dict[str, tuple[Ordering, ...]]:
        """The ORDER BY by the alias it belongs to, if it belongs to one."""
        clause = select.args.get("order")
        terms: list[Ordering] = []
        owners: set[str | None] = set()
        for term in clause.expressions if clause else []:
            column = term.this
            if not isinstance(column, exp.Column):
                return {}
            owners.add(self.owner(column, tables))
            owner = self.owner(column, tables)
            name = self.exact(column, tables[owner]) if owner else column.name
            terms.append(Ordering(column=name, descending=bool(term.args.get("desc"))))
        alias = next(iter(owners)) if len(owners) == 1 else None
        return {alias: tuple(terms)} if alias is not None else {}

    def condition(self, term: exp.Expr, alias: str, tables: Mapping[str, str]) -> Iterator[Condition | Join]:
        columns = [one for one in _own_columns(term) if self.owner(one, tables) == alias]
        if not columns:
            return
        term = term.unnest()
        semi = self.semi_join(term, tables[alias]) if isinstance(term, exp.In) else None
        if semi is not None:
            yield semi
            return
        others = [one for one in _own_columns(term) if self.owner(one, tables) != alias]
        if others:
            yield from self.join(term, alias, tables)
            return
        yield self.local(term, columns, tables[alias])

    def semi_join(self, term: exp.In, table: str) -> Join | None:
        """`column IN (SELECT other FROM table …)`: a join that keeps this side's rows."""
        query = term.args.get("query")
        select = query.unnest() if isinstance(query, exp.Expr) else None
        if not isinstance(term.this, exp.Column) or not isinstance(select, exp.Select) or len(select.expressions) != 1:
            return None
        source, column = select.find(exp.Table), select.expressions[0].unalias()
        if source is None or not isinstance(column, exp.Column):
            return None
        return Join(column=self.exact(term.this, table), other_table=self.name_of(source))

    def join(self, term: exp.Expr, alias: str, tables: Mapping[str, str]) -> Iterator[Join]:
        if not isinstance(term, exp.EQ):
            return
        for this, other in ((term.left, term.right), (term.right, term.left)):
            if isinstance(this, exp.Column) and isinstance(other, exp.Column) and self.owner(this, tables) == alias:
                yield Join(
                    column=self.exact(this, tables[alias]),
                    other_table=tables.get(self.owner(other, tables) or "", other.table),
                )
                return

    def local(self, term: exp.Expr, columns: list[exp.Column], table: str) -> Condition:
        sql = self.sql(term)

        def other(why: str) -> Condition:
            return Condition(sort="other", sql=sql, inside=self.exact(columns[0], table), why=why)

        if term.find(exp.Subquery, exp.Exists) or isinstance(term.args.get("query"), exp.Expr):
            return other("its values come from a subquery")
        if isinstance(term, exp.Column):
            return self.flag(self.exact(term, table), "true" if self.system == "postgresql" else "1", sql)
        if isinstance(term, exp.Not):
            inner = term.this.unnest()
            if isinstance(inner, exp.Column):
                return self.flag(self.exact(inner, table), "false" if self.system == "postgresql" else "0", sql)
            return other("a condition with NOT leaves nearly all rows")
        if isinstance(term, exp.Or):
            return other("conditions joined by OR need an index each")
        for kind, sort in _SORTS:
            if isinstance(term, kind):
                return self.compared(term.this, sort, term, table) or other(_SEVERAL)
        if isinstance(term, _COMPARED):
            sides = (term.left, term.right)
            with_column = [side for side in sides if any(_own_columns(side))]
            if len(with_column) != 1:
                return other("it compares columns of one row")
            ranged = not isinstance(term, exp.EQ | exp.NullSafeEQ)
            return self.compared(with_column[0], "range" if ranged else "equal", term, table) or other(_SEVERAL)
        if isinstance(term, exp.NEQ):
            return other("<> leaves nearly all rows")
        return other("its operator is not one that a B-tree serves")

    def flag(self, column: str, value: str, sql: str) -> Condition:
        """A column that is a condition by itself."""
        return Condition(sort="equal", sql=sql, column=column, inside=column, constant=value)

    def compared(self, side: exp.Expr, sort: Sort, term: exp.Expr, table: str) -> Condition | None:
        """A comparison of `side` with values; None where the side puts several columns together."""
        bare = self.bare(side.unnest(), table)
        inside = sorted({self.exact(column, table) for column in _own_columns(side)})
        if len(inside) != 1:
            return None
        rest = [part for part in _parts(term) if part is not side]
        places = [place.name for part in rest for place in part.find_all(exp.Placeholder)]
        constant = None
        if sort == "equal" and len(rest) == 1 and isinstance(rest[0].unnest(), exp.Literal | exp.Boolean | exp.Null):
            constant = rest[0].sql(dialect=DIALECTS[self.system])
        return Condition(
            sort=sort,
            sql=self.sql(term),
            column=bare,
            expression=None if bare is not None else self.sql(side.unnest()),
            inside=inside[0],
            constant=constant,
            values=tuple(int(name[1:]) for name in places if name[1:].isdecimal()),
            many=(isinstance(term, exp.In) and len(rest) > 1) or any(part.find(exp.Any) for part in rest),
            case_insensitive=sort == "pattern" and (isinstance(term, exp.ILike) or self.system == "sqlite"),
            built=sort == "pattern" and any(part.find(exp.DPipe, exp.Concat) for part in rest),
        )

    def bare(self, side: exp.Expr, table: str) -> str | None:
        """The column where it is compared as it stands: also one cast from one text type to another."""
        if isinstance(side, exp.Column):
            return self.exact(side, table)
        if isinstance(side, exp.Cast) and isinstance(side.this, exp.Column) and self.system == "postgresql":
            name = self.exact(side.this, table)
            of, to = self.types.get(f"{table}.{name}", ""), side.to.sql(dialect="postgres").lower()
            if any(word in of for word in _TEXT_TYPES) and any(word in to for word in _TEXT_TYPES):
                return name
        return None

    def exact(self, column: exp.Column, table: str) -> str:
        """The column's name as the schema has it: names without quotes have no case."""
        name = column.name
        known = self.columns.get(table, ())
        if name in known or column.this.args.get("quoted"):
            return name
        return next((one for one in known if one.lower() == name.lower()), name)

    def sql(self, term: exp.Expr) -> str:
        """SQL over plain column names, with values as `:v0`."""
        copy = term.copy()
        for column in list(copy.find_all(exp.Column)):
            column.set("table", None)
            column.set("db", None)
        for place in list(copy.find_all(exp.Placeholder)):
            place.replace(exp.Var(this=f":{place.name}"))
        return copy.sql(dialect=DIALECTS[self.system])


def _conjuncts(select: exp.Select) -> Iterator[exp.Expr]:
    clauses = [select.args.get("where"), *(join.args.get("on") for join in select.args.get("joins") or [])]
    for clause in clauses:
        body = clause.this if isinstance(clause, exp.Where) else clause
        if body is not None:
            unnested = body.unnest()
            yield from unnested.flatten() if isinstance(unnested, exp.And) else [unnested]


def _own_columns(term: exp.Expr) -> Iterator[exp.Column]:
    """Columns of a term, but not those inside its subqueries."""
    for node in term.walk(prune=lambda node: isinstance(node, exp.Subquery | exp.Select)):
        if isinstance(node, exp.Column):
            yield node


def _parts(term: exp.Expr) -> list[exp.Expr]:
    """The sides of a comparison."""
    found = [term.args.get(name) for name in ("this", "expression", "low", "high")] + list(term.expressions)
    return [one for one in found if isinstance(one, exp.Expr)]


def _limit_place(limit: exp.Expr | None) -> int | None:
    place = limit.find(exp.Placeholder) if limit is not None else None
    return int(place.name[1:]) if place is not None and place.name[:1] == "v" else None


def _limit_text(limit: exp.Expr | None) -> str | None:
    number = limit.find(exp.Literal) if limit is not None else None
    return number.name if number is not None else None
