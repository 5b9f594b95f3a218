"""Which trials run: what is wrong with one leaves the request untouched, and the trace says what it is."""

from __future__ import annotations

import http.client
import json
import os
import subprocess
import time
from pathlib import Path
from typing import Any

import pytest

from tests.agent.served import AGENT, APPS, PYTHON, TOKEN, Served, agent_environment
from tests.agent.test_guard import sabotaged
from tests.agent.trials import queries, run, write

pytestmark = pytest.mark.xdist_group("agent-trials")
EAGER = {"fix": "eager-load", "relation": "Author.books"}


def untouched(archive: Served, name: str) -> str:
    """State of a trial that must have changed nothing."""
    trace = run(archive, "/authors", name=name, mode="timed")
    assert trace["answered"] == 200
    assert queries(trace) == 13
    assert (trace["steering"], trace["trial"]["id"]) == ("ok", name)
    assert trace["trial"]["acted"] == trace["trial"]["refused"] == []
    state: str = trace["trial"]["state"]
    return state


def test_without_a_trial(archive: Served) -> None:
    assert archive.traced("/ready")["trial"] is None


def test_an_unknown_one_may_come_later(archive: Served) -> None:
    assert untouched(archive, "later") == "unknown"
    write(archive.spool, "later", {"version": 1, "fixes": [EAGER]})
    assert run(archive, "/authors", name="later")["trial"]["acted"] == [1]


MALFORMED: list[tuple[Any, str]] = [
    ("{", "no JSON"),
    ("[]", "not a trial of version 1"),
    ({"version": 2, "fixes": [EAGER]}, "not a trial of version 1"),
    ({"version": 1, "fixes": []}, "a list of 1 to 200 fixes"),
    ({"version": 1, "fixes": [EAGER], "sql": "DROP TABLE authors"}, "nothing else"),
    ({"version": 1, "fixes": ["eager-load"]}, "fix 0: there is no virtual fix None"),
    ({"version": 1, "fixes": [EAGER, {"fix": "os"}]}, "fix 1: there is no virtual fix 'os'"),
    ({"version": 1, "fixes": [{"fix": "../trial"}]}, "there is no virtual fix '../trial'"),
    ({"version": 1, "fixes": [{"fix": "--init--"}]}, "there is no virtual fix '--init--'"),
    ({"version": 1, "fixes": [{"fix": "eager-load"}]}, "lacks relation"),
    ({"version": 1, "fixes": [{**EAGER, "relation": "Author.books; x"}]}, "relation wants Model.relation"),
    ({"version": 1, "fixes": [{**EAGER, "relation": ["Author.books"]}]}, "relation wants Model.relation"),
    ({"version": 1, "fixes": [{**EAGER, "how": "subquery"}]}, "how wants peers or read or option or joined"),
    ({"version": 1, "fixes": [{**EAGER, "shadow": 1}]}, "shadow is true or false"),
    ({"version": 1, "fixes": [{**EAGER, "code": "1"}]}, "no parameter 'code'"),
]


@pytest.mark.parametrize(("content", "why"), MALFORMED, ids=[why for _, why in MALFORMED])
def test_malformed(archive: Served, content: Any, why: str) -> None:
    name = f"bad-{time.monotonic_ns()}"
    write(archive.spool, name, content)
    state = untouched(archive, name)
    assert state.startswith("malformed: ")
    assert why in state


def test_open_to_others(archive: Served) -> None:
    write(archive.spool, "open", {"version": 1, "fixes": [EAGER]}, mode=0o644)
    assert "others may read or write it (mode 644)" in untouched(archive, "open")


def test_a_link(archive: Served, tmp_path: Path) -> None:
    real = write(archive.spool, "real", {"version": 1, "fixes": [EAGER]})
    (real.parent / "link.json").symlink_to(real)
    assert untouched(archive, "link").startswith("refused: ")


@pytest.mark.skipif(os.geteuid() != 0, reason="a foreign owner needs root")
def test_a_foreign_owner(archive: Served) -> None:
    os.chown(write(archive.spool, "foreign", {"version": 1, "fixes": [EAGER]}), 65534, -1)
    assert "belongs to user 65534" in untouched(archive, "foreign")


def test_too_large(archive: Served) -> None:
    write(archive.spool, "large", " " * 4_000_001)
    assert "larger than" in untouched(archive, "large")


def test_a_folder_that_others_may_enter(archive: Served) -> None:
    folder = write(archive.spool, "in-an-open-folder", {"version": 1, "fixes": [EAGER]}).parent
    folder.chmod(0o755)
    try:
        assert "folder trials: others may enter it (mode 755)" in untouched(archive, "in-an-open-folder")
    finally:
        folder.chmod(0o700)


def test_a_file_is_read_once(archive: Served) -> None:
    write(archive.spool, "once", {"version": 1, "fixes": [EAGER]})
    assert run(archive, "/authors", name="once")["trial"]["acted"] == [1]
    write(archive.spool, "once", "{")
    assert run(archive, "/authors", name="once")["trial"]["acted"] == [1]


def test_only_reads(archive: Served) -> None:
    write(archive.spool, "post", {"version": 1, "fixes": [EAGER]})
    connection = http.client.HTTPConnection("127.0.0.1", archive.port, timeout=20)
    connection.request("POST", "/post", headers={"X-Subsecond": f"{TOKEN}:timed:posted:post", "Content-Length": "0"})
    assert connection.getresponse().read() == b'"posted"\n'
    connection.close()
    trace = archive.wait(lambda line: line.get("mark") == "posted")
    assert trace["trial"]["state"].startswith("refused: a POST request may change data")


