"""Counts and rows against PostgreSQL's own count."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable, Iterator

import pytest

from tests.agent.served import APPS, PYTHON, Served, spans
from tests.postgres import USER, connect, postgres

pytestmark = pytest.mark.xdist_group("agent-postgres")


@pytest.fixture(scope="module")
def database(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """URL of the shop in a PostgreSQL with pg_stat_statements."""
    settings = ("shared_preload_libraries=pg_stat_statements", "pg_stat_statements.track_utility=off")
    with postgres(tmp_path_factory.mktemp("shop"), "agent-postgres", *settings) as port:
        connect(port).execute("CREATE EXTENSION pg_stat_statements")
        url = f"postgresql+psycopg://{USER}@127.0.0.1:{port}/postgres"
        subprocess.run([PYTHON, "shop.py"], cwd=APPS, env={**os.environ, "SHOP_DB": url}, check=True, timeout=60)
        yield url


def test_the_same_counts_as_the_server(serve: Callable[..., Served], database: str) -> None:
    served = serve("gevent", SHOP_DB=database)
    own = connect(int(database.rpartition(":")[2].partition("/")[0]))
    served.get("/core")  # what the first connection asks for itself is not the request's
    for path in ("/books/30", "/eager/12", "/rows", "/nested", "/write", "/core", "/columns", "/spawn", "/stream"):
        for mode in ("recording", "timed"):
            own.execute("SELECT pg_stat_statements_reset()")
            trace = served.traced(path, mode)
            calls, rows = own.execute(
                "SELECT coalesce(sum(calls), 0), coalesce(sum(rows) FILTER (WHERE query ILIKE 'select%'), 0) "
                "FROM pg_stat_statements WHERE query NOT ILIKE '%pg_stat_statements%'"
            ).fetchone()
            sets = sum(span.get("subsecond.db.executemany", 1) - 1 for span in spans(trace, "query"))
            if mode == "recording" or path != "/write":
                assert trace["counts"]["queries"] + sets == calls, (path, mode)
            assert trace["counts"]["rows"] == rows, (path, mode)
    assert served.lines("note") == []
