"""Detectors on what is right, or rare: recursion, retries, settings, locks, a session that commits half-way."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from subsecond.diagnose.stage import diagnose
from subsecond.harness.spool import Spool
from subsecond.model.finding import Finding
from subsecond.model.trace import Span, Trace
from subsecond.observe.traces import Redaction, trace_of
from subsecond_agent import protocol
from tests.agent.served import TOKEN, agent_environment

APP = """
import io, itertools, sys
import flask, sqlalchemy as sa
from sqlalchemy.orm import Session
from sqlalchemy.pool import QueuePool

engine = sa.create_engine("sqlite:///odd.db", poolclass=QueuePool, connect_args={"check_same_thread": False})
numbers = itertools.count(1)

@sa.event.listens_for(engine, "connect")
def teach(connection, entry):
    connection.create_function("nextval", 1, lambda name: next(numbers))

with engine.begin() as start:
    start.execute(sa.text("CREATE TABLE category (id INTEGER PRIMARY KEY, parent INTEGER)"))
    for number in range(1, 9):
        start.execute(sa.text("INSERT INTO category VALUES (:id, :parent)"), {"id": number, "parent": number - 1})
app = flask.Flask("odd")

def find(session, number):
    return session.execute(sa.text("SELECT parent FROM category WHERE id = :id"), {"id": number}).scalar()

@app.get("/")
def view():
    with Session(engine) as session:
        work(session)
    return ""
"""
ASK = """
environ = {"REQUEST_METHOD": "GET", "PATH_INFO": "/", "SERVER_NAME": "x", "SERVER_PORT": "80", "REMOTE_ADDR": "",
           "HTTP_X_SUBSECOND": "TOKEN:recording:m1", "wsgi.url_scheme": "http", "wsgi.input": io.BytesIO(),
           "wsgi.errors": sys.stderr}
answer = app(environ, lambda status, headers, error=None: None)
b"".join(answer)
answer.close()
"""
Found = Callable[[str], list[Finding]]


@pytest.fixture
def found(tmp_path: Path) -> Found:
    """found(source of `def work(session)`) -> the findings of one recorded request that runs it."""

    def findings(work: str) -> list[Finding]:
        spool = tmp_path / "spool"
        spool.mkdir(mode=0o700)
        (tmp_path / "odd.py").write_text(APP + work + ASK.replace("TOKEN", TOKEN))
        environment = agent_environment(spool, tmp_path)
        subprocess.run([sys.executable, "odd.py"], cwd=tmp_path, env=environment, check=True, timeout=60)
        line = Spool(spool).trace_of("m1", 1.0)
        assert line is not None
        trace = trace_of(line, "odd", 1.0, tmp_path, Redaction(key=b"k"))
        return list(diagnose([trace], {"odd": 1.0}, tmp_path))

    return findings


def kinds(findings: list[Finding]) -> list[tuple[str, str, int]]:
    return [(one.kind, one.function, one.queries) for one in findings]


def test_a_walk_up_a_tree_is_a_loop(found: Found) -> None:
    work = """
def climb(session, number):
    parent = find(session, number)
    return climb(session, parent) if parent else number

def work(session):
    climb(session, 8)
"""
    assert kinds(found(work)) == [("n-plus-one-query", "find", 7)]


def test_what_gives_a_new_answer_each_time_is_no_repeat(found: Found) -> None:
    work = """
def work(session):
    for _ in range(4):
        session.execute(sa.text("SELECT nextval('orders')")).scalar()
"""
    assert found(work) == []


def test_a_retry_is_no_repeat(found: Found) -> None:
    work = """
def work(session):
    for attempt in range(3):
        try:
            session.execute(sa.text("SELECT parent FROM nowhere WHERE id = 1"))
        except sa.exc.OperationalError:
            session.rollback()
"""
    assert "duplicate-query" not in [one.kind for one in found(work)]


def test_a_repeat_is_still_a_repeat(found: Found) -> None:
    work = """
def work(session):
    for _ in range(4):
        find(session, 3)
"""
    assert kinds(found(work)) == [("duplicate-query", "find", 3)]


def test_what_new_connections_ask_by_themselves_is_no_repeat(found: Found) -> None:
    work = """
def connect():
    made = sa.create_engine("sqlite://", poolclass=QueuePool)
    sa.event.listen(made, "first_connect", lambda connection, entry: made.dialect.do_execute(
        connection.cursor(), "SELECT sqlite_version()", ()))
    made.connect().close()

def work(session):
    for _ in range(3):
        connect()
    for _ in range(2):
        find(session, 3)
"""
    repeats = [one for one in kinds(found(work)) if one[0] == "duplicate-query"]
    assert repeats == [("duplicate-query", "find", 1)]


def test_one_session_that_commits_half_way_is_called_one(found: Found) -> None:
    work = """
def work(session):
    find(session, 1)
    session.commit()
    find(session, 2)
"""
    [finding] = found(work)
    assert finding.kind == "several-sessions"
    assert finding.title == "2 check-outs from 1 place, by one session that ends its transaction in between"


FAN_OUT = """
import concurrent.futures, threading

def one(number):
    with engine.connect() as connection:
        all_hold.wait(10)
        INNER

def work(session):
    global all_hold
    all_hold = threading.Barrier(3)
    OUTER
    with concurrent.futures.ThreadPoolExecutor(3) as threads:
        list(threads.map(one, range(3)))
"""


@pytest.mark.parametrize(
    ("outer", "inner", "nested"),
    [("", "", 0), ("find(session, 1)", "", 1), ("", "engine.connect().close()", 1)],
    ids=["each holds one", "the request holds one", "each takes two"],
)
def test_threads_that_hold_one_connection_each_cannot_lock(found: Found, outer: str, inner: str, nested: int) -> None:
    work = FAN_OUT.replace("OUTER", outer).replace("INNER", inner)
    assert len([one for one in found(work) if one.kind == "nested-checkout"]) == nested


@pytest.mark.parametrize(("between", "repeats"), [("SET search_path TO b", 0), ("SELECT 1 FROM u", 1)])
def test_a_setting_in_between_may_change_the_answer(between: str, repeats: int) -> None:
    texts = ["SELECT x FROM t", between, "SELECT x FROM t"]
    spans = tuple(
        Span(name="query", parent=None, start=0.0, seconds=0.1, attributes={protocol.DB_TEXT: one}) for one in texts
    )
    trace = Trace(
        request="r", mode="recording", id="1", pid=1, start=0, seconds=1.0, cpu_seconds=0.0, gc_seconds=0.0,
        method="GET", path="/", query="", spans=spans,
    )  # fmt: skip
    assert len([one for one in diagnose([trace], {}, Path("/")) if one.kind == "duplicate-query"]) == repeats
