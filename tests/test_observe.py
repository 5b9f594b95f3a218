"""Observing: what is said of runs that the recorder did not see, and what does not reach the files."""

from __future__ import annotations

import re
import sys
import time
from pathlib import Path

from subsecond import workflow
from subsecond.model.audit import Audit
from subsecond.target import load

APP = """
import time
from flask import Flask, redirect, request
from sqlalchemy import create_engine, text
from sqlalchemy.dialects.sqlite.pysqlite import SQLiteDialect_pysqlite as Dialect
inner = Flask(__name__)
commit = Dialect.do_commit
Dialect.do_commit = lambda self, connection: (time.sleep(0.03), commit(self, connection))[1]  # a disk far away
engine = create_engine("sqlite:///visits.db")
with engine.begin() as connection:
    connection.execute(text("CREATE TABLE IF NOT EXISTS visits (number INTEGER)"))
    connection.execute(text("INSERT INTO visits VALUES (0)"))


@inner.get("/")
def index():
    return "seen"


@inner.get("/private")
def private():
    return redirect("/login?next=/private&token=hush")


@inner.get("/counted")
def counted():
    with engine.begin() as connection:
        connection.execute(text("UPDATE visits SET number = number + 1"))
        return str(connection.execute(text("SELECT number FROM visits")).scalar())


@inner.get("/login")
def login():
    return "no", 403


def app(environ, start_response):
    if environ["PATH_INFO"] == "/health":
        start_response("200 OK", [("Content-Length", "2")])
        return [b"ok"]
    return inner(environ, start_response)
"""


def audited(folder: Path, *get: str) -> Audit:
    (folder / "shop.py").write_text(APP)
    target = load(folder, {"app": "shop:app", "python": sys.executable, "get": list(get), "repeat": 2})
    return workflow.audit(target, keep_values=False, progress=lambda *_: None, say=lambda line: None)


def test_answers_from_around_the_app_are_told_and_not_waited_for(tmp_path: Path) -> None:
    begin = time.monotonic()
    outcome = audited(tmp_path, "/", "/health")
    assert time.monotonic() - begin < 25
    seen, unseen = outcome.requests
    assert (seen.queries, unseen.queries) == (0, None)
    assert unseen.seconds is not None
    [note] = [note for note in outcome.notes if "left no trace" in note]
    assert note.startswith("GET /health: 10 runs left no trace")


def test_secrets_of_an_address_stay_out_of_the_files(tmp_path: Path) -> None:
    outcome = audited(tmp_path, "/?token=hush&page=2", "/login?api_key=hush")
    assert [result.name for result in outcome.requests] == ["GET /?token=***&page=2", "GET /login?api_key=***"]
    files = [path for path in (tmp_path / ".subsecond").rglob("*") if path.is_file() and path.name != "app.log"]
    assert len(files) > 3
    assert not [path for path in files if b"hush" in path.read_bytes() or "hush" in path.name]


def test_a_redirection_and_a_write_are_told(tmp_path: Path) -> None:
    outcome = audited(tmp_path, "/", "/private", "/counted")
    assert [result.status for result in outcome.requests] == [200, 302, 200]
    told = [note for note in outcome.notes if note.startswith("GET ")]
    assert len(told) == 3
    assert told[0].startswith("GET /private: the answer is only a redirection (302 to /login)")
    assert told[1] == "GET /counted: this GET writes (update visits), in each of its runs"
    assert re.fullmatch(
        r"GET /counted: a commit takes \d+% of the request \(\d+(\.\d)? ms\), begun at shop\.py:27 \(1 ×\); .*", told[2]
    ), told[2]
