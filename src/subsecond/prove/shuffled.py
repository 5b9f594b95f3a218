"""A write that any database of one's own takes: in each small table the rows change places under their keys.

Every row gets what another row said, its key and what must be unique kept: types, references and checks go on holding,
and an answer that shows a row next to its key must change. The same statements do the same on two copies of one
database. Tables that tell users and their rights apart are left alone, and tables of settings: a request is still
allowed afterwards, and finds under each name a value of its sort.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from subsecond.harness.arms import Arm
from subsecond.harness.clones import Connection, NoCloneError

MOST_ROWS = 50_000
"""Of a table that is changed; above it the write would take longer than what is measured."""
_LEFT_ALONE = re.compile(
    r"user|account|member|session|token|role|permission|auth|version|migration|setting|config|option|preference|param",
    re.I,
)
_POSTGRES = """
SELECT c.oid::regclass::text,
 (SELECT string_agg(quote_ident(a.attname), ', ' ORDER BY a.attnum) FROM pg_index i JOIN pg_attribute a
  ON a.attrelid = c.oid AND a.attnum = ANY(i.indkey) WHERE i.indrelid = c.oid AND i.indisprimary),
 (SELECT string_agg(quote_ident(a.attname), ', ' ORDER BY a.attnum) FROM pg_attribute a WHERE a.attrelid = c.oid
  AND a.attnum > 0 AND NOT a.attisdropped AND a.attgenerated = '' AND a.attidentity = '' AND NOT EXISTS
  (SELECT 1 FROM pg_index i WHERE i.indrelid = c.oid AND i.indisunique AND a.attnum = ANY(i.indkey)) AND NOT EXISTS
  (SELECT 1 FROM pg_constraint f WHERE f.conrelid = c.oid AND f.confrelid = c.oid AND a.attnum = ANY(f.conkey))),
 (SELECT string_agg(quote_ident(a.attname), ', ' ORDER BY a.attnum) FROM pg_attribute a WHERE a.attrelid = c.oid
  AND a.attnum > 0 AND NOT a.attisdropped AND a.attgenerated = ''
  AND a.atttypid IN ('text'::regtype, 'varchar'::regtype) AND EXISTS
  (SELECT 1 FROM pg_index i WHERE i.indrelid = c.oid AND i.indisunique AND i.indnatts = 1 AND i.indkey[0] = a.attnum)
  AND NOT EXISTS (SELECT 1 FROM pg_index i WHERE i.indrelid = c.oid AND (i.indisprimary OR i.indnatts > 1)
  AND i.indisunique AND a.attnum = ANY(i.indkey)))
FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE c.relkind = 'r'
AND n.nspname NOT IN ('pg_catalog', 'information_schema') ORDER BY 1
"""
_SQLITE = """
SELECT '"' || m.name || '"',
 (SELECT group_concat('"' || name || '"', ', ') FROM pragma_table_info(m.name) WHERE pk > 0),
 (SELECT group_concat('"' || name || '"', ', ') FROM pragma_table_info(m.name) WHERE pk = 0 AND name NOT IN
  (SELECT i.name FROM pragma_index_list(m.name) l, pragma_index_info(l.name) i WHERE l."unique" = 1) AND name NOT IN
  (SELECT f."from" FROM pragma_foreign_key_list(m.name) f WHERE f."table" = m.name)),
 (SELECT group_concat('"' || name || '"', ', ') FROM pragma_table_info(m.name) WHERE pk = 0 AND (type LIKE '%char%'
  OR type LIKE '%text%') AND name IN (SELECT max(i.name) FROM pragma_index_list(m.name) l, pragma_index_info(l.name) i
  WHERE l."unique" = 1 GROUP BY l.name HAVING count(*) = 1))
FROM sqlite_master m WHERE m.type = 'table' AND m.name NOT LIKE 'sqlite!_%' ESCAPE '!' ORDER BY 1
"""


@dataclass(frozen=True, slots=True)
class Move:
    """The statements that move the rows of a table, and those that move them back. `database`: the app's own."""

    database: Connection
    there: Sequence[str]
    back: Sequence[str]


def moves(arm: Arm, *, apart: bool = False) -> list[Move]:
    """What changes the arm's data; empty where it has no scratch databases of its own or no table that fits.

    Whole rows change places, or with `apart` the values of each column by themselves, those of unique texts too.
    """
    found = list[Move]()
    for database, table, keys, names, unique in _tables(arm):
        parts = [[one] for one in names] if apart or not names else [names]
        for number, part in enumerate(parts):
            far = _FAR if not apart else _shifted(f"here.places * {number + 1} / {len(parts) + 1}")
            there, back = (rotation(table, keys, part, way, far) for way in ("", " DESC"))
            found.append(Move(database, [there], [back]))
        found += (unique_texts(database, table, keys, name) for name in unique if apart)
    return found


