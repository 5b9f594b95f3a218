"""Trials end to end on PostgreSQL: a clone of its own, an index in it, a delay before it, and nothing left of it."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator

import pytest

from subsecond.harness import clones
from tests.confirm.conftest import RUN, SUBSECOND, Project, interrupted, made
from tests.postgres import USER, connect, postgres

pytestmark = pytest.mark.xdist_group("confirm-postgres")


@pytest.fixture(scope="module")
def port(tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    with postgres(tmp_path_factory.mktemp("postgres"), "confirm") as found:
        yield found


@pytest.fixture(scope="module")
def shop_on_postgres(port: int, tmp_path_factory: pytest.TempPathFactory) -> Project:
    connect(port).execute("CREATE DATABASE library").close()
    url = f"postgresql+psycopg://{USER}@127.0.0.1:{port}/library"
    return made(tmp_path_factory.mktemp("library"), url)


def databases(port: int) -> set[str]:
    with connect(port) as connection:
        return {name for (name,) in connection.execute("SELECT datname FROM pg_database")}


def test_a_trial_runs_on_a_clone_that_is_gone_afterwards(shop_on_postgres: Project, port: int) -> None:
    before = databases(port)
    findings = shop_on_postgres.audit("/books", budget="150s", rtt="1ms")
    [trial] = next(finding for finding in findings if finding.kind == "lazy-load").trials
    assert (trial.verdict, trial.queries_saved, trial.response_equal) == ("confirmed", 59, True)
    assert trial.gain_seconds is not None and trial.gain_seconds > 59 * 0.001  # each one saves its round trip too
    assert any("the app runs on a scratch copy of library at 127.0.0.1" in line for line in shop_on_postgres.said)
    assert databases(port) == before


@pytest.mark.long
def test_an_index_is_built_in_the_clone_and_not_in_the_source(shop_on_postgres: Project, port: int) -> None:
    parameters = {"table": "loans", "columns": ["reader"]}
    tried = shop_on_postgres.tried("index", "/loans", parameters=parameters, budget="150s")
    trial = tried["GET /loans"]
    assert (trial.verdict, trial.response_equal) == ("confirmed", True), trial.why
    with connect(port, "library") as connection:
        assert connection.execute("SELECT count(*) FROM pg_indexes WHERE tablename = 'loans'").fetchone() == (1,)


@pytest.mark.long
def test_a_source_in_use_is_one_line_and_trials_read_only(shop_on_postgres: Project, port: int) -> None:
    with connect(port, "library"):
        tried = shop_on_postgres.tried("eager-load", "/books", parameters={"relation": "Book.author"}, budget="60s")
        assert tried["GET /books"].verdict == "confirmed"
        [line] = [line for line in shop_on_postgres.said if line.startswith("no copy of the database could be made")]
        assert "the database is in use by others: stop them, or give copy_database" in line
        parameters = {"table": "loans", "columns": ["reader"]}
        tried = shop_on_postgres.tried("index", "/loans", parameters=parameters, budget="60s")
        assert tried["GET /loans"].verdict == "not testable"
        assert "an index is built in a copy of the database only" in tried["GET /loans"].why


@pytest.mark.long
def test_a_command_of_the_target_makes_the_copy(shop_on_postgres: Project, port: int) -> None:
    copied = (
        f"{sys.executable} -c \"import psycopg, sys; psycopg.connect('postgresql://{USER}@127.0.0.1:{port}/postgres'"
    )
    copied += ", autocommit=True).execute('CREATE DATABASE ' + sys.argv[1] + ' TEMPLATE library')\" {name}"
    tried = shop_on_postgres.tried(
        "eager-load", "/books", parameters={"relation": "Book.author"}, budget="60s", copy_database=copied
    )
    assert tried["GET /books"].verdict == "confirmed"
    assert not {name for name in databases(port) if name.startswith(clones.PREFIX)}


def test_what_kill_9_in_a_trial_leaves_the_next_command_removes(shop_on_postgres: Project, port: int) -> None:
    project = shop_on_postgres
    words = ["audit", "shop:app", "--cwd", str(project.folder), "--get", "/books", "--run", RUN, "--repeat", "1"]
    words += ["--python", sys.executable, "--env", f"SHOP_DB={project.url}"]
    tool = subprocess.Popen([str(SUBSECOND), *words], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
    assert tool.stderr is not None
    for line in tool.stderr:
        if line.startswith("the app runs on a scratch copy"):
            break
    time.sleep(1.0)
    os.kill(tool.pid, signal.SIGKILL)
    tool.wait()
    tool.stderr.close()
    left = {name for name in databases(port) if name.startswith(clones.PREFIX)}
    assert len(left) == 1
    done = subprocess.run(
        [str(SUBSECOND), *words, "--no-trials"], capture_output=True, text=True, timeout=120, check=False
    )
    assert done.returncode == 0, done.stderr
    assert (
        f"the scratch database {left.pop()} of an earlier run that was killed was still there: dropped" in done.stderr
    )
    assert not {name for name in databases(port) if name.startswith(clones.PREFIX)}
    assert not [path for path in (project.folder / ".subsecond").iterdir() if path.name.startswith(("run-", "arm-"))]


@pytest.mark.long
def test_ctrl_c_in_a_trial_leaves_nothing(shop_on_postgres: Project, port: int) -> None:
    project = shop_on_postgres
    words = ["try", "eager-load", "relation=Book.author", "shop:app", "--cwd", str(project.folder), "--get", "/books"]
    words += ["--run", RUN, "--python", sys.executable, "--env", f"SHOP_DB={project.url}"]
    said = interrupted(words, later=1.0)
    assert said[-1].startswith("subsecond: interrupted")
    assert not {name for name in databases(port) if name.startswith(clones.PREFIX)}
