"""Configuration -> Target, and the errors of people in a hurry."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from subsecond import durations
from subsecond.errors import SubsecondError
from subsecond.target import goal_of, load


def refused(folder: Path, **options: object) -> SubsecondError:
    with pytest.raises(SubsecondError) as caught:
        load(folder, options)
    assert "\n" not in caught.value.message
    return caught.value


def test_everything_can_be_said_in_a_file(tmp_path: Path) -> None:
    (tmp_path / "r.http").write_text("GET /\n")
    (tmp_path / "app").mkdir()
    (tmp_path / "subsecond.toml").write_text(
        'name = "shop"\napp = "shop.web:app"\nrun = "gunicorn -b 127.0.0.1:{port} {app}"\ncwd = "app"\n'
        'requests = "r.http"\nget = ["/a?b=1"]\nheaders = {Accept = "text/html"}\nallow = ["POST /api/list"]\n'
        'code = ["shop"]\ngoal = "500ms"\ndata = "disposable"\ncopy_database = "make copy N={name}"\nrepeat = 7\n'
        'ready = "10m"\ntimeout = "1.5s"\nmax_stale = "30s"\n'
        'migrate = "alembic upgrade head"\nmigrate_down = "alembic downgrade {version}"\n[env]\nDEBUG = "0"\n'
    )
    target = load(tmp_path, {})
    assert (target.name, target.app, target.root, target.cwd) == ("shop", "shop.web:app", tmp_path, tmp_path / "app")
    assert target.requests == (tmp_path / "r.http",)
    assert target.get == ("/a?b=1",)
    assert target.headers == (("Accept", "text/html"),)
    assert target.allow == ("POST /api/list",)
    assert (target.goal_seconds, target.ready_seconds, target.timeout_seconds) == (0.5, 600.0, 1.5)
    assert (target.data, target.copy_database, target.repeat) == ("disposable", "make copy N={name}", 7)
    assert (target.max_stale_seconds, target.migrate) == (30.0, "alembic upgrade head")
    assert target.migrate_down == "alembic downgrade {version}"
    assert target.env == (("DEBUG", "0"),)
    assert target.source == "subsecond.toml"
    assert target.notes == ()


def test_the_table_in_pyproject_and_the_name_of_the_project(tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_text('[project]\nname = "shop"\n[tool.subsecond]\napp = "web:app"\n')
    target = load(tmp_path, {})
    assert (target.name, target.app, target.source) == ("shop", "web:app", "pyproject.toml, [tool.subsecond]")


def test_the_own_file_wins_and_that_is_said(tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_text('[tool.subsecond]\napp = "old:app"\n')
    (tmp_path / "subsecond.toml").write_text('app = "new:app"\n')
    target = load(tmp_path, {})
    assert target.app == "new:app"
    assert target.notes == ("subsecond.toml is used; pyproject.toml, [tool.subsecond] is ignored",)


def test_the_command_line_wins_and_adds_to_tables(tmp_path: Path) -> None:
    (tmp_path / "subsecond.toml").write_text('app = "old:app"\nrepeat = 3\n[env]\nA = "1"\nB = "1"\n')
    target = load(tmp_path, {"app": "new:app", "repeat": None, "get": (), "env": ["B=2", "C=x=y"]})
    assert (target.app, target.repeat) == ("new:app", 3)
    assert dict(target.env) == {"A": "1", "B": "2", "C": "x=y"}


def test_what_the_command_line_replaces_need_not_be_right_in_the_file(tmp_path: Path) -> None:
    """A configuration that was written on another machine: there is no such interpreter here."""
    (tmp_path / "subsecond.toml").write_text('app = "a:app"\npython = ".venv/bin/python"\ngoal = "300ms"\n')
    assert load(tmp_path, {"python": sys.executable}).python == Path(sys.executable)
    assert "no such file" in refused(tmp_path).message
    assert goal_of(tmp_path) == 0.3, "a plan and a report start no app"
    (tmp_path / "subsecond.toml").write_text('app = "a:app"\npyton = "x"\n')
    assert refused(tmp_path, python=sys.executable).slug == "config-unknown-key"


def test_no_configuration_at_all(tmp_path: Path) -> None:
    target = load(tmp_path, {"app": "web:create_app()", "headers": ["Accept: a:b"]})
    assert (target.name, target.cwd, target.headers) == (tmp_path.name, tmp_path, (("Accept", "a:b"),))


def test_relative_paths_of_the_command_line_start_at_the_shell(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    project = tmp_path / "project"
    project.mkdir()
    (tmp_path / "here.http").write_text("GET /\n")
    (project / "there.http").write_text("GET /\n")
    monkeypatch.chdir(tmp_path)
    target = load(project, {"app": "a:b", "requests": ["here.http", "there.http"]})
    assert target.requests == (tmp_path / "here.http", project / "there.http")


def test_an_interpreter_is_not_resolved(tmp_path: Path) -> None:
    """The link's own place is what makes it a virtual environment."""
    real = tmp_path / "python3"
    real.write_text("")
    (tmp_path / "v").mkdir()
    (tmp_path / "v" / "python").symlink_to(real)
    assert load(tmp_path, {"app": "a:b", "python": tmp_path / "v" / "python"}).python == tmp_path / "v" / "python"


