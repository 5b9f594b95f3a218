"""Deep and profiling runs through the whole of observing: what reaches the files, what does not, what never ran."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from subsecond import store, workflow
from subsecond.model.audit import Audit
from subsecond.model.trace import Trace
from subsecond.observe.schedule import schedule
from subsecond.observe.unreached import unreached
from subsecond.target import load

APP = """
import time
from flask import Flask, jsonify, request
from sqlalchemy import Column, Integer, String, create_engine, select
from sqlalchemy.orm import Session, declarative_base

Base = declarative_base()
engine = create_engine("sqlite:///rooms.db")
app = Flask(__name__)


class Room(Base):
    __tablename__ = "rooms"
    id = Column(Integer, primary_key=True)
    owner = Column(String(20))
    size = Column(Integer)


Base.metadata.drop_all(engine)
Base.metadata.create_all(engine)
with Session(engine) as session:
    session.add_all([Room(owner="hushed" if number % 10 else "open", size=number) for number in range(100)])
    session.commit()


def is_closed(day):
    if day == "holiday":
        return True
    return False


@app.get("/rooms")
def rooms():
    day = request.args.get("day", "")
    if request.args.get("mode") == "none":
        return jsonify([])
    closed = is_closed(day)
    if closed:
        return jsonify("closed")
    end = time.process_time() + 0.02
    while time.process_time() < end:
        sum(range(100))
    with Session(engine) as session:
        found = session.execute(select(Room)).scalars().all()
        return jsonify([room.size for room in found if room.owner == "open"])


@app.get("/deep-fails")
def deep_fails():
    import sys
    return ("no", 500) if sys.gettrace() or getattr(sys, "monitoring", None) and sys.monitoring.get_tool(4) else "yes"
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project that was audited."""
    return tmp_path_factory.mktemp("rooms")


@pytest.fixture(scope="module")
def outcome(folder: Path) -> Audit:
    """Its audit: an ordinary day, and a holiday."""
    (folder / "shop.py").write_text(APP)
    get = ["/rooms?day=monday", "/rooms?day=holiday", "/deep-fails"]
    target = load(folder, {"app": "shop:app", "python": sys.executable, "get": get, "repeat": 2})
    return workflow.audit(target, keep_values=False, trials=False, progress=lambda *_: None, say=lambda line: None)


def traces(folder: Path, name: str) -> list[Trace]:
    [path] = [path for path in (folder / ".subsecond" / "traces").glob("*.jsonl") if name in path.name]
    return list(store.read_traces(path))


def test_clusters_reach_the_file_without_their_values(folder: Path, outcome: Audit) -> None:
    [deep] = [trace.deep for trace in traces(folder, "monday") if trace.mode == "deep"]
    assert deep is not None
    [rooms] = deep.reads
    assert (rooms.entity, rooms.rows, rooms.objects, rooms.unread) == ("shop:Room", 100, 100, ("id",))
    refused, shown = rooms.clusters
    assert (refused.columns, refused.objects, shown.columns, shown.objects) == (("owner",), 90, ("owner", "size"), 10)
    assert shown.values["owner"].alone and shown.values["owner"].distinct == 1
    assert rooms.read_at["owner"][0].function == "rooms"
    files = [path for path in (folder / ".subsecond").rglob("*") if path.is_file()]
    assert not [path for path in files if b"hushed" in path.read_bytes()]


def test_parameters_calls_and_lines(folder: Path, outcome: Audit) -> None:
    [deep] = [trace.deep for trace in traces(folder, "monday") if trace.mode == "deep"]
    assert deep is not None
    assert [(one.name, one.present) for one in deep.asked] == [("day", True), ("mode", False)]
    functions = {one.function: one for one in deep.functions}
    assert (functions["is_closed"].calls, functions["is_closed"].file) == (1, "shop.py")


def test_a_profile_says_where_the_cpu_went(folder: Path, outcome: Audit) -> None:
    profiles = [trace.profile for trace in traces(folder, "monday") if trace.profile]
    assert len(profiles) >= 3
    seconds: dict[int, float] = {}
    for profile in profiles:
        for frame, amount in profile.by_line().items():
            seconds[frame.line] = seconds.get(frame.line, 0.0) + amount
    loop = APP.splitlines().index("        sum(range(100))") + 1
    assert max(seconds, key=lambda line: seconds[line]) in (loop - 1, loop)
    own, whole = profiles[0].by_function()["shop.py", "rooms"]
    assert 0 < own <= whole


def test_their_seconds_count_for_nothing(outcome: Audit) -> None:
    monday = outcome.requests[0]
    assert monday.runs == 2
    assert monday.seconds is not None and monday.seconds.median < 0.2


def test_what_no_request_reached_and_which_parameter_would(folder: Path, outcome: Audit) -> None:
    seen = [*traces(folder, "monday"), *traces(folder, "holiday")]
    [only] = unreached(seen, folder)
    assert (only.function, only.condition, only.parameters) == (
        "rooms",
        "request.args.get('mode') == 'none'",
        ("mode",),
    )
    alone = unreached(traces(folder, "monday"), folder)
    assert [(one.function, one.parameters) for one in alone] == [
        ("is_closed", ("day",)), ("rooms", ("mode",)), ("rooms", ("day",)),
    ]  # fmt: skip


def test_a_deep_run_that_fails_is_told_and_no_failure(outcome: Audit) -> None:
    assert outcome.requests[2].error is None and outcome.requests[2].status == 200
    [note] = [note for note in outcome.notes if "not looked into deeply" in note]
    assert note.startswith("GET /deep-fails: not looked into deeply: a deep run failed: answered 500")


def test_slow_requests_are_not_looked_into() -> None:
    assert (schedule(21.0).deep, schedule(21.0).profiled) == (0, 0)
    assert (schedule(5.0).deep, schedule(5.0).profiled) == (1, 1)
    assert schedule(0.01).profiled == 20
