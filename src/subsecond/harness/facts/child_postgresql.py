"""Of `child.py`: what PostgreSQL tells, through psycopg or psycopg2. Every transaction is rolled back."""

from __future__ import annotations

import json

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    JSON = dict[str, Any]

COMMON_VALUES = 20
"""Columns with more frequent values than this are no flags or states: their values stay where they are."""
MAX_TABLES = 2000
TABLES = """
SELECT c.oid::bigint, n.nspname, c.relname, c.reltuples::float8, c.relpages::bigint, pg_table_size(c.oid)::bigint,
       pg_table_is_visible(c.oid)
FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE c.relkind IN ('r', 'p', 'm') AND n.nspname NOT IN ('pg_catalog', 'information_schema')
  AND n.nspname NOT LIKE 'pg\\_t%'
ORDER BY c.reltuples DESC LIMIT {limit}"""
COLUMNS = """
SELECT a.attrelid::bigint, a.attname, format_type(a.atttypid, a.atttypmod), NOT a.attnotnull,
       s.n_distinct::float8, s.null_frac::float8, s.correlation::float8, s.avg_width::float8,
       s.most_common_vals::text::text[], s.most_common_freqs::float8[], l.collname
FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid JOIN pg_namespace n ON n.oid = c.relnamespace
LEFT JOIN pg_stats s ON s.schemaname = n.nspname AND s.tablename = c.relname AND s.attname = a.attname
  AND NOT s.inherited
LEFT JOIN pg_collation l ON l.oid = a.attcollation
WHERE a.attnum > 0 AND NOT a.attisdropped AND c.relkind IN ('r', 'p', 'm')
  AND n.nspname NOT IN ('pg_catalog', 'information_schema') AND n.nspname NOT LIKE 'pg\\_t%'
ORDER BY a.attrelid, a.attnum"""
INDEXES = """
SELECT i.indrelid::bigint, c.relname, am.amname, i.indisunique, i.indisvalid AND i.indisready,
       i.indisprimary OR EXISTS (SELECT 1 FROM pg_constraint k WHERE k.conindid = i.indexrelid),
       i.indnkeyatts::int, i.indnatts::int,
       ARRAY(SELECT pg_get_indexdef(i.indexrelid, k, true) FROM generate_series(1, i.indnatts) k),
       ARRAY(SELECT i.indkey[k - 1] = 0 FROM generate_series(1, i.indnatts) k),
       ARRAY(SELECT (i.indoption[k - 1] & 1) = 1 FROM generate_series(1, i.indnkeyatts) k),
       ARRAY(SELECT CASE WHEN o.opcdefault THEN NULL ELSE o.opcname END FROM generate_series(1, i.indnkeyatts) k
             JOIN pg_opclass o ON o.oid = i.indclass[k - 1] ORDER BY k),
       pg_get_expr(i.indpred, i.indrelid, true), pg_relation_size(i.indexrelid)::bigint, s.idx_scan,
       pg_get_indexdef(i.indexrelid),
       ARRAY(SELECT a.attname FROM generate_series(1, i.indnatts) k
             LEFT JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = i.indkey[k - 1] AND i.indkey[k - 1] <> 0
             ORDER BY k)
FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid JOIN pg_am am ON am.oid = c.relam
JOIN pg_namespace n ON n.oid = c.relnamespace LEFT JOIN pg_stat_user_indexes s ON s.indexrelid = i.indexrelid
WHERE n.nspname NOT IN ('pg_catalog', 'information_schema') AND n.nspname NOT LIKE 'pg\\_t%'
ORDER BY c.relname"""
SETTINGS = ("random_page_cost", "seq_page_cost", "cpu_tuple_cost", "cpu_operator_cost", "cpu_index_tuple_cost")