def test_a_wrong_token_runs_none(archive: Served) -> None:
    write(archive.spool, "secret", {"version": 1, "fixes": [EAGER]})
    archive.get("/authors?wrong", {"X-Subsecond": f"{'f' * 32}:timed:m1:secret"})
    trace = archive.wait(lambda line: line.get("query") == "wrong")
    assert (trace["steering"], trace["trial"], queries(trace)) == ("refused", None, 13)


def test_a_fix_that_fails_is_off_for_that_request(serve: Any, tmp_path: Path, archive_on_sqlite: str) -> None:
    agent = sabotaged(tmp_path, "virtual_fixes/eager_load.py", "    fix.kept += [", "    fix.kept += 1 / 0 or [")
    served = serve("sync", "archive:app", agent=agent, ARCHIVE_DB=archive_on_sqlite)
    for _ in range(2):
        trace = run(served, "/authors", EAGER, {"fix": "eager-load", "relation": "Book.author"})
        assert (trace["answered"], queries(trace)) == (200, 13)
        assert trace["trial"]["refused"][0].startswith("failed: ZeroDivisionError")
        assert trace["trial"]["refused"][1] is None
    assert served.lines("note") == []


EVERYTHING: list[dict[str, Any]] = [
    {**EAGER, "how": "peers"},
    {**EAGER, "how": "option"},
    {"fix": "drop-eager-load", "relation": "Author.country"},
    {"fix": "batch", "model": "Author", "keys": [1]},
    {"fix": "batch-equality", "statements": ["0" * 16], "keys": [1]},
    {"fix": "replay", "statements": ["0" * 16], "level": "orm"},
    {"fix": "perturb", "statements": ["0" * 16]},
    {"fix": "empty", "statements": ["0" * 16]},
    {"fix": "memoise", "function": "archive_helpers:price_of", "scope": "request"},
    {"fix": "push-filter", "model": "Book", "column": "author_id", "values": [1]},
    {"fix": "load-only", "model": "Author", "columns": ["name"]},
    {"fix": "smaller-pool", "size": 2},
    {"fix": "one-connection"},
    {"fix": "silence-logger", "sites": [["nowhere.py", "nothing"]]},
    {"fix": "remember-response"},
    {"fix": "collect-garbage"},
]
UNDONE = """
import logging, sys, json
from archive import app, archive_helpers
import sqlalchemy.event, sqlalchemy.orm.loading, sqlalchemy.orm.strategies
from sqlalchemy.engine import Engine
from sqlalchemy.engine.interfaces import Dialect
from sqlalchemy.pool import Pool
modules = sys.modules
lazy = getattr(sqlalchemy.orm.strategies, "LazyLoader", None) or sqlalchemy.orm.strategies._LazyLoader
def state():
    functions = [lazy._emit_lazyload, Pool.connect, logging.Logger.isEnabledFor, archive_helpers.price_of.__code__]
    functions += [value for name, value in vars(sqlalchemy.orm.loading).items() if "load_on_pk" in name]
    listened = [(sqlalchemy.orm.Session, "do_orm_execute after_flush after_commit after_rollback after_soft_rollback")]
    listened += [(Engine, "commit rollback"), (Dialect, "do_execute do_executemany do_execute_no_params")]
    pairs = [(cls, name) for cls, names in listened for name in names.split()]
    events = [len(getattr(cls.dispatch, name)._clslevel.get(cls, ())) for cls, name in pairs]
    return functions, events
client = app.test_client()
client.get("/authors")
before = state()
for name in ("all", "all"):
    response = client.get("/authors", headers={"X-Subsecond": TOKEN + ":timed:m1:" + name})
    assert response.status_code == 200
    response.close()
during = state()
assert archive_helpers.price_of.__code__ is before[0][3]
modules["_subsecond_agent.virtual_fixes"].uninstall()
after = state()
print(json.dumps([before == after, during != before, before[1], during[1], after[1]]))
"""


def test_everything_can_be_undone(archive_on_sqlite: str, tmp_path: Path) -> None:
    """All virtual fixes in one request, and afterwards the libraries as they were."""
    assert {fix["fix"] for fix in EVERYTHING} == {
        file.stem.replace("_", "-") for file in (AGENT / "virtual_fixes").glob("[!_]*.py")
    }
    spool = tmp_path / "spool"
    spool.mkdir(mode=0o700)
    write(spool, "all", {"version": 1, "fixes": EVERYTHING})
    environment = agent_environment(spool, APPS, ARCHIVE_DB=archive_on_sqlite)
    code = f"TOKEN = {TOKEN!r}\n{UNDONE}"
    answer = subprocess.run(
        [PYTHON, "-c", code], cwd=APPS, env=environment, capture_output=True, text=True, check=False
    )
    assert answer.stderr == ""
    same, differed, *events = json.loads(answer.stdout)
    assert (same, differed) == (True, True), events
    (trace,) = [json.loads(line) for line in next(spool.glob("*.jsonl")).read_text().splitlines()][-1:]
    assert trace["trial"]["state"] == "ok"
    assert trace["trial"]["refused"] == [None] * len(EVERYTHING)
