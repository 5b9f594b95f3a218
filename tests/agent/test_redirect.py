"""Connections: the tool is told where they go, and may lead them to the arm's own database."""

from __future__ import annotations

import json
import os
import stat
import subprocess
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from subsecond_agent import redirect
from tests.agent.served import APPS, PYTHON, Served
from tests.postgres import USER, connect

pytestmark = pytest.mark.xdist_group("agent-trials")
NOTHING = {"host": None, "port": None, "dbname": None, "user": None, "password": None}


def told(served: Served) -> list[dict[str, Any]]:
    """What the processes of the app wrote of their connections."""
    found = []
    for file in served.spool.glob("connect-*.json"):
        assert stat.S_IMODE(file.stat().st_mode) == 0o600
        whole = json.loads(file.read_text())
        assert (whole["version"], file.name) == (1, f"connect-{whole['pid']}.json")
        found += whole["connections"]
    return found


def redirection(tmp_path: Path, content: Any, mode: int = 0o600) -> str:
    file = tmp_path / "redirect.json"
    file.write_text(content if isinstance(content, str) else json.dumps(content))
    file.chmod(mode)
    return str(file)


def port_of(url: str) -> int:
    return int(url.rpartition(":")[2].partition("/")[0])


def test_facts_of_sqlite(serve: Callable[..., Served], archive_on_sqlite: str) -> None:
    served = serve("sync", "archive:app", ARCHIVE_DB=archive_on_sqlite)
    for _ in range(3):
        served.get("/where")
    path = archive_on_sqlite.removeprefix("sqlite:///")
    assert told(served) == [{"system": "sqlite", "driver": "pysqlite", **NOTHING, "path": path, "redirected": False}]


def test_facts_of_postgres(serve: Callable[..., Served], archive_on_postgres: str) -> None:
    url = archive_on_postgres.replace(f"{USER}@", f"{USER}:pass%20word@")
    served = serve("gevent", "archive:app", ARCHIVE_DB=url)
    served.get("/where")
    (fact,) = told(served)
    assert fact.pop("driver").startswith("psycopg")
    assert fact == {
        "system": "postgresql", "host": "127.0.0.1", "port": port_of(url), "dbname": "postgres", "user": USER,
        "password": "pass word", "path": None, "redirected": False,
    }  # fmt: skip


def test_facts_where_the_driver_decides(serve: Callable[..., Served], archive_on_postgres: str) -> None:
    driver = archive_on_postgres.partition("://")[0]
    more = {"PGHOST": "127.0.0.1", "PGPORT": str(port_of(archive_on_postgres)), "PGUSER": USER}
    served = serve("sync", "archive:app", ARCHIVE_DB=f"{driver}:///postgres", **more)
    assert served.json("/where") == "postgres"
    (fact,) = told(served)
    assert [fact[name] for name in ("host", "port", "user", "dbname", "password")] == [
        "127.0.0.1", port_of(archive_on_postgres), USER, "postgres", None,
    ]  # fmt: skip


@pytest.mark.parametrize("form", ["plain", "address"])
def test_sqlite_is_led_elsewhere(
    serve: Callable[..., Served], archive_on_sqlite: str, tmp_path: Path, form: str
) -> None:
    path = archive_on_sqlite.removeprefix("sqlite:///")
    clone = tmp_path / "clone.db"
    subprocess.run([PYTHON, "archive.py"], cwd=APPS, check=True, env={**os.environ, "ARCHIVE_DB": f"sqlite:///{clone}"})
    file = redirection(tmp_path, {"version": 1, "database": [{"from": {"path": path}, "to": {"path": str(clone)}}]})
    url = archive_on_sqlite if form == "plain" else f"sqlite:///file:{path}?mode=rw&uri=true"
    served = serve("sync", "archive:app", ARCHIVE_DB=url, SUBSECOND_REDIRECT=file)
    assert served.json("/where") == str(clone)
    assert [(fact["path"], fact["redirected"]) for fact in told(served)] == [(path, True)]


def test_postgres_is_led_elsewhere(serve: Callable[..., Served], archive_on_postgres: str, tmp_path: Path) -> None:
    port = port_of(archive_on_postgres)
    own = connect(port)
    own.execute("DROP DATABASE IF EXISTS arm")
    own.execute("CREATE DATABASE arm")
    own.execute("DROP ROLE IF EXISTS arm_user")
    own.execute("CREATE ROLE arm_user LOGIN PASSWORD 'x'")
    entry = {
        "from": {"host": "127.0.0.1", "port": port, "dbname": "postgres"},
        "to": {"host": "127.0.0.1", "port": port, "dbname": "arm", "user": "arm_user", "password": "x"},
    }
    file = redirection(tmp_path, {"version": 1, "database": [entry]})
    for server in ("sync", "preload"):
        served = serve(server, "archive:app", ARCHIVE_DB=archive_on_postgres, SUBSECOND_REDIRECT=file)
        assert served.json("/where") == "arm"
        assert [(fact["dbname"], fact["user"], fact["redirected"]) for fact in told(served)] == [
            ("postgres", USER, True)
        ]


def test_what_no_entry_fits_goes_where_the_app_says(
    serve: Callable[..., Served], archive_on_sqlite: str, tmp_path: Path
) -> None:
    entry = {"from": {"path": "/nowhere.db"}, "to": {"path": "/neither.db"}}
    file = redirection(tmp_path, {"version": 1, "database": [entry]})
    served = serve("sync", "archive:app", ARCHIVE_DB=archive_on_sqlite, SUBSECOND_REDIRECT=file)
    assert served.json("/where") == archive_on_sqlite.removeprefix("sqlite:///")
    assert [fact["redirected"] for fact in told(served)] == [False]


@pytest.mark.parametrize("flaw", ["missing", "open", "no JSON", "wrong version", "foreign keys"])
def test_an_arm_without_its_own_database_makes_no_connection(
    serve: Callable[..., Served], archive_on_sqlite: str, tmp_path: Path, flaw: str
) -> None:
    path = archive_on_sqlite.removeprefix("sqlite:///")
    entry = {"from": {"path": path}, "to": {"path": "/x.db", "sql": "x"} if flaw == "foreign keys" else {"path": "/x"}}
    content: Any = {"version": 2 if flaw == "wrong version" else 1, "database": [entry]}
    file = redirection(tmp_path, "{" if flaw == "no JSON" else content, 0o644 if flaw == "open" else 0o600)
    if flaw == "missing":
        os.unlink(file)
    served = serve("sync", "archive:app", ARCHIVE_DB=archive_on_sqlite, SUBSECOND_REDIRECT=file)
    assert served.get("/where")[0] == 500
    assert served.get("/where")[0] == 500
    (note,) = served.lines("note")
    assert note["message"].startswith(f"subsecond lets no connection be made: SUBSECOND_REDIRECT={file}: ")
    assert told(served) == []


def test_threads_that_connect_at_the_same_time_are_all_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(redirect.spool, "folder", str(tmp_path))
    monkeypatch.setattr(redirect.spool, "unsafe", lambda place: "")
    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    try:
        for _ in range(60):
            redirect.told.clear()
            with ThreadPoolExecutor(8) as pool:
                list(pool.map(redirect.tell, [{"dbname": number} for number in range(8)]))
            [file] = tmp_path.iterdir()
            told = json.loads(file.read_text())["connections"]
            assert sorted(one["dbname"] for one in told) == list(range(8))
    finally:
        sys.setswitchinterval(interval)
        redirect.told.clear()
