"""Which Python and which start command are taken, and which are refused."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from subsecond.errors import SubsecondError
from subsecond.harness import flags
from subsecond.harness.environment import PythonFacts, find_python, probe
from subsecond.harness.server import choose
from subsecond.model.target import Target


def facts(tmp_path: Path, *libraries: str) -> PythonFacts:
    return PythonFacts(
        executable=program(tmp_path / "v" / "bin", "python"),
        why="given",
        version=(3, 11, 7),
        implementation="cpython",
        prefix=tmp_path / "v",
        base_prefix=Path("/usr"),
        path=(),
        virtual=True,
        libraries=dict(library.split("=") for library in libraries),
    )


def target(tmp_path: Path, **more: object) -> Target:
    return Target(**{"root": tmp_path, "name": "t", "cwd": tmp_path, "app": "shop.web:app", **more})  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("libraries", "command", "why"),
    [
        (("flask=3.1", "gunicorn=27.0.1", "gevent=26.9", "packaging=26"), "-m gunicorn -w 1 -k gevent", "gevent 26.9"),
        (("flask=3.1", "gunicorn=27.0.1", "gevent=26.9"), "-k gthread --threads 4", "gevent is not installed"),
        (("flask=3.1", "gunicorn=23.0"), "-b 127.0.0.1:{port} --timeout 150 shop.web:app", "gunicorn 23.0, 1 worker"),
        (("flask=3.1", "uvicorn=0.54"), "-m flask --app shop.web:app run", "development server"),
        (("fastapi=0.165", "uvicorn=0.54"), "-m uvicorn --host 127.0.0.1 --port {port} shop.web:app", "speaks ASGI"),
    ],
)
def test_a_server_that_is_installed_is_chosen(
    tmp_path: Path, libraries: tuple[str, ...], command: str, why: str
) -> None:
    start = choose(target(tmp_path), facts(tmp_path, *libraries))
    assert command in start.text
    assert why in start.why
    assert "8123" in " ".join(start.on(8123))


def test_the_app_s_text_tells_its_kind_where_both_are_installed(tmp_path: Path) -> None:
    have = facts(tmp_path, "flask=3.1", "fastapi=0.165", "uvicorn=0.54", "gunicorn=27.0")
    (tmp_path / "shop").mkdir()
    (tmp_path / "shop" / "web.py").write_text("app = FastAPI()")
    assert choose(target(tmp_path), have).server == "uvicorn"
    (tmp_path / "shop" / "web.py").write_text("app = Flask(__name__)")
    assert choose(target(tmp_path), have).server == "gunicorn"


def test_gunicorn_s_own_settings_keep_their_worker_class(tmp_path: Path) -> None:
    (tmp_path / "gunicorn.conf.py").write_text("worker_class = 'sync'\n")
    start = choose(target(tmp_path), facts(tmp_path, "flask=3", "gunicorn=27.0", "gevent=26", "packaging=26"))
    assert "-k" not in start.command
    assert "gunicorn.conf.py" in start.why


def test_django_s_development_server(tmp_path: Path) -> None:
    (tmp_path / "manage.py").write_text("")
    assert "manage.py runserver --noreload" in choose(target(tmp_path), facts(tmp_path, "django=5.2")).text


@pytest.mark.parametrize(("libraries", "missing"), [((), "gunicorn"), (("fastapi=1",), "uvicorn")])
def test_no_server_at_all(tmp_path: Path, libraries: tuple[str, ...], missing: str) -> None:
    with pytest.raises(SubsecondError, match=f"install {missing} there") as caught:
        choose(target(tmp_path), facts(tmp_path, *libraries))
    assert caught.value.slug == "no-server"


def program(folder: Path, name: str, text: str = "#!/bin/sh\n") -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / name
    path.write_text(text)
    path.chmod(0o755)
    return path


def test_the_program_is_the_app_s_own(tmp_path: Path) -> None:
    own = program(tmp_path / "v" / "bin", "gunicorn")
    start = choose(target(tmp_path, run="A=1 B='x y' gunicorn -b 127.0.0.1:{port} {app}"), facts(tmp_path))
    assert start.command == (str(own), "-b", "127.0.0.1:{port}", "shop.web:app")
    assert start.env == (("A", "1"), ("B", "x y"))
    assert choose(target(tmp_path, run="python -m x {port}"), facts(tmp_path)).server == "x"
    assert choose(target(tmp_path, run="{python} -m x {port}"), facts(tmp_path)).command[0].endswith("v/bin/python")


@pytest.mark.parametrize(
    ("run", "port"),
    [
        ("sh -b 127.0.0.1:8501 a:b", 8501),
        ("sh --port 8502", 8502),
        ("sh --port=8503 a:b", 8503),
        ("sh -p 8504", 8504),
        ("sh manage.py runserver 8505 :8506", 8506),
        ("sh --bind 127.0.0.1:{port} -w 4", None),
    ],
)
def test_the_port_of_a_start_command(tmp_path: Path, run: str, port: int | None) -> None:
    assert choose(target(tmp_path, run=run), facts(tmp_path)).fixed_port == port


@pytest.mark.parametrize(
    ("run", "message"),
    [
        ("gunicorm -b :{port}", "no program 'gunicorm' in .*did you mean \"gunicorn\""),
        ("./start.sh {port}", r"start\.sh does not exist"),
        ("sh 'x", "No closing quotation"),
        ("sh x && sh y {port}", "needs a shell"),
        ("A=1", "names no program"),
        ("sh serve a:b", r"write \{port\} where the port belongs"),
    ],
)
def test_start_commands_that_cannot_work(tmp_path: Path, run: str, message: str) -> None:
    program(tmp_path / "v" / "bin", "gunicorn")
    with pytest.raises(SubsecondError, match=message):
        choose(target(tmp_path, run=run), facts(tmp_path))


def test_app_in_run_without_an_app(tmp_path: Path) -> None:
    with pytest.raises(SubsecondError, match="names no app"):
        choose(target(tmp_path, app=None, run="sh {app} {port}"), facts(tmp_path))


@pytest.mark.parametrize(
    "command",
    [
        ["/usr/bin/python3", "-I", "-m", "gunicorn"],
        ["python3.11", "-sE", "app.py"],
        ["python", "-W", "error", "-X", "dev", "-S", "app.py"],
        ["python", "-Wd", "-E", "app.py"],
        ["opentelemetry-instrument", "python", "-E", "app.py"],
        ["sh", "-c", "cd x; exec python -I app.py"],
    ],
)
def test_flags_that_keep_the_agent_out(command: list[str]) -> None:
    with pytest.raises(SubsecondError, match="the agent gets in by PYTHONPATH") as caught:
        flags.refuse(command, Path("/v/bin/python"))
    assert caught.value.slug == "python-flag"


@pytest.mark.parametrize(
    "command",
    [
        ["python", "-m", "gunicorn", "-E", "-I"],
        ["python", "app.py", "-S"],
        ["python", "-c", "pass", "-I"],
        ["python", "-u", "-O", "-X", "importtime", "app.py"],
        ["python", "-WE", "app.py"],
        ["gunicorn", "-I"],
        [],
    ],
)
def test_flags_of_others(command: list[str]) -> None:
    flags.refuse(command, Path("/v/bin/python"))  # a refusal would be raised


@pytest.mark.parametrize(
    ("head", "refused"),
    [
        ("#!/usr/bin/python3 -sE\n", True),
        ("#!/usr/bin/env -S python3 -I\n", True),
        ("#!/bin/sh\n'''exec' \"/a b/python\" -I \"$0\" \"$@\"\n' '''\n", True),
        ("#!/usr/bin/python3\nimport x  # -E\n", False),
        ("#!/bin/sh\n'''exec' \"/a b/python\" \"$0\" \"$@\"\n' '''\n", False),
        ("", False),
    ],
)
def test_flags_in_the_first_line_of_a_script(tmp_path: Path, head: str, refused: bool) -> None:
    script = program(tmp_path, "serve", head)
    if refused:
        with pytest.raises(SubsecondError, match=r"the first line of .*serve runs Python with -"):
            flags.refuse([str(script)], Path("python"))
    else:
        flags.refuse([str(script)], Path("python"))


def test_the_python_of_the_project_comes_first(tmp_path: Path) -> None:
    assert find_python(target(tmp_path))[1] == "python3 on the path"
    (tmp_path / "venv" / "bin").mkdir(parents=True)
    (tmp_path / "venv" / "bin" / "python").symlink_to(sys.executable)
    assert find_python(target(tmp_path)) == (tmp_path / "venv" / "bin" / "python", f"venv in {tmp_path}")
    (tmp_path / "app" / ".venv" / "bin").mkdir(parents=True)
    (tmp_path / "app" / ".venv" / "bin" / "python").symlink_to(sys.executable)
    assert find_python(target(tmp_path, cwd=tmp_path / "app"))[1] == f".venv in {tmp_path / 'app'}"
    assert find_python(target(tmp_path, python=Path("/x")))[0] == Path("/x")


def test_facts_of_this_python(tmp_path: Path) -> None:
    """Also with modules in the folder and on PYTHONPATH that would answer in place of the library's."""
    (tmp_path / "json.py").write_text("raise SystemExit(3)")
    found = probe(target(tmp_path, python=Path(sys.executable), env=(("PYTHONPATH", "."),)))
    assert found.version == sys.version_info[:3]
    assert found.libraries["flask"]
    assert found.virtual == (sys.prefix != sys.base_prefix)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("#!/bin/sh\necho broken >&2; exit 1\n", "is no Python that answers: broken"),
        ("#!/no/such/interpreter\n", "does not start"),
        ("#!/bin/sh\necho 'subsecond-facts:{\"version\": [3, 8, 1]}'\n", "is Python 3.8; the agent needs 3.9"),
    ],
)
def test_a_python_that_will_not_do(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(SubsecondError, match=message):
        probe(target(tmp_path, python=program(tmp_path, "python", text)))
