"""Values that the data itself holds for a parameter: a key without rows that belong to it, the most frequent date.

Boundaries show where a value is met exactly, and what "nothing" means at a key that nothing refers to. Which column
a parameter is about is told by its name (`depot`, `depot_id`, `/depots/7`), as is which column refers to a key where no
constraint says it; for a date all columns of dates are looked at.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from itertools import permutations
from typing import Any

from subsecond.harness.arms import Arm
from subsecond.harness.clones import Connection, NoCloneError

MOST_VALUES = 32
"""Of one parameter."""
SPREAD = 24
"""Keys taken evenly from a table."""
MOST_BESIDE = 64
"""Other values of a column that holds a given text: of a short table of codes, all."""
MOST_ROWS = 20_000
"""Of a table in which a given text is looked for."""
MOST_CHILDREN = 6
"""Columns that refer to a key."""
LONGEST = 60
_COLUMNS = {
    "sqlite": """
SELECT '"' || m.name || '"', '"' || p.name || '"', p.type,
 p.pk = 1 AND (SELECT count(*) FROM pragma_table_info(m.name) WHERE pk > 0) = 1,
 coalesce((SELECT '"' || f."table" || '"' FROM pragma_foreign_key_list(m.name) f WHERE f."from" = p.name LIMIT 1), '')
FROM sqlite_master m, pragma_table_info(m.name) p WHERE m.type = 'table' AND m.name NOT LIKE 'sqlite!_%' ESCAPE '!'
ORDER BY m.name, p.cid
""",
    "postgresql": """
SELECT c.oid::regclass::text, quote_ident(a.attname), format_type(a.atttypid, NULL),
 EXISTS (SELECT 1 FROM pg_index i WHERE i.indrelid = c.oid AND i.indisprimary AND i.indnatts = 1
  AND i.indkey[0] = a.attnum),
 coalesce((SELECT f.confrelid::regclass::text FROM pg_constraint f WHERE f.contype = 'f' AND f.conrelid = c.oid
  AND f.conkey = ARRAY[a.attnum] LIMIT 1), '')
FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace JOIN pg_attribute a ON a.attrelid = c.oid
WHERE c.relkind = 'r' AND a.attnum > 0 AND NOT a.attisdropped
AND n.nspname NOT IN ('pg_catalog', 'information_schema') ORDER BY 1, a.attnum
""",
}
_COMPARED = re.compile(r"int|char|text|date|time|uuid|serial|num|dec|real|doub|money", re.I)
_TEXT = re.compile(r"char|text|clob", re.I)
_KEY = re.compile(r"int|uuid", re.I)
_DAY = re.compile(r"date|time", re.I)
_AFFIX = re.compile(r"^(?:min|max|from|to|until|since)_|_(?:min|max|from|to|until|since|id|ids|gte|lte|gt|lt)$")
_DATE = re.compile(r"\d{4}-\d\d-\d\d")


@dataclass(frozen=True, slots=True)
class _Column:
    """Names quoted. `key`: the table's whole primary key; `refers`: the table that a constraint leads to, or ""."""

    database: Connection
    table: str
    name: str
    sort: str
    key: bool
    refers: str


