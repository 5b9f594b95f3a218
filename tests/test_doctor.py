"""What doctor sees, and what it says is in the way."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from subsecond.doctor import Checkup, examine, recordings
from subsecond.harness.environment import PythonFacts

APP = "from flask import Flask\napp = Flask(__name__)\n@app.get('/a')\ndef a():\n    return {}\n"


def project(folder: Path, requests: str = "# @name login\n# @setup\nPOST /t\n###\nGET /a\n", more: str = "") -> Path:
    (folder / "shop.py").write_text(APP)
    (folder / "r.http").write_text(requests)
    (folder / "subsecond.toml").write_text(
        f'app = "shop:app"\nrequests = ["r.http"]\npython = "{sys.executable}"\ngoal = "500ms"\n{more}'
    )
    return folder


def fact(checkup: Checkup, name: str) -> str:
    return next(one.value for one in checkup.facts if one.name == name)


def test_a_sound_project(tmp_path: Path) -> None:
    checkup = examine(project(tmp_path), {})
    assert checkup.healthy
    assert checkup.started is None
    assert fact(checkup, "target").endswith("from subsecond.toml")
    assert fact(checkup, "setup request").startswith("login: POST /t")
    assert fact(checkup, "request").startswith("GET /a: GET /a")
    assert fact(checkup, "goal") == "500 ms"
    assert "the package shop" in fact(checkup, "own code")
    assert "flask" in fact(checkup, "frameworks and servers")
    assert "{port}" in fact(checkup, "start command")
    assert {one.library for one in checkup.recordings if one.recorded} >= {"flask", "sqlalchemy.engine", "logging"}
    assert not (tmp_path / ".subsecond").exists()


def test_the_app_is_started_where_that_is_asked_for(tmp_path: Path) -> None:
    run = "run = 'python -m flask --app shop run --port {port}'\n"
    checkup = examine(project(tmp_path, "GET /a\n", run), {}, start=True)
    assert checkup.problems == []
    assert checkup.started is not None
    assert "answered after" in checkup.started
    assert "flask installed" in checkup.started


def test_an_app_that_does_not_start_is_a_problem(tmp_path: Path) -> None:
    project(tmp_path, "GET /a\n", "run = 'python shop.py {port}'\n")
    (tmp_path / "shop.py").write_text("1/0")
    checkup = examine(tmp_path, {}, start=True)
    assert not checkup.healthy
    assert [problem.slug for problem in checkup.problems] == ["app-start-failed"]
    assert "ZeroDivisionError" in checkup.problems[0].message


@pytest.mark.parametrize(
    ("more", "slug"),
    [
        ("zzz = 1\n", "config-unknown-key"),
        ("run = 'python -I -m flask run --port {port}'\n", "python-flag"),
        ("run = 'nothing {port}'\n", "no-program"),
        ("allow = []\nget = ['/x']\ntimeout = 'soon'\n", "config-bad-value"),
    ],
)
def test_what_stands_in_the_way_is_a_problem_not_an_exception(tmp_path: Path, more: str, slug: str) -> None:
    checkup = examine(project(tmp_path, more=more), {})
    assert slug in [problem.slug for problem in checkup.problems]
    assert not checkup.healthy


def test_bad_requests_do_not_hide_the_rest(tmp_path: Path) -> None:
    checkup = examine(project(tmp_path, "GTE /a"), {})
    assert [problem.slug for problem in checkup.problems if problem.stops] == ["bad-request-file"]
    assert fact(checkup, "start command")


def facts(**libraries: str) -> PythonFacts:
    return PythonFacts(
        executable=Path("python"),
        why="",
        version=(3, 11, 7),
        implementation="cpython",
        prefix=Path("/v"),
        base_prefix=Path("/usr"),
        path=(),
        virtual=True,
        libraries={name.replace("_", "-"): version for name, version in libraries.items()},
    )


def test_what_is_not_recorded_is_said_with_its_reason() -> None:
    found = {one.library: one for one in recordings(facts(flask="3.1", psycopg="3.3", peewee="3.17"))}
    assert found["flask"].recorded
    assert (found["sqlalchemy.engine"].recorded, found["sqlalchemy.engine"].what) == (False, "not installed")
    assert found["logging"].version == "Python 3.11.7"
    assert found["peewee"].what == "the agent has no hook for it"
    assert found["psycopg"].what == "the agent has no hook for it"
    with_sqlalchemy = {one.library: one for one in recordings(facts(sqlalchemy="2.1", psycopg="3.3"))}
    assert with_sqlalchemy["psycopg"].what == "recorded where SQLAlchemy uses it; direct use is not"


def test_a_driver_that_blocks_gevent(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    blocking = facts(flask="3", sqlalchemy="2", psycopg2_binary="2.9", gunicorn="27.0", gevent="26", packaging="26")
    monkeypatch.setattr("subsecond.harness.environment.probe", lambda target: blocking)
    slugs = [problem.slug for problem in examine(project(tmp_path), {}).problems]
    assert slugs == ["blocking-driver"]
