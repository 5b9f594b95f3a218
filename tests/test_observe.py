"""Observing: what is said of runs that the recorder did not see, and what does not reach the files."""

from __future__ import annotations

import sys
import time
from pathlib import Path

from subsecond import workflow
from subsecond.model.audit import Audit
from subsecond.target import load

APP = """
from flask import Flask, request
inner = Flask(__name__)


@inner.get("/")
def index():
    return "seen"


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
