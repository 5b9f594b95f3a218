"""A side whose database hands out rows otherwise than it does now, though by the same statements and of the same data.

An order that changes then was never promised by a statement (reference: measuring, section 4): it came from where rows
happen to lie or from the plan. PostgreSQL plans without its quicker ways, on a copy in which every second row of a
small table has moved; SQLite reads backwards what no ORDER BY puts in order, on a copy whose indexes hold equal values
in another order.
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import ExitStack, suppress
from dataclasses import replace

from subsecond.harness import clones
from subsecond.harness.arms import Arm, arm
from subsecond.harness.clones import Connection, NoCloneError
from subsecond.harness.session import Ground
from subsecond.prove.migration import up
from subsecond_agent import protocol

MOST_BYTES = 16 * 1024 * 1024
"""Of a table whose rows are moved; a larger one is read by many plans already."""
_PLANS = " ".join(
    f"-c enable_{one}=off"
    for one in ("indexscan", "bitmapscan", "indexonlyscan", "hashjoin", "hashagg", "incremental_sort")
)
SETTINGS = (("PGOPTIONS", _PLANS), (protocol.ENV_REVERSED, "1"))
"""Variables under which an app's database plans otherwise."""
_MOVES = f"""
SELECT format('UPDATE %1$s AS moved SET %2$s = moved.%2$s WHERE hashtext(moved::text) %% 2 = 0', c.oid::regclass,
 (SELECT quote_ident(a.attname) FROM pg_index i JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum = i.indkey[0]
  WHERE i.indrelid = c.oid AND i.indisprimary))
FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE c.relkind = 'r' AND pg_relation_size(c.oid) BETWEEN 1 AND {MOST_BYTES}
AND EXISTS (SELECT 1 FROM pg_index i WHERE i.indrelid = c.oid AND i.indisprimary)
AND n.nspname NOT IN ('pg_catalog', 'information_schema') ORDER BY 1
"""


_SQLITE_PLAIN = """
SELECT 'DROP INDEX "' || l.name || '"' FROM sqlite_master m, pragma_index_list(m.name) l
WHERE m.type = 'table' AND l.origin = 'c' AND l."unique" = 0 AND l.partial = 0
"""
_SQLITE_INDEXES = """
SELECT 'CREATE INDEX "subsecond_' || m.name || '_' || p.name || '" ON "' || m.name || '" ("' || p.name || '", '
 || iif(upper(k.type) LIKE '%INT%', '"' || k.name || '" * 7919 % 1009', '"' || k.name || '" DESC') || ')'
FROM sqlite_master m JOIN pragma_table_info(m.name) p ON p.pk = 0 JOIN pragma_table_info(m.name) k ON k.pk = 1
WHERE m.type = 'table' AND m.name NOT LIKE 'sqlite!_%' ESCAPE '!' AND m.sql NOT LIKE 'CREATE VIRTUAL%'
AND upper(p.type) NOT LIKE '%BLOB%' AND upper(p.type) NOT LIKE '%JSON%'
AND (SELECT count(*) FROM pragma_table_info(m.name) WHERE pk > 0) = 1
"""
"""An index of each column, and in it equal values as if drawn by lot (7919 and 1009 are primes): rows that ORDER BY
ties come in that order where the plan goes by it, also backwards. Without it SQLite sorts them as they lie."""


def shaken(base: Ground, side: Arm, stack: ExitStack) -> Arm | None:
    """Another arm for the code of `side`, shaken; gone with `stack`. None where its data is no copy."""
    if side.isolation != "clone":
        return None
    other = replace(base, target=replace(base.target, env=(*base.target.env, *SETTINGS)))
    return stack.enter_context(arm(other, list(side.databases), prepare=_moved, say=lambda line: None))


def _moved(ground: Ground, databases: Mapping[Connection, Connection], env: Mapping[str, str]) -> None:
    up(ground, databases, env)
    for copy in databases.values():
        python = ground.python.executable
        told = [_MOVES] if copy.system == "postgresql" else [_SQLITE_PLAIN, _SQLITE_INDEXES]
        found = clones.work_on(python, copy, *({"op": "run", "sql": [one]} for one in told))
        steps = [{"op": "run", "sql": [statement]} for each in found for (statement,) in each["rows"]]
        try:
            clones.work_on(python, copy, *steps)
        except NoCloneError:  # a trigger or a rule of a table refuses: it stays as it lies
            for step in steps:
                with suppress(NoCloneError):
                    clones.work_on(python, copy, step)
