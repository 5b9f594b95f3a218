"""The agent changes no boot: what is loaded before gevent patches, in which order, and whose modules the app gets."""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.agent import served as running
from tests.agent.served import APPS, PYTHON, Served, agent_environment

pytestmark = pytest.mark.xdist_group("agent-boot")

PRIVATE = ("_subsecond", "sitecustomize")
HARMLESS = {
    "__future__",
    "contextvars",
    "_contextvars",
    "gc",
    "json",
    "json.decoder",
    "json.encoder",
    "json.scanner",
    "_json",
    "_operator",
    "stat",
    "_stat",
}
"""Standard library that the agent may load earlier than the app would: no locks, no threads, nothing gevent patches."""


def modules(folder: Path, name: str) -> list[str]:
    """The list of loaded modules that `gunicorn_hooks.py` wrote, without the agent's own and the harmless ones."""
    (file,) = folder.glob(f"{name}-*")
    return [one for one in file.read_text().splitlines() if not one.startswith(PRIVATE) and one not in HARMLESS]


def loaded(serve: Callable[..., Served], server: str, folder: Path, launcher: tuple[str, ...], agent: bool) -> None:
    folder.mkdir()
    conf = {"GUNICORN_CMD_ARGS": f"-c {APPS / 'gunicorn_hooks.py'}", "MODULES_TO": str(folder), "PYTHONHASHSEED": "0"}
    if launcher:
        conf |= {"OTEL_TRACES_EXPORTER": "none", "OTEL_METRICS_EXPORTER": "none", "OTEL_LOGS_EXPORTER": "none"}
    served = serve(server, without_agent=not agent, launcher=launcher, **conf)
    assert served.get("/ready") == (200, b"yes")
    if agent:
        assert served.traced("/books/3")["counts"]["queries"] == 4
        assert served.lines("note") == []
    served.stop()


@pytest.mark.parametrize("launcher", [(), ("opentelemetry-instrument",)], ids=["plain", "opentelemetry"])
@pytest.mark.parametrize("server", ["sync", "gthread", "gevent", "preload"])
def test_same_modules_in_the_same_order(
    serve: Callable[..., Served], tmp_path: Path, server: str, launcher: tuple[str, ...]
) -> None:
    if launcher:
        if not (Path(PYTHON).parent / launcher[0]).exists():
            pytest.skip(f"{launcher[0]} is not installed beside {PYTHON}")
        if server in ("sync", "gthread"):
            pytest.skip("the launcher loads everything before the server does: gevent and preload tell all")
    loaded(serve, server, tmp_path / "with", launcher, agent=True)
    loaded(serve, server, tmp_path / "without", launcher, agent=False)
    for moment in ("before", "after"):
        assert modules(tmp_path / "with", moment) == modules(tmp_path / "without", moment)


def test_nothing_that_must_wait_is_loaded_by_the_agent(tmp_path: Path) -> None:
    """At Python's start the agent loads nothing but itself; of the standard library nothing gevent would patch."""
    spool = tmp_path / "spool"
    spool.mkdir(mode=0o700)
    code = "import sys; print('\\n'.join(sys.modules))"
    with_agent, without = (
        subprocess.run([PYTHON, "-c", code], env=environment, capture_output=True, text=True, check=True)
        for environment in (agent_environment(spool, tmp_path), {"PATH": "/usr/bin:/bin"})
    )
    assert with_agent.stderr == ""
    new = set(with_agent.stdout.split()) - set(without.stdout.split())
    assert {one for one in new if not one.startswith(PRIVATE)} <= {"__future__"}
    assert "_subsecond_agent.boot" in new
    assert list(spool.iterdir()) == []


def test_without_the_variable_nothing_happens(tmp_path: Path) -> None:
    environment = agent_environment(tmp_path, tmp_path)
    del environment["SUBSECOND_SPOOL"]
    code = "import sys, flask; print([m for m in sys.modules if m.startswith('_subsecond_agent')], len(sys.meta_path))"
    answer = subprocess.run([PYTHON, "-c", code], env=environment, capture_output=True, text=True, check=True)
    plain = subprocess.run([PYTHON, "-c", code], env={"PATH": "/bin"}, capture_output=True, text=True, check=True)
    assert answer.stdout == plain.stdout
    assert answer.stdout.startswith("[]")


def test_an_app_keeps_its_own_modules_of_the_same_names(serve: Callable[..., Served]) -> None:
    served = serve("sync", "named:app", cwd=APPS / "own_names")
    names = served.json("/names")
    assert names == [
        f"the app's own {name}"
        for name in ("boot", "guard", "hooks", "line", "protocol", "recorder", "span", "spool", "wsgi")
    ]
    assert served.traced("/names")["route"] == "/names"


def run(tmp_path: Path, code: str, path: list[str], **more: str) -> subprocess.CompletedProcess[str]:
    spool = tmp_path / "spool"
    spool.mkdir(mode=0o700, exist_ok=True)
    environment = agent_environment(spool, tmp_path, **more)
    environment["PYTHONPATH"] = ":".join(path)
    return subprocess.run(
        [PYTHON, "-c", code], env=environment, capture_output=True, text=True, timeout=60, check=False
    )