def unique_texts(database: Connection, table: str, keys: Sequence[str], name: str) -> Move:
    """The values of a unique column stand the other way round: what is sorted by them in place of the key shows. They
    are marked first, as no statement may meet one twice on its way."""
    mark, bare = f"UPDATE {table} SET {name} = '{_MARK}' || {name}", f"UPDATE {table} SET {name} = substr({name}, 2)"
    there = rotation(table, keys, [name], place=_REVERSED, form="substr(source.{}, 2)")
    back = rotation(table, keys, [name], place=_REVERSED, form=f"'{_MARK}' || source.{{}}")
    return Move(database, [mark, there], [back, bare])


def _tables(arm: Arm) -> Iterator[tuple[Connection, str, list[str], list[str], list[str]]]:
    """Database, table, its key, the columns that may change, unique texts; none where the arm has no copies."""
    if arm.isolation != "clone":
        return
    for database, copy in arm.databases.items():
        tables = arm.run_sql([_POSTGRES if copy.system == "postgresql" else _SQLITE], database)
        tables = [one for one in tables if all(one[:2]) and not _LEFT_ALONE.search(one[0])]
        sizes = [f"(SELECT count(*) FROM {table})" for table, *_ in tables]
        [rows] = arm.run_sql([f"SELECT {', '.join(sizes)}"], database) if tables else [[]]
        for (table, keys, columns, unique), size in zip(tables, rows, strict=True):
            if size <= MOST_ROWS:
                yield database, table, *(names.split(", ") if names else [] for names in (keys, columns, unique))


def copies(arm: Arm) -> list[Move]:
    """What has every third row of a table say what the one before it says: there are more of one and fewer of another
    then, which no change of places brings. It is not undone."""
    found = list[Move]()
    for database, table, keys, columns, _ in _tables(arm):
        if not columns:
            continue
        text = rotation(table, keys, columns, place=_shifted("here.places - 2"))
        found.append(Move(database, [f"{text} AND here.place % 3 = 0"], []))
    return found


def deletions(arm: Arm) -> list[Move]:
    """What takes every fifth row out of a table; where others refer to it that is refused. It is not undone."""
    found = list[Move]()
    for database, table, keys, *_ in _tables(arm):
        names = ", ".join(keys)
        text = (
            f"DELETE FROM {table} WHERE ({names}) IN (SELECT {names} FROM (SELECT {names}, row_number() OVER "
            f"(ORDER BY {names}) AS place FROM {table}) AS numbered WHERE place % 5 = 0)"
        )
        found.append(Move(database, [text], []))
    return found


_MARK = "\x01"
"""Before a unique text while it changes places; where a text begins with it, the statement is refused."""


def _shifted(step: str) -> str:
    """The place of the row so far behind, from the first on again after the last."""
    return f"(here.place + {step}) % here.places + 1"


_FAR = _shifted("here.places * 3 / 8")
"""Rows far away: those beside them may say much the same."""
_REVERSED = "here.places - here.place + 1"


def rotation(
    table: str,
    keys: Sequence[str],
    columns: Sequence[str],
    way: str = "",
    place: str = _FAR,
    *,
    form: str = "source.{}",
) -> str:
    """The statement for one table; all names quoted already. With ` DESC` as its `way` it undoes the one without.
    `place`: where the row stands that it is filled from, `form`: what a column gets of it."""
    names, order = ", ".join(keys), ", ".join(f"{key}{way}" for key in keys)

    def same(one: str, other: str) -> str:
        return " AND ".join(f"{one}.{key} = {other}.{key}" for key in keys)

    return (
        f"WITH places AS (SELECT {names}, row_number() OVER (ORDER BY {order}) AS place, count(*) OVER () AS places "
        f"FROM {table}) UPDATE {table} AS target SET {', '.join(f'{one} = {form.format(one)}' for one in columns)} "
        f"FROM places AS here JOIN places AS next ON next.place = {place} "
        f"JOIN {table} AS source ON {same('source', 'next')} WHERE {same('target', 'here')}"
    )


def write(arms: Sequence[Arm], wanted: Sequence[Move], back: bool = False) -> list[Move]:
    """Move the rows on each arm; the moves that were taken, without those that a constraint or a trigger refuses."""
    return [
        move
        for database in dict.fromkeys(one.database for one in wanted)
        for move in _written(arms, [one for one in wanted if one.database == database], back)
    ]


def _written(arms: Sequence[Arm], wanted: Sequence[Move], back: bool) -> list[Move]:
    """In one database: all at once where that goes."""
    statements = [move.back if back else move.there for move in wanted]
    every = [text for some in statements for text in some]
    try:
        for one in arms:
            one.run_sql(["BEGIN", *every, "COMMIT"], wanted[0].database)
        return list(wanted)
    except NoCloneError:
        return [move for move, own in zip(wanted, statements, strict=True) if _taken(arms, move.database, own)]


def _taken(arms: Sequence[Arm], database: Connection, statements: Sequence[str]) -> bool:
    try:
        for one in arms:
            one.run_sql(["BEGIN", *statements, "COMMIT"], database)
        return True
    except NoCloneError:
        return False
