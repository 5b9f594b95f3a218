"""What requests have written: the rows of both sides' databases, held against each other after the same requests."""

from __future__ import annotations

import datetime as dt
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Any

from subsecond.harness import clones
from subsecond.harness.arms import Arm
from subsecond.harness.clones import Connection
from subsecond.prove.sides import Sides

MOST_ROWS = 20_000
"""Of a table that is read; a larger one is compared by its number of rows and what its columns come to."""
CLOCK = 1e9
"""A number above it may be what a clock says in seconds, or a made-up key: it is not summed."""
CLOCK_SECONDS = 3600.0
"""Two times closer than this may be the clock of each side's own write."""
_OPAQUE = re.compile(r"[0-9a-fA-F-]{16,}\Z|[\w-]{20,}\Z")
_TABLES = {
    "sqlite": "SELECT '\"' || name || '\"' FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite!_%' "
    "ESCAPE '!' ORDER BY 1",
    "postgresql": "SELECT c.oid::regclass::text FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace "
    "WHERE c.relkind = 'r' AND n.nspname NOT IN ('pg_catalog', 'information_schema') ORDER BY 1",
}
_COLUMNS = {
    "sqlite": "SELECT '\"' || m.name || '\"', '\"' || p.name || '\"', p.type FROM sqlite_master m, "
    "pragma_table_info(m.name) p WHERE m.type = 'table' ORDER BY m.name, p.cid",
    "postgresql": "SELECT a.attrelid::regclass::text, quote_ident(a.attname), format_type(a.atttypid, NULL) "
    "FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid WHERE c.relkind = 'r' AND a.attnum > 0 "
    "AND NOT a.attisdropped ORDER BY 1, a.attnum",
}
_NUMBER = re.compile(r"int|real|floa|doub|num|dec", re.I)
_TEXT = re.compile(r"char|text|clob", re.I)


def differences(sides: Sides) -> dict[str, str]:
    """The tables whose rows are not the same on both sides, with how; empty where the sides have no copies.

    What differs before the first request (a candidate's migration has filled a table, its start has written) tells
    nothing of the requests.
    """
    base, candidate = sides.arms["base"], sides.arms["candidate"]
    if base.isolation != "clone" or candidate.isolation != "clone":
        return {}
    found: dict[str, str] = {}
    for source, copy in base.databases.items():
        other = candidate.databases[source]
        here, there = (
            [str(name) for (name,) in _asked(arm, database, [_TABLES[database.system]])[0]]
            for arm, database in ((base, copy), (candidate, other))
        )
        tables = [name for name in here if name in there]
        counts = [f"SELECT count(*) FROM {table}" for table in tables]
        sizes = [(_number(a), _number(b)) for a, b in zip(*(_both(base, candidate, copy, other, counts)), strict=True)]
        read = [table for table, size in zip(tables, sizes, strict=True) if max(size) <= MOST_ROWS]
        whole = _both(base, candidate, copy, other, [f"SELECT * FROM {table}" for table in read])
        rows = dict(zip(read, zip(*whole, strict=True), strict=True))
        for table, (one, two) in zip(tables, sizes, strict=True):
            name = table.strip('"')
            if one != two:
                found[name] = f"{two} rows in table {name} instead of {one}"
            elif table in rows and (changed := _changed(*rows[table])):
                found[name] = f"{changed} rows in table {name} are not as the base leaves them"
        large = [table for table, size in zip(tables, sizes, strict=True) if table not in rows and size[0] == size[1]]
        sums = _sums(base, copy, large)
        for table, ours, theirs in zip(sums, *_both(base, candidate, copy, other, [*sums.values()]), strict=True):
            if ours != theirs:
                name = table.strip('"')
                found[name] = f"the columns of table {name} do not come to what the base leaves in them"
    return found


def _sums(one: Arm, database: Connection, tables: Sequence[str]) -> dict[str, str]:
    """By table, the statement that says what its columns come to: values, lengths of texts, sums of numbers."""
    if not tables:
        return {}
    parts = dict[str, list[str]]()
    for table, column, sort in _asked(one, database, [_COLUMNS[database.system]])[0]:
        told = parts.setdefault(table, [])
        told.append(f"count({column})")
        if _NUMBER.search(sort):
            told.append(f"sum(CASE WHEN abs({column}) < {CLOCK:.0f} THEN {column} END)")
        elif _TEXT.search(sort):
            told.append(f"sum(length({column}))")
    return {table: f"SELECT {', '.join(parts[table])} FROM {table}" for table in tables if table in parts}


def _both(
    base: Arm, candidate: Arm, copy: Connection, other: Connection, statements: Sequence[str]
) -> tuple[list[Any], list[Any]]:
    return _asked(base, copy, statements), _asked(candidate, other, statements)


def _asked(one: Arm, database: Connection, statements: Sequence[str]) -> list[Any]:
    """What each statement gave."""
    steps = [{"op": "run", "sql": [statement]} for statement in statements]
    return [given["rows"] for given in clones.work_on(one.base.python.executable, database, *steps)] if steps else []


def _number(rows: Sequence[Sequence[int]]) -> int:
    return rows[0][0]


def _changed(base: Sequence[Sequence[Any]], candidate: Sequence[Sequence[Any]]) -> int:
    """How many rows differ, clocks and made-up keys apart."""
    ours, theirs = (Counter(tuple(map(repr, row)) for row in rows) for rows in (base, candidate))
    left, right = sorted((ours - theirs).elements()), sorted((theirs - ours).elements())
    return sum(
        len(one) != len(two) or not all(a == b or _made_up(a, b) for a, b in zip(one, two, strict=True))
        for one, two in zip(left, right, strict=True)
    )


def _made_up(one: str, other: str) -> bool:
    """Whether both are what each side's clock or chance has made."""
    texts = [text.strip("'") for text in (one, other)]
    times = list(_times(texts))
    if len(times) == len(texts):
        return abs((times[0] - times[1]).total_seconds()) < CLOCK_SECONDS
    return len(texts[0]) == len(texts[1]) and all(_OPAQUE.match(text) for text in texts)


def _times(texts: Sequence[str]) -> Iterator[dt.datetime]:
    for text in texts:
        try:
            found = dt.datetime.fromisoformat(text) if len(text) > len("2026-01-01") else None
        except ValueError:
            return
        if found is not None:
            yield found.replace(tzinfo=None)
