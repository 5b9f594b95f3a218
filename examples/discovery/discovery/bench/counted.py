"""Counts what one request does: statements, rows, check-outs and the places that opened a session.

Runs as a process of its own, so that the application is loaded as it is and nothing of it is changed:
`python -P counted.py legacy /v1/discovery?city=lisbon [token]`, the application on PYTHONPATH, the database in
DISCOVERY_DATABASE_URL. Imports nothing of the application but the version that it counts.
"""

from __future__ import annotations

import importlib
import json
import os
import sys
from collections import Counter
from pathlib import Path
from types import FrameType
from typing import Any

import psycopg
from sqlalchemy import Engine, event
from sqlalchemy.pool import Pool
from werkzeug.test import Client

WARM_UPS = 1  # connects, and fills what a worker remembers
NOT_THE_APP = str(Path(__file__).parent) + os.sep
STATEMENTS = """
SELECT sum(calls)::int, sum(rows)::int FROM pg_stat_statements
WHERE dbid = (SELECT oid FROM pg_database WHERE datname = current_database())
  AND query NOT IN ('BEGIN', 'ROLLBACK', 'COMMIT') AND query NOT LIKE '%pg_stat_statements%'
  AND query NOT LIKE 'DEALLOCATE%'  -- psycopg forgets its prepared statements after a ROLLBACK
"""


class Watch:
    """Listens to SQLAlchemy in this process."""

    def __init__(self, package: str) -> None:
        self.below = package + os.sep
        self.statements = 0
        self.rows = 0
        self.sites: Counter[str] = Counter()
        event.listen(Pool, "checkout", self._checkout)
        event.listen(Engine, "after_cursor_execute", self._executed)

    def clear(self) -> None:
        """Forget the warm-up."""
        self.statements = self.rows = 0
        self.sites.clear()

    def _checkout(self, *_: Any) -> None:
        self.sites[_innermost_place(self.below)] += 1

    def _executed(self, connection: Any, cursor: Any, *_: Any) -> None:
        self.statements += 1
        self.rows += max(cursor.rowcount, 0)


def _innermost_place(below: str) -> str:
    """The function of the application that is at work, as `file:function`; its files lie below that folder."""
    frame: FrameType | None = sys._getframe(1)
    while frame is not None:
        name = frame.f_code.co_filename
        if name.startswith(below) and not name.startswith(NOT_THE_APP):
            return f"{name.removeprefix(below)}:{frame.f_code.co_name}"
        frame = frame.f_back
    return "elsewhere"


def _reset(connection: psycopg.Connection[Any]) -> bool:
    """Empty pg_stat_statements for this database; False where the server has none."""
    try:
        connection.execute(
            "SELECT pg_stat_statements_reset(0, (SELECT oid FROM pg_database WHERE datname = current_database()), 0)"
        )
        connection.execute("SELECT count(*) FROM pg_stat_statements")
    except psycopg.Error:
        return False
    return True


def count(version: str, path: str, token: str | None) -> dict[str, Any]:
    """Send the request in this process and count it."""
    [folder] = importlib.import_module("discovery").__path__
    watch = Watch(folder)
    client = Client(importlib.import_module(f"discovery.{version}.wsgi").app)
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    url = os.environ["DISCOVERY_DATABASE_URL"].replace("postgresql+psycopg:", "postgresql:")
    for _ in range(WARM_UPS):
        client.get(path, headers=headers)
    with psycopg.connect(url, autocommit=True) as connection:
        seen_by_server = _reset(connection)
        watch.clear()
        status = client.get(path, headers=headers).status_code
        found = connection.execute(STATEMENTS).fetchone() if seen_by_server else None
    return {
        "status": status,
        "queries": found[0] if found else watch.statements,
        "rows": found[1] if found else watch.rows,
        "queries_client": watch.statements,
        "rows_client": watch.rows,
        "sessions": sum(watch.sites.values()),
        "session_sites": len(watch.sites),
        "places": dict(sorted(watch.sites.items())),
    }


if __name__ == "__main__":
    print(json.dumps(count(sys.argv[1], sys.argv[2], sys.argv[3] if len(sys.argv) > 3 else None)))
