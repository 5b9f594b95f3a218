"""Requests that do what few do: half surrogate pairs, messages that are no text, threads that work on afterwards."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.agent.served import PYTHON, agent_environment

pytestmark = pytest.mark.xdist_group("agent-odd")

APP = """
import io, logging, sys, threading, weakref
import flask, sqlalchemy as sa
engine = sa.create_engine("sqlite://", poolclass=sa.pool.StaticPool, connect_args={"check_same_thread": False})
app = flask.Flask("odd")

def ask(view):
    app.view_functions["view"] = view
    environ = {"REQUEST_METHOD": "GET", "PATH_INFO": "/", "SERVER_NAME": "x", "SERVER_PORT": "80",
               "wsgi.url_scheme": "http", "wsgi.input": io.BytesIO(), "wsgi.errors": sys.stderr}
    answer = app(environ, lambda status, headers, error=None: None)
    body = b"".join(answer)
    answer.close()
    return body

app.add_url_rule("/", "view", lambda: "")
logging.getLogger().addHandler(logging.NullHandler())
logging.getLogger().setLevel("INFO")
"""
Run = Callable[[str], list[dict[str, Any]]]


@pytest.fixture
def run(tmp_path: Path) -> Run:
    """Run a script with the agent in it: run(code) -> the lines of its spool."""

    def script(code: str) -> list[dict[str, Any]]:
        spool = tmp_path / "spool"
        spool.mkdir(mode=0o700)
        (tmp_path / "odd.py").write_text(APP + code)
        environment = agent_environment(spool, tmp_path)
        done = subprocess.run(
            [PYTHON, "odd.py"], cwd=tmp_path, env=environment, capture_output=True, timeout=60, check=False
        )
        assert done.returncode == 0, done.stderr.decode()
        lines = b"".join(file.read_bytes() for file in spool.glob("*.jsonl")).splitlines()
        return [json.loads(line) for line in lines]

    return script


def test_half_a_surrogate_pair_is_still_json(run: Run) -> None:
    """What `os.fsdecode` makes of a file name; readers of strict JSON would drop the whole trace."""
    lines = run("""
def view():
    logging.info("cannot read caf\\udce9 \\U0001f600")
    return ""
ask(view)
""")
    (trace,) = [line for line in lines if line["type"] == "trace"]
    assert trace["spans"][0][5]["log.template"] == "cannot read caf? \U0001f600"


def test_a_message_that_is_no_text_is_not_asked_for_its_text(run: Run) -> None:
    lines = run("""
class Report:
    def __str__(self):
        raise RuntimeError("asked")
def view():
    logging.info(Report())
    return ""
ask(view)
""")
    assert [line for line in lines if line["type"] == "note"] == []
    (trace,) = [line for line in lines if line["type"] == "trace"]
    assert trace["spans"][0][5]["log.template"] == "<Report>"


def test_no_statement_is_lost_while_the_line_is_written(run: Run) -> None:
    """A thread that goes on while the trace of 3,000 statements is put together: each counts once, in one line."""
    lines = run("""
def work():
    with engine.connect() as connection:
        for _ in range(300):
            connection.execute(sa.text("SELECT 2"))
def view():
    global thread
    thread = threading.Thread(target=work)
    with engine.connect() as connection:
        for _ in range(3000):
            connection.execute(sa.text("SELECT 1"))
    thread.start()
    return ""
ask(view)
thread.join()
""")
    traces = [line for line in lines if line["type"] == "trace"]
    assert not traces[0].get("late") and all(trace["late"] for trace in traces[1:])
    assert sum(trace["counts"]["queries"] for trace in traces) == 3300
    assert sum(span[0] == "query" for trace in traces for span in trace["spans"]) == 3300


def test_a_thread_that_goes_on_does_not_keep_the_request_alive(run: Run) -> None:
    run("""
import gc
class Body: pass
def view():
    global body, thread
    flask.request.environ["body"] = body = Body()
    body = weakref.ref(body)
    thread = threading.Thread(target=done.wait)
    thread.start()
    return ""
done = threading.Event()
ask(view)
gc.collect()
try:
    assert body() is None
finally:
    done.set()
""")


def test_two_pools_of_one_name_are_told_apart(run: Run) -> None:
    lines = run("""
replica = sa.create_engine("sqlite://", pool_logging_name="db")
engine = sa.create_engine("sqlite://", pool_logging_name="db")
def view():
    for one in (engine, replica, engine):
        one.connect().close()
    return ""
ask(view)
""")
    (trace,) = [line for line in lines if line["type"] == "trace"]
    first, second, third = [s[5]["db.client.connection.pool.name"] for s in trace["spans"] if s[0] == "checkout"]
    assert first == third == "db" and second != "db"


def test_engines_made_within_a_request_are_told_apart(run: Run) -> None:
    lines = run("""
import gc
def view():
    for _ in range(4):
        engine = sa.create_engine("sqlite://", poolclass=sa.pool.QueuePool)
        engine.connect().close()
        engine.dispose()
        del engine
        gc.collect()
    return ""
ask(view)
""")
    (trace,) = [line for line in lines if line["type"] == "trace"]
    names = [s[5]["db.client.connection.pool.name"] for s in trace["spans"] if s[0] == "checkout"]
    assert len(set(names)) == len(names) == 4


def test_what_a_new_connection_asks_the_server_is_no_wait_for_the_pool(run: Run) -> None:
    lines = run("""
import time
engine = sa.create_engine("sqlite://", poolclass=sa.pool.QueuePool)
@sa.event.listens_for(engine, "first_connect")
def greet(connection, entry):
    connection.create_function("nap", 1, time.sleep)
    engine.dialect.do_execute(connection.cursor(), "SELECT nap(?)", (0.3,))
def view():
    engine.connect().close()
    return ""
ask(view)
""")
    (trace,) = [line for line in lines if line["type"] == "trace"]
    assert trace["waits"]["database"] > 0.3 > trace["waits"]["pool"] + 0.1
    (checkout,) = [s for s in trace["spans"] if s[0] == "checkout"]
    assert checkout[5]["db.client.connection.wait_time"] > 0.3