@pytest.mark.parametrize(
    ("text", "slug", "parts"),
    [
        (
            'reqests = "a"',
            "config-unknown-key",
            ["subsecond.toml", '"reqests"', 'did you mean "requests"?', "known:", "goal"],
        ),
        ('zzz = "a"', "config-unknown-key", ['"zzz" (known: alerts, allow, app']),
        ("app = 5", "config-wrong-type", ["app = 5 is a number", "wanted text in quotes"]),
        ('app = ""', "config-bad-value", ["it is empty"]),
        ('app = "src/shop.py"', "config-bad-value", ["wanted module:attribute", '"src.shop:app"']),
        ('app = "shop"', "config-bad-value", ['"shop:app"']),
        ("goal = 5", "config-wrong-type", ["goal = 5 is a number", '"500ms"']),
        ('goal = "fast"', "config-bad-value", ['"500ms"']),
        ('goal = "0s"', "config-bad-value", ['"500ms"']),
        ("repeat = true", "config-wrong-type", ["true or false", "a whole number"]),
        ("repeat = 0", "config-bad-value", ["1 or more"]),
        ('data = "copies"', "config-bad-value", ['did you mean "copy"?']),
        ('cwd = "nowhere"', "config-bad-value", ["no such folder"]),
        ('python = "."', "config-bad-value", ["it is a folder", "bin/python"]),
        ('python = ".venv/bin/python"', "config-bad-value", ["no such file"]),
        ('allow = ["post /x"]', "config-bad-value", ["POST /api/list"]),
        ('get = "list"', "config-bad-value", ["begins with /"]),
        ('get = "/a b"', "config-bad-value", ["%20"]),
        ("env = {A = 1}", "config-wrong-type", ["env.A = 1"]),
        ('env = ["A"]', "config-bad-value", ["NAME=VALUE"]),
        ('env = {"A=B" = "1"}', "config-bad-value", ["'A=B': it is no variable's name"]),
        ('env = {A = "a\\u0000"}', "config-bad-value", ["it holds a zero byte"]),
        ('run = "a\\u0000 {port}"', "config-bad-value", ["it holds a zero byte"]),
        ('headers = {"A b" = "1"}', "config-bad-value", ["'A b': it is no header's name"]),
        ('headers = {"Ä" = "1"}', "config-bad-value", ["it is no header's name"]),
        ('headers = {A = "1\\nB: 2"}', "config-bad-value", ["headers.A", "one line"]),
        ("requests = [1]", "config-wrong-type", ["requests = 1"]),
        ('requests = "requsts.http"', "no-requests-file", ["'requsts.http'", "near it: requests.http"]),
        ('requests = "deep/r.http"', "no-requests-file", ["there is no folder"]),
        ("app = ", "config-unreadable", ["subsecond.toml", "not valid TOML", "line 1"]),
    ],
)
def test_errors_say_where_what_and_how_to_mend(tmp_path: Path, text: str, slug: str, parts: list[str]) -> None:
    (tmp_path / "requests.http").write_text("GET /\n")
    (tmp_path / "subsecond.toml").write_text(text + "\n")
    error = refused(tmp_path)
    assert error.slug == slug
    assert error.exit_code == 2
    for part in parts:
        assert part in error.message


def test_bytes_of_the_command_line_that_are_no_text(tmp_path: Path) -> None:
    for option in ({"get": ["/\udcff"]}, {"headers": {"A": "\udcff"}}, {"env": {"A": "\udcff"}}, {"run": "\udcff"}):
        assert "it is not UTF-8 text" in refused(tmp_path, app="shop:app", **option).message
    folder = tmp_path / "\udcff"
    folder.mkdir()
    assert "cwd = " in refused(folder, app="shop:app").message


def test_no_app_names_the_likely_one(tmp_path: Path) -> None:
    (tmp_path / "shop.py").write_text("from flask import Flask\napp = Flask(__name__)\n")
    error = refused(tmp_path)
    assert error.slug == "no-app"
    assert "subsecond audit shop:app" in error.message
    assert "parent folders are not searched" in error.message


def test_a_file_that_is_no_text(tmp_path: Path) -> None:
    (tmp_path / "subsecond.toml").write_bytes(b"\xff\xfe\x00")
    assert refused(tmp_path).slug == "config-unreadable"


def test_no_folder(tmp_path: Path) -> None:
    assert refused(tmp_path / "nowhere").slug == "no-folder"


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("2ms", 0.002),
        ("1.5s", 1.5),
        ("10m", 600.0),
        ("1h", 3600.0),
        (".5s", 0.5),
        ("10", None),
        ("", None),
        ("-1s", None),
    ],
)
def test_durations(text: str, seconds: float | None) -> None:
    assert durations.seconds(text) == (pytest.approx(seconds) if seconds is not None else None)


def test_what_is_let_into_the_sandbox(tmp_path: Path) -> None:
    (tmp_path / "subsecond.toml").write_text(
        'app = "shop:app"\n[sandbox]\nenv = ["KEY"]\nread = ["data"]\nwrite = ["logs"]\n'
        'connect = ["cache:6379", "[::1]:80"]\n'
    )
    (tmp_path / "data").mkdir()
    (tmp_path / "logs").mkdir()
    allowed = load(tmp_path, {}).allowed
    assert allowed.write == (tmp_path / "logs",)
    assert allowed.env == ("KEY",) and allowed.read == (tmp_path / "data",)
    assert allowed.connect == (("cache", 6379), ("::1", 80))


@pytest.mark.parametrize(
    ("line", "part"),
    [('connect = ["cache"]', "host:port"), ('read = ["nowhere"]', "does not exist"), ('reed = ["x"]', "read")],
)
def test_what_cannot_be_let_into_the_sandbox(tmp_path: Path, line: str, part: str) -> None:
    (tmp_path / "subsecond.toml").write_text(f'app = "shop:app"\n[sandbox]\n{line}\n')
    with pytest.raises(SubsecondError) as caught:
        load(tmp_path, {})
    assert part in caught.value.message
