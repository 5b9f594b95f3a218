"""A write that any database of one's own takes: in each small table the rows change places under their keys.

Every row gets what another row said, its key and what must be unique kept: types, references and checks go on holding,
and an answer that shows a row next to its key must change. The same statements do the same on two copies of one
database. Tables that tell users and their rights apart are left alone: a request is still allowed afterwards.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from subsecond.harness.arms import Arm
from subsecond.harness.clones import NoCloneError

MOST_ROWS = 20_000
"""Of a table that is changed; above it the write would take longer than what is measured."""
_PEOPLE = re.compile(r"user|account|member|session|token|role|permission|auth|version|migration", re.I)
_POSTGRES = f"""
SELECT c.oid::regclass::text,
 (SELECT string_agg(quote_ident(a.attname), ', ' ORDER BY a.attnum) FROM pg_index i JOIN pg_attribute a
  ON a.attrelid = c.oid AND a.attnum = ANY(i.indkey) WHERE i.indrelid = c.oid AND i.indisprimary),
 (SELECT string_agg(quote_ident(a.attname), ', ' ORDER BY a.attnum) FROM pg_attribute a WHERE a.attrelid = c.oid
  AND a.attnum > 0 AND NOT a.attisdropped AND a.attgenerated = '' AND a.attidentity = '' AND NOT EXISTS
  (SELECT 1 FROM pg_index i WHERE i.indrelid = c.oid AND i.indisunique AND a.attnum = ANY(i.indkey)) AND NOT EXISTS
  (SELECT 1 FROM pg_constraint f WHERE f.conrelid = c.oid AND f.confrelid = c.oid AND a.attnum = ANY(f.conkey)))
FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE c.relkind = 'r' AND c.reltuples <= {MOST_ROWS}
AND n.nspname NOT IN ('pg_catalog', 'information_schema') ORDER BY 1
"""
_SQLITE = """
SELECT '"' || m.name || '"',
 (SELECT group_concat('"' || name || '"', ', ') FROM pragma_table_info(m.name) WHERE pk > 0),
 (SELECT group_concat('"' || name || '"', ', ') FROM pragma_table_info(m.name) WHERE pk = 0 AND name NOT IN
  (SELECT i.name FROM pragma_index_list(m.name) l, pragma_index_info(l.name) i WHERE l."unique" = 1) AND name NOT IN
  (SELECT f."from" FROM pragma_foreign_key_list(m.name) f WHERE f."table" = m.name))
FROM sqlite_master m WHERE m.type = 'table' AND m.name NOT LIKE 'sqlite!_%' ESCAPE '!' ORDER BY 1
"""


Move = tuple[str, str]
"""The statement that moves the rows of a table by one place, and the one that moves them back."""


def moves(arm: Arm) -> list[Move]:
    """What changes the arm's data; empty where it has no scratch database of its own or no table that fits."""
    if arm.isolation != "clone" or arm.system is None:
        return []
    tables = arm.run_sql([_POSTGRES if arm.system == "postgresql" else _SQLITE])
    taken = [
        (table, keys.split(", "), columns.split(", "))
        for table, keys, columns in tables
        if keys and columns and not _PEOPLE.search(table)
    ]
    return [(rotation(*one), rotation(*one, " DESC")) for one in taken]


def rotation(table: str, keys: Sequence[str], columns: Sequence[str], way: str = "") -> str:
    """The statement for one table; all names quoted already. With ` DESC` as its `way` it undoes the one without."""
    names, order = ", ".join(keys), ", ".join(f"{key}{way}" for key in keys)

    def same(one: str, other: str) -> str:
        return " AND ".join(f"{one}.{key} = {other}.{key}" for key in keys)

    return (
        f"WITH places AS (SELECT {names}, row_number() OVER (ORDER BY {order}) AS place, count(*) OVER () AS places "
        f"FROM {table}) UPDATE {table} AS target SET {', '.join(f'{one} = source.{one}' for one in columns)} "
        f"FROM places AS here JOIN places AS next ON next.place = here.place % here.places + 1 "
        f"JOIN {table} AS source ON {same('source', 'next')} WHERE {same('target', 'here')}"
    )


def write(arms: Sequence[Arm], wanted: Sequence[Move], back: bool = False) -> list[Move]:
    """Move the rows on each arm; the moves that were taken, without those that a constraint or a trigger refuses."""
    way = 1 if back else 0
    try:
        for one in arms:
            one.run_sql(["BEGIN", *(move[way] for move in wanted), "COMMIT"])
        return list(wanted)
    except NoCloneError:
        return [move for move in wanted if _taken(arms, move[way])]


def _taken(arms: Sequence[Arm], statement: str) -> bool:
    try:
        for one in arms:
            one.run_sql([statement])
        return True
    except NoCloneError:
        return False