class Stored:
    """Reads an arm's copies; nothing where it has none."""

    def __init__(self, arm: Arm) -> None:
        self._arm = arm
        self._known: dict[tuple[str, bool], tuple[str, ...]] = {}
        self._beside: dict[str, tuple[str, ...]] = {}
        self._together: dict[tuple[str, str], tuple[tuple[str, str], ...]] = {}
        self._columns = [
            _Column(database, *row)
            for database, copy in (arm.databases.items() if arm.isolation == "clone" else ())
            for row in arm.run_sql([_COLUMNS[copy.system]], database)
        ]

    def values(self, name: str, given: str | None) -> tuple[str, ...]:
        """What columns of like name hold; where the given value is a date, else what columns of dates hold."""
        dated = bool(given and _DATE.match(given))
        asked = _stem(name), dated
        if asked not in self._known:
            keys = list(self._keys(asked[0]))
            found = dict.fromkeys(_texts([*keys, *self._others(asked[0], referring=not keys)], dated))
            if dated and not found:
                days = [one for one in self._columns if _DAY.search(one.sort)]
                found = dict.fromkeys(_texts([row for one in days for row in self._ask(one, _FREQUENT)], dated))
            self._known[asked] = tuple(found)[:MOST_VALUES]
        return self._known[asked]

    def beside(self, text: str) -> tuple[str, ...]:
        """What else the columns hold that hold this text in whatever case: other codes, where one was given."""
        if text not in self._beside:
            found = dict.fromkeys(
                value for one in self._holding(text) for value in _texts(self._ask(one, _evenly(MOST_BESIDE)), False)
            )
            self._beside[text] = tuple(value for value in found if value.lower() != text.lower())[:MOST_BESIDE]
        return self._beside[text]

    def together(self, one: str, other: str) -> tuple[tuple[str, str], ...]:
        """Two keys that stand in one row somewhere: what stands so in other rows (an order and who may see it)."""
        if (one, other) not in self._together:  # both are numbers or UUIDs, with nothing to quote
            found: dict[tuple[str, str], None] = {}
            for first, second in self._in_a_row(one, other):
                text = _PAIRS.format(first=first.name, second=second.name, table=first.table)
                rows = self._rows(text, first.database)
                found |= dict.fromkeys((str(here), str(there)) for here, there in rows)
            found.pop((one, other), None)
            self._together[one, other] = tuple(found)
        return self._together[one, other]

    def _in_a_row(self, one: str, other: str) -> Iterator[tuple[_Column, _Column]]:
        keyed = [each for each in self._columns if _KEY.search(each.sort)]
        for database, table in dict.fromkeys((each.database, each.table) for each in keyed):
            own = [each for each in keyed if (each.database, each.table) == (database, table)]
            pairs = list(permutations(own, 2))
            asked = [
                _BOTH.format(first=a.name, second=b.name, table=table, one=one, other=other) for a, b in pairs
            ]  # fmt: skip
            held = next(iter(self._rows(f"SELECT {', '.join(asked)}", database)), ()) if pairs else ()
            yield from (pair for pair, holds in zip(pairs, held, strict=False) if holds)

    def _rows(self, text: str, database: Connection) -> list[tuple[Any, ...]]:
        with suppress(NoCloneError):  # a type that cannot be compared or grouped: nothing is known then
            return [tuple(row) for row in self._arm.run_sql([text], database)]
        return []

    def _holding(self, text: str) -> Iterator[_Column]:
        """The columns of texts that hold it."""
        quoted = "'{}'".format(text.replace("'", "''"))
        for database in dict.fromkeys(one.database for one in self._columns):
            texts = [one for one in self._columns if one.database == database and _TEXT.search(one.sort)]
            asked = [_HOLDS.format(column=one.name, table=one.table, text=quoted) for one in texts]
            held: Sequence[Any] = ()
            with suppress(NoCloneError):  # a text that the database does not take (a zero byte)
                held = self._arm.run_sql([f"SELECT {', '.join(asked)}"], database)[0] if asked else ()
            yield from (one for one, holds in zip(texts, held, strict=False) if holds)

    def _keys(self, stem: str) -> Iterator[Any]:
        """Of the table that is called so: keys to which nothing refers, least, most; the others evenly."""
        for key in self._columns:
            if not key.key or _stem(key.table) != stem:
                continue
            children = [one for one in self._columns if not one.key and self._belongs(one, key)][:MOST_CHILDREN]
            for one in children:
                yield from self._ask(key, _CHILDLESS, child=one.name, children=one.table)
            for one in children:
                yield from self._ask(one, _MANY)
            yield from self._ask(key, _evenly(SPREAD))

    def _belongs(self, child: _Column, key: _Column) -> bool:
        if child.database != key.database or child.refers not in ("", key.table):
            return False
        return child.refers == key.table or _stem(child.name) == _stem(key.table)

    def _others(self, stem: str, *, referring: bool) -> Iterator[Any]:
        """Of the columns that are called so and are no keys; those that refer to keys where no table is called so
        (`mentor` -> `mentor_id`, which leads to users)."""
        for one in self._columns:
            if one.key or (one.refers and not referring):
                continue
            if _stem(one.name) == stem and _COMPARED.search(one.sort):
                yield from self._ask(one, _FREQUENT)
                yield from self._ask(one, _ENDS)

    def _ask(self, one: _Column, statement: str, **more: str) -> list[Any]:
        text = statement.format(column=one.name, table=one.table, **more)
        return [value for row in self._rows(text, one.database) for value in row]


_CHILDLESS = (
    "SELECT {column} FROM {table} WHERE {column} NOT IN (SELECT {child} FROM {children} WHERE {child} IS NOT NULL) "
    "ORDER BY {column} LIMIT 2"
)
_GROUPED = "SELECT {column} FROM {table} WHERE {column} IS NOT NULL GROUP BY {column} ORDER BY count(*) DESC, {column} "
_MANY, _FREQUENT = f"{_GROUPED}LIMIT 1", f"{_GROUPED}LIMIT 5"
_ENDS = "SELECT min({column}), max({column}) FROM {table}"
_HOLDS = (
    f"EXISTS (SELECT 1 FROM (SELECT {{column}} FROM {{table}} LIMIT {MOST_ROWS}) AS looked_at "
    "WHERE lower({column}) = lower({text}))"
)


_BOTH = "EXISTS (SELECT 1 FROM {table} WHERE CAST({first} AS text) = '{one}' AND CAST({second} AS text) = '{other}')"
_PAIRS = (
    "SELECT {first}, {second} FROM (SELECT {first}, {second}, row_number() OVER (ORDER BY {first}, {second}) AS place, "
    "count(*) OVER () AS places FROM (SELECT DISTINCT {first}, {second} FROM {table} WHERE {first} IS NOT NULL "
    "AND {second} IS NOT NULL) AS own) AS numbered "
    f"WHERE place = places OR (place - 1) % (1 + (places - 1) / {SPREAD}) = 0 ORDER BY {{first}}, {{second}}"
)


def _evenly(spread: int) -> str:
    """Of a column's values some `spread`, evenly in their order, the first and the last among them."""
    return (
        "SELECT {column} FROM (SELECT {column}, row_number() OVER (ORDER BY {column}) AS place, count(*) OVER () AS "
        "places FROM (SELECT DISTINCT {column} FROM {table} WHERE {column} IS NOT NULL) AS own) AS numbered "
        f"WHERE place = places OR (place - 1) % (1 + (places - 1) / {spread}) = 0 ORDER BY {{column}}"
    )


def _texts(values: Sequence[Any], dated: bool) -> Iterator[str]:
    for value in values:
        text = "" if value is None else str(value)
        if dated:
            text = text[: len("2026-01-01")] if _DATE.match(text) else ""
        if text and len(text) <= LONGEST:
            yield text


def _stem(name: str) -> str:
    """`"public"."Depots"` -> depot, `depot_id` -> depot, `capacity_min` -> capacity."""
    text = name.rpartition(".")[2].strip('"').lower()
    text = _AFFIX.sub("", text)
    return f"{text[:-3]}y" if text.endswith("ies") else text.removesuffix("s")
