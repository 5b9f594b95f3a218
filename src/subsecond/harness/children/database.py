"""Run by path in the app's interpreter with the app's own driver: copies, changes and drops scratch databases.

Standard library and the driver only, CPython 3.9+. One JSON object a line on standard input: `{"connection": {"driver",
"host", "port", "dbname", "user", "password"} or {"driver": "sqlite3", "path"}, "do": [step, …]}`; each step is
`{"op": "create", "name", "template"}`, `{"op": "settle"}`, `{"op": "drop", "name"}`, `{"op": "run", "sql": [text, …]}`
or `{"op": "copy", "to"}` (SQLite). One JSON line each on standard output, `{"results": [{"seconds", "rows"?}, …]}` or
`{"results", "error", "code"}` for the step that failed. The password comes by the pipe: other users see arguments.
"""

from __future__ import annotations

import importlib
import json
import re
import sys
import time
from typing import Any

OURS = re.compile(r"subsecond_(arm|copy)_[0-9a-f]{8}\Z")
LOCK_SECONDS, STATEMENT_SECONDS = 10, 600
LARGE = 64_000_000
"""Bytes from which copying files is faster than writing every page to the log (PostgreSQL 15 and later)."""


def main() -> None:
    for line in sys.stdin.buffer:
        print("subsecond-answer:" + json.dumps(answered(json.loads(line)), default=str), flush=True)


def answered(task: Any) -> Any:
    results: list[Any] = []
    answer: dict[str, Any] = {"results": results}
    try:
        work: Any = Sqlite(task["connection"]) if "path" in task["connection"] else Postgres(task["connection"])
        for step in task["do"]:
            began = time.perf_counter()
            rows = getattr(work, step.pop("op"))(**step)
            results.append({"seconds": time.perf_counter() - began, "rows": rows})
    except Exception as problem:
        text = " ".join(str(problem).split())
        code = getattr(problem, "sqlstate", None) or getattr(problem, "pgcode", None)
        answer.update(error=f"{type(problem).__name__}: {text}", code=code)
    return answer


class Postgres:
    def __init__(self, connection: Any) -> None:
        self.given = connection

    def connect(self, dbname: str | None = None) -> tuple[Any, Any]:
        wanted = {key: self.given[key] for key in ("host", "port", "user", "password") if self.given.get(key)}
        wanted["dbname"] = dbname or self.given["dbname"]
        driver = importlib.import_module("psycopg2" if "psycopg2" in self.given.get("driver", "") else "psycopg")
        connection = driver.connect(connect_timeout=10, **wanted)
        connection.autocommit = True
        cursor = connection.cursor()
        cursor.execute(f"SET lock_timeout = '{LOCK_SECONDS}s'")
        cursor.execute(f"SET statement_timeout = '{STATEMENT_SECONDS}s'")
        return connection, cursor

    def maintenance(self) -> tuple[Any, Any]:
        """A connection to another database than the one that is copied or dropped."""
        refused: Exception | None = None
        for name in ("postgres", "template1"):
            if name == self.given["dbname"]:
                continue
            try:
                return self.connect(name)
            except Exception as problem:
                refused = problem
        assert refused is not None
        raise refused

    def create(self, name: str, template: str) -> None:
        check(name)
        connection, cursor = self.maintenance()
        try:
            cursor.execute("SELECT current_setting('server_version_num')::int, pg_database_size(%s)", (template,))
            version, size = cursor.fetchone()
            how = " STRATEGY FILE_COPY" if version >= 150000 and size > LARGE else ""
            cursor.execute(f"CREATE DATABASE {quoted(name)} TEMPLATE {quoted(template)}{how}")
        finally:
            connection.close()

    def settle(self) -> None:
        """Statistics as the source may have them after its next autovacuum, and nothing that runs by itself."""
        connection, cursor = self.connect()
        try:
            cursor.execute(
                "SELECT format('ALTER TABLE %I.%I SET (autovacuum_enabled = false)', n.nspname, c.relname) "
                "FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE c.relkind = 'r' "
                "AND n.nspname NOT IN ('pg_catalog', 'information_schema') AND pg_has_role(c.relowner, 'USAGE')"
            )
            for (statement,) in cursor.fetchall():
                cursor.execute(statement)
            cursor.execute("VACUUM (ANALYZE)")
        finally:
            connection.close()

    def drop(self, name: str) -> None:
        check(name)
        connection, cursor = self.maintenance()
        try:
            cursor.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s", (name,))
            for attempt in range(20):
                try:
                    cursor.execute(f"DROP DATABASE IF EXISTS {quoted(name)}")
                    return
                except Exception:
                    if attempt == 19:
                        raise
                    time.sleep(0.1)
        finally:
            connection.close()

    def run(self, sql: list[str]) -> Any:
        return executed(self.connect(), sql)


class Sqlite:
    def __init__(self, connection: Any) -> None:
        self.path = connection["path"]

    def connect(self) -> tuple[Any, Any]:
        import sqlite3

        connection = sqlite3.connect(self.path, timeout=LOCK_SECONDS, isolation_level=None)
        return connection, connection.cursor()

    def copy(self, to: str) -> None:
        import sqlite3

        source = sqlite3.connect(f"file:{quoted_path(self.path)}?mode=ro", uri=True, timeout=LOCK_SECONDS)
        copy = sqlite3.connect(to)
        with copy:
            source.backup(copy)
        copy.close()
        source.close()

    def run(self, sql: list[str]) -> Any:
        return executed(self.connect(), sql)


def executed(opened: tuple[Any, Any], sql: list[str]) -> Any:
    """Rows of the last statement that gave some."""
    connection, cursor = opened
    rows = None
    try:
        for statement in sql:
            cursor.execute(statement)
            if cursor.description is not None:
                rows = [list(row) for row in cursor.fetchall()]
    finally:
        connection.close()
    return rows


def check(name: str) -> None:
    if not OURS.match(name):
        raise ValueError(f"{name!r} is no scratch database of ours")


def quoted(name: str) -> str:
    return '"{}"'.format(name.replace('"', '""'))


def quoted_path(path: str) -> str:
    from urllib.parse import quote

    return quote(path)


if __name__ == "__main__":
    main()
