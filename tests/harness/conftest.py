"""A small shop under a real server: what the harness is tried on."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from subsecond.model.target import Target
from subsecond.target import load

SHOP = """
import os, time
from flask import Flask, Response, request

app = Flask(__name__)
tokens = []


@app.post("/token")
def token():
    if (request.get_json(silent=True) or {}).get("password") == "wrong":
        return {"error": "wrong password"}, 403
    tokens.append(f"t{len(tokens)}")
    return {"data": {"tokens": [tokens[-1]], "none": None}}, 200, {"X-Key": "k1", "Set-Cookie": "s=1; Path=/"}


@app.route("/login", methods=["GET", "POST"])
def login():
    if request.method == "POST":
        whole = request.form.get("csrf") == "a<b" and request.cookies.get("form") == "1"
        return ("in", 302, {"Location": "/", "Set-Cookie": "in=1"}) if whole else ("who?", 400)
    page = "<form><INPUT name='user'><input type=hidden value='a&lt;b' name=csrf></form>"
    return page, 200, {"Set-Cookie": "form=1"}


@app.get("/list")
def list_():
    if request.headers.get("Authorization", "").removeprefix("Bearer ") not in tokens[-1:]:
        return {"error": "log in"}, 401
    return {"args": request.args, "headers": dict(request.headers), "pid": os.getpid()}


@app.get("/forget")
def forget():
    tokens.append("nobody's")
    return {}


@app.get("/echo")
def echo():
    return {"headers": dict(request.headers), "env": dict(os.environ), "cwd": os.getcwd()}


@app.get("/die")
def die():
    time.sleep(0.2)
    os.kill(os.getpid(), 9)


@app.get("/half")
def half():
    def parts():
        yield b"x" * 1000
        time.sleep(0.1)
        os.kill(os.getpid(), 9)

    return Response(parts(), headers={"Content-Length": "2000"})


@app.get("/slow")
def slow():
    time.sleep(float(request.args["s"]))
    return "done"


@app.get("/fail")
def fail():
    raise RuntimeError("no stock")
"""

FLASK = "python -m flask --app {app} run --port {port}"
GUNICORN = "gunicorn -k gthread --no-control-socket --graceful-timeout 1 -b 127.0.0.1:{port} {app}"
MakeTarget = Callable[..., Target]


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A folder with the shop in it."""
    (tmp_path / "shop.py").write_text(SHOP)
    return tmp_path


@pytest.fixture
def make_target(project: Path) -> Iterator[MakeTarget]:
    """A target of that folder, its Python this one; keyword arguments are keys of the configuration."""

    def make(requests: str = "GET /echo\n", **options: object) -> Target:
        (project / "requests.http").write_text(requests)
        given: dict[str, object] = {"app": "shop:app", "run": FLASK, "python": sys.executable, "ready": "30s"}
        return load(project, {**given, "requests": [project / "requests.http"], **options})

    yield make
    left = [path.name for path in (project / ".subsecond").glob("run-*")]
    assert not left, "a run folder was left behind"
