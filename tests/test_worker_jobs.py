"""Workers of a target: started beside the app, each job a trace of its own, ended with the audit."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from subsecond import store, workflow
from subsecond.errors import SubsecondError
from subsecond.target import load

TASKS = """
import functools
from sqlalchemy import Column, Integer, String, create_engine, select
from sqlalchemy.orm import Session, declarative_base

Base = declarative_base()
engine = create_engine("sqlite:///mail.db")
registry = {}


class Mail(Base):
    __tablename__ = "mails"
    id = Column(Integer, primary_key=True)
    state = Column(String(10))


def task(function):
    registry[function.__name__] = function
    return function


@task
def send(number):
    with Session(engine) as session:
        mail = session.get(Mail, number)
        mail.state = "sent"
        session.commit()
    if number == 3:
        raise LookupError("no address")


@task
def tidy():
    return nested()


def nested():
    return send(1)
"""

APP = """
from flask import Flask
from sqlalchemy.orm import Session
import tasks

tasks.Base.metadata.drop_all(tasks.engine)
tasks.Base.metadata.create_all(tasks.engine)
app = Flask(__name__)


@app.get("/order")
def order():
    with Session(tasks.engine) as session:
        session.add(tasks.Mail(state="new"))
        session.commit()
    return "ordered"
"""

WORKER = """
import os, time
from sqlalchemy import select
from sqlalchemy.orm import Session
import tasks

open("worker.pid", "w").write(str(os.getpid()))
while True:
    with Session(tasks.engine) as session:
        new = [mail.id for mail in session.execute(select(tasks.Mail).where(tasks.Mail.state == "new")).scalars()]
    for number in new[:4]:
        try:
            tasks.registry["send"](number)
        except LookupError:
            pass
    if new:
        tasks.registry["tidy"]()
    time.sleep(0.05)
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A project with an app, its tasks and a worker of its own make."""
    for name, text in (("tasks.py", TASKS), ("shop.py", APP), ("worker.py", WORKER)):
        (tmp_path / name).write_text(text)
    return tmp_path


def audited(folder: Path, **more: object) -> list[str]:
    given = {
        "app": "shop:app",
        "python": sys.executable,
        "get": ["/order"],
        "repeat": 2,
        "workers": ["python worker.py"],
    }
    target = load(folder, {**given, **more})
    outcome = workflow.audit(target, keep_values=False, trials=False, progress=lambda *_: None, say=lambda line: None)
    return list(outcome.notes)


def test_jobs_are_traces_of_their_own(folder: Path) -> None:
    notes = audited(folder, jobs=["tasks:send", "tasks:tidy", "tasks:missing"])
    [path] = (folder / ".subsecond" / "traces").glob("job-tasks-send*")
    traces = list(store.read_traces(path))
    assert {(trace.request, trace.route, trace.method, trace.mode) for trace in traces} == {
        ("job tasks:send", "tasks:send", "JOB", "recording")
    }
    one = traces[0]
    assert (one.counts["queries"], one.counts["sessions"]) == (2, 1)
    assert [span.site.function for span in one.spans if span.name == "query" and span.site] == ["send", "send"]
    assert {trace.error for trace in traces} <= {None, "LookupError"}
    assert "LookupError" in {trace.error for trace in traces}
    [path] = (folder / ".subsecond" / "traces").glob("job-tasks-tidy*")
    tidy = next(store.read_traces(path))
    assert tidy.counts["queries"] == 1  # of `send`, which is no root of its own within it: its mail was sent before
    assert any("there is no missing in tasks" in note for note in notes)
    pid = int((folder / "worker.pid").read_text())
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)


def test_a_worker_that_ends_is_told(folder: Path) -> None:
    (folder / "worker.py").write_text("import tasks\nraise SystemExit('no queue')\n")
    notes = audited(folder)
    assert any(note.startswith("the worker `python worker.py` ended") for note in notes), notes


def test_what_cannot_be_started_is_refused(folder: Path) -> None:
    with pytest.raises(SubsecondError, match="no program 'nobody'"):
        audited(folder, workers=["nobody worker"])
    with pytest.raises(SubsecondError, match="wanted module:function"):
        load(folder, {"app": "shop:app", "jobs": ["tasks.send"]})