class Postgres:
    """One connection through psycopg or psycopg2."""

    def __init__(self, where: JSON) -> None:
        driver = __import__("psycopg2" if "psycopg2" in where.get("driver", "") else "psycopg")
        wanted = {key: where[key] for key in ("host", "port", "dbname", "user", "password") if where.get(key)}
        self.connection = driver.connect(connect_timeout=5, application_name="subsecond", **wanted)
        self.version = self.ask("SHOW server_version_num")[0][0]
        self.connection.rollback()

    def ask(self, sql: str, values: Any = None) -> Any:
        cursor = self.connection.cursor()
        try:
            cursor.execute(sql, values)
            return cursor.fetchall()
        finally:
            cursor.close()

    def begin(self, seconds: float, read_only: bool = True) -> None:
        """A transaction that is rolled back: no statement of ours runs long, waits for a lock, or writes."""
        self.connection.rollback()
        cursor = self.connection.cursor()
        if read_only:
            cursor.execute("SET TRANSACTION READ ONLY")
        cursor.execute(f"SET LOCAL statement_timeout = {int(seconds * 1000)}")
        cursor.execute("SET LOCAL lock_timeout = 1000")
        cursor.close()

    def schema(self) -> JSON:
        self.begin(60)
        tables: dict[int, JSON] = {}
        for oid, schema, name, rows, pages, size, visible in self.ask(TABLES.format(limit=MAX_TABLES)):
            tables[oid] = {
                "name": name if visible else f"{schema}.{name}",
                "schema": schema,
                "rows": max(rows, 0.0),
                "pages": pages,
                "bytes": size,
                "columns": {},
                "indexes": [],
            }
            if rows < 0:  # never analysed: the planner does not know either
                tables[oid]["rows"] = float(self.ask(f"SELECT count(*) FROM {quoted(schema)}.{quoted(name)}")[0][0])
        for oid, name, kind, nullable, distinct, missing, correlation, width, values, shares, collation in self.ask(
            COLUMNS
        ):
            if oid not in tables:
                continue
            few = values is not None and len(values) <= COMMON_VALUES and distinct is not None and 0 < distinct <= 100
            rows = tables[oid]["rows"]
            tables[oid]["columns"][name] = {
                "name": name,
                "type": kind,
                "nullable": nullable,
                "distinct": None if distinct is None else (-distinct * rows if distinct < 0 else distinct),
                "missing": missing,
                "correlation": correlation,
                "width": width,
                "common": dict(zip(values, shares)) if few else {},
                "collation": collation,
            }
        for row in self.ask(INDEXES):
            if row[0] in tables:
                tables[row[0]]["indexes"].append(postgres_index(row))
        settings = {name: self.ask(f"SHOW {name}")[0][0] for name in SETTINGS}
        collation = self.ask("SELECT datcollate FROM pg_database WHERE datname = current_database()")[0][0]
        hypothetical = self.ask("SELECT count(*) FROM pg_available_extensions WHERE name = 'hypopg'")[0][0]
        self.connection.rollback()
        number = int(self.version)
        return {
            "system": "postgresql",
            "version": [number // 10000, number % 10000],
            "tables": list(tables.values()),
            "settings": settings,
            "c_collation": collation in ("C", "POSIX"),
            "hypothetical": bool(hypothetical),
        }

    def explain(self, statement: JSON, values: Any, seconds: float) -> JSON:
        text, generic = statement["text"], values is None and bool(statement.get("generic"))
        if values is None and not generic:
            return {"why": "its values could not be read from the recording"}
        if generic and int(self.version) < 160000:
            return {"why": "its values could not be read from the recording, and this PostgreSQL plans none without"}
        self.begin(seconds)
        try:
            options = "FORMAT JSON, GENERIC_PLAN" if generic else "FORMAT JSON"
            sql = f"EXPLAIN ({options}) {statement['generic'] if generic else text}"
            found = self.ask(sql, None if generic or values in ([], {}) else values)[0][0]
            plan = json.loads(found) if isinstance(found, str) else found
            return {"tree": plan[0]["Plan"], "generic": generic}
        finally:
            self.connection.rollback()

    def count(self, query: JSON, values: Any, seconds: float) -> JSON:
        self.begin(seconds)
        try:
            return {"row": [float(one or 0) for one in self.ask(query["text"], values or None)[0]]}
        finally:
            self.connection.rollback()

    def what_if(self, indexes: list[JSON], statements: list[tuple[JSON, Any]], seconds: float) -> JSON:
        """Planner cost of each statement without and with each hypothetical index (HypoPG, in this session only)."""
        self.begin(seconds, read_only=False)
        try:
            cursor = self.connection.cursor()
            cursor.execute("CREATE EXTENSION IF NOT EXISTS hypopg")
            cost: JSON = {"": {one["id"]: self.cost(one, values) for one, values in statements}}
            for index in indexes:
                cursor.execute("SELECT hypopg_reset()")
                cursor.execute("SELECT * FROM hypopg_create_index(%s)", (index["text"],))
                wanted = [(one, values) for one, values in statements if one["id"] in index["statements"]]
                cost[index["id"]] = {one["id"]: self.cost(one, values) for one, values in wanted}
            cursor.execute("SELECT hypopg_reset()")
            return cost
        finally:
            self.connection.rollback()

    def cost(self, statement: JSON, values: Any) -> float:
        found = self.ask(f"EXPLAIN (FORMAT JSON) {statement['text']}", values or None)[0][0]
        plan = json.loads(found) if isinstance(found, str) else found
        return float(plan[0]["Plan"]["Total Cost"])


def postgres_index(row: Any) -> JSON:
    """One row of INDEXES."""
    keys, total = row[6], row[7]
    texts, expressions, descending, operators, names = row[8], row[9], row[10], row[11], row[16]
    return {
        "name": row[1],
        "method": row[2],
        "unique": row[3],
        "valid": row[4],
        "constraint": row[5],
        "keys": [
            {
                "column": None if expressions[at] else names[at],
                "expression": texts[at] if expressions[at] else None,
                "descending": descending[at],
                "operators": operators[at],
            }
            for at in range(keys)
        ],
        "include": [names[at] for at in range(keys, total)],
        "where": row[12],
        "bytes": row[13],
        "uses": row[14],
        "definition": row[15],
    }


def quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def connect(where: JSON) -> Postgres:
    """A connection, to be asked."""
    return Postgres(where)