def test_an_existing_sitecustomize_runs(tmp_path: Path) -> None:
    (tmp_path / "sitecustomize.py").write_text("import sys\nprint('theirs', __name__, __file__)\n")
    inject = str(running.AGENT / "inject")
    code = "import sys; print(sys.modules['sitecustomize'].__file__, '_subsecond_agent.boot' in sys.modules)"
    theirs = str(tmp_path / "sitecustomize.py")
    answer = run(tmp_path, code, [inject, str(tmp_path)])
    assert answer.stdout.splitlines() == [f"theirs sitecustomize {theirs}", f"{theirs} True"]
    assert answer.stderr == ""


def test_a_failing_sitecustomize_fails_as_it_would_without_us(tmp_path: Path) -> None:
    (tmp_path / "sitecustomize.py").write_text("raise RuntimeError('theirs')\n")
    code = "import sys; print('app', '_subsecond_agent.boot' in sys.modules)"
    answer = run(tmp_path, code, [str(running.AGENT / "inject"), str(tmp_path)])
    assert answer.stdout == "app True\n"
    assert "RuntimeError: theirs" in answer.stderr


def test_one_that_chains_itself_and_stands_first(tmp_path: Path) -> None:
    """ddtrace-run and newrelic-admin put a folder of their own first and look for the next one."""
    (tmp_path / "sitecustomize.py").write_text(
        "import os, sys\n"
        "from importlib.machinery import PathFinder\n"
        "from importlib.util import module_from_spec\n"
        "here = os.path.dirname(os.path.abspath(__file__))\n"
        "spec = PathFinder.find_spec('sitecustomize', [p for p in sys.path if p != here])\n"
        "print('first')\n"
        "spec.loader.exec_module(module_from_spec(spec))\n"
    )
    code = "import sys; print('_subsecond_agent.boot' in sys.modules)"
    answer = run(tmp_path, code, [str(tmp_path), str(running.AGENT / "inject")])
    assert answer.stdout.splitlines() == ["first", "True"], answer.stderr


def test_a_broken_agent_is_one_line_and_no_harm(tmp_path: Path) -> None:
    agent = tmp_path / "agent"
    shutil.copytree(running.AGENT, agent, ignore=shutil.ignore_patterns("__pycache__"))
    (agent / "boot.py").write_text("import no_such_module\n")
    answer = run(tmp_path, "print('app')", [str(agent / "inject")])
    assert (answer.returncode, answer.stdout) == (0, "app\n")
    assert answer.stderr.splitlines() == [
        "subsecond: the agent did not start: ModuleNotFoundError: No module named 'no_such_module'"
    ]


def test_everything_can_be_undone(tmp_path: Path) -> None:
    """Each replaced function is the library's own again, and queries are no longer seen."""
    code = """
import json, logging, threading, concurrent.futures.thread, sys
import flask, sqlalchemy, sqlalchemy.orm
from sqlalchemy.pool import Pool
engine = sqlalchemy.create_engine("sqlite://")
modules = sys.modules
guard = modules["_subsecond_agent.guard"]
done = [entry for hook in guard.modules.values() for entry in hook.patches.done]
assert all(getattr(owner, name) is ours for owner, name, original, ours, own in done)
modules["_subsecond_agent.boot"].uninstall()
left = [name for owner, name, original, ours, own in done if getattr(owner, name) is not original]
with sqlalchemy.orm.Session(engine) as session:
    session.execute(sqlalchemy.text("SELECT 1"))
finders = [type(finder).__module__ for finder in sys.meta_path]
import gc
ours = [finder for finder in finders if "subsecond" in finder]
print(json.dumps([len(done), left, ours, sorted(guard.status.values()), len(gc.callbacks)]))
"""
    answer = run(tmp_path, code, [str(running.AGENT / "inject")])
    assert answer.stderr == ""
    number, left, finders, status, collectors = json.loads(answer.stdout)
    assert number > 20
    assert (left, finders, collectors) == ([], [], 0)
    assert set(status) == {"off: uninstalled"}


def test_import_looks_the_same_to_the_app(tmp_path: Path) -> None:
    code = """
import importlib, inspect, logging, sys
before = logging.Logger.handle
assert "subsecond" not in type(logging.__loader__).__module__, logging.__loader__
assert logging.__spec__.loader is logging.__loader__
assert "class Logger" in inspect.getsource(logging)
assert str(inspect.signature(logging.Logger.handle)) == "(self, record)"
assert logging.Logger.handle.__name__ == "handle" and logging.Logger.handle.__module__ == "logging"
import copy, importlib.util
assert copy.copy(importlib.util.find_spec("concurrent.futures.thread").loader).name == "concurrent.futures.thread"
importlib.reload(logging)
assert logging.Logger.handle.__wrapped__.__module__ == "logging"
assert not hasattr(logging.Logger.handle.__wrapped__, "__wrapped__")
print("same")
"""
    answer = run(tmp_path, code, [str(running.AGENT / "inject")])
    assert (answer.stdout, answer.stderr) == ("same\n", "")
