"""Sessions of the site over a real Valkey, and without it. Run by test_keyvalue_sessions.py."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from flask import Flask, session
from flask.testing import FlaskClient

ROOT = Path(__file__).resolve().parent.parent
if str(ROOT) not in sys.path:
    sys.path.insert(0, str(ROOT))

from discovery.ground import ports, valkey  # noqa: E402  (the package is not installed)
from discovery.keyvalue import client as keyvalue  # noqa: E402
from discovery.keyvalue import sessions  # noqa: E402


class Served:
    """A Valkey, and a site of four pages whose sessions lie in it."""

    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        port = ports.unused()
        self.process = subprocess.Popen(valkey.command(folder, port), stdout=subprocess.DEVNULL)
        url = valkey.url(folder, port)
        while not valkey.answers(url):
            time.sleep(0.02)
        monkeypatch.setenv("REDIS_URL", url)
        monkeypatch.setenv("DISCOVERY_SESSION_SECRET", "signed")
        self.app = site()
        self.asked: list[str] = []
        store = keyvalue_of(self.app)
        ask = store.ask
        store.ask = lambda action: self.asked.append("asked") or ask(action)  # type: ignore[func-returns-value,method-assign]

    def end(self) -> None:
        self.process.kill()
        self.process.wait()


def keyvalue_of(app: Flask) -> keyvalue.Store:
    store = app.extensions[keyvalue.EXTENSION]
    assert isinstance(store, keyvalue.Store)
    return store


def site() -> Flask:
    app = Flask("site")
    sessions.install(app, keyvalue.install(app, "postgresql://localhost/discovery"))

    @app.get("/login")
    def login() -> str:
        session["token"] = "a.b.c"
        return ""

    @app.get("/search/<what>")
    def search(what: str) -> str:
        notes(session)["last_search"] = what
        return ""

    @app.get("/who")
    def who() -> dict[str, Any]:
        return {"token": session.get("token")}

    @app.get("/all")
    def everything() -> dict[str, Any]:
        return {"token": session.get("token"), "notes": notes(session)}

    @app.get("/plain")
    def plain() -> str:
        return ""

    return app


def notes(found: Any) -> Any:
    return found.notes


@pytest.fixture
def served(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Served]:
    made = Served(tmp_path, monkeypatch)
    yield made
    made.end()


@pytest.fixture
def visitor(served: Served) -> FlaskClient:
    return served.app.test_client()


def test_a_visitor_keeps_both_parts_and_only_the_store_holds_the_notes(served: Served, visitor: FlaskClient) -> None:
    visitor.get("/login")
    visitor.get("/search/lisbon")
    assert visitor.get("/all").json == {"token": "a.b.c", "notes": {"last_search": "lisbon"}}
    cookie = visitor.get_cookie(sessions.COOKIE)
    assert cookie is not None
    assert "lisbon" not in cookie.decoded_value
    assert cookie.http_only
    assert cookie.same_site == "Lax"
    assert served.app.test_client().get("/all").json == {"token": None, "notes": {}}


def test_two_workers_and_a_new_secret(served: Served, visitor: FlaskClient, monkeypatch: pytest.MonkeyPatch) -> None:
    visitor.get("/login")
    visitor.get("/search/porto")
    cookie = visitor.get_cookie(sessions.COOKIE)
    assert cookie is not None
    worker = site().test_client()
    worker.set_cookie(sessions.COOKIE, cookie.value)
    assert worker.get("/all").json == {"token": "a.b.c", "notes": {"last_search": "porto"}}
    monkeypatch.setenv("DISCOVERY_SESSION_SECRET", "another")
    stranger = site().test_client()
    stranger.set_cookie(sessions.COOKIE, cookie.value)
    assert stranger.get("/all").json == {"token": None, "notes": {}}


def test_without_the_store_the_cookie_goes_on(served: Served, visitor: FlaskClient) -> None:
    visitor.get("/login")
    visitor.get("/search/lisbon")
    served.end()
    assert visitor.get("/all").json == {"token": "a.b.c", "notes": {}}
    assert visitor.get("/search/madrid").status_code == 200
    began = time.monotonic()
    for _ in range(20):
        assert visitor.get("/who").json == {"token": "a.b.c"}
        visitor.get("/all")
    assert time.monotonic() - began < 2.0, "asked once in a while only"


def test_a_page_without_notes_does_not_ask_the_store(served: Served, visitor: FlaskClient) -> None:
    visitor.get("/login")
    visitor.get("/search/lisbon")
    served.asked.clear()
    answers = [visitor.get(path) for path in ("/plain", "/who")]
    assert served.asked == []
    assert "Set-Cookie" not in answers[0].headers
    visitor.get("/all")
    assert served.asked == ["asked"], "read once, and not written when nothing was changed"


@pytest.mark.parametrize("value", ["", "x", "e30.x.y", "a" * 3000])
def test_a_cookie_that_is_not_ours_counts_as_none(visitor: FlaskClient, value: str) -> None:
    visitor.set_cookie(sessions.COOKIE, value)
    assert visitor.get("/all").json == {"token": None, "notes": {}}
