"""A remembered walk must never give another statement's call site: attacked with stacks that look alike."""

from __future__ import annotations

import dis
import json
import sys
import threading
from collections.abc import Callable
from types import CodeType
from typing import Any
from urllib.parse import quote

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from subsecond_agent import own_code
from subsecond_agent.callsite import chain, chain_in_loop
from subsecond_agent.line import line_at
from tests.agent.served import AGENT, Served, spans

pytestmark = pytest.mark.xdist_group("agent-loop-sites")

FRAMES = """
def plain(go, rest):
    return go(rest)

def twice(go, rest, second):
    if second:
        return go(rest)
    return go(rest) if rest is not None else None

def running(go, rest):
    yield go(rest)

def one_line(go, rest, second): return go(rest) if second else [go(rest)][0]
"""
KINDS = {
    "/l/library.py": own_code.INFRASTRUCTURE,
    "/l/twin.py": own_code.INFRASTRUCTURE,
    "/o/own.py": own_code.OWN,
    "/o/twin.py": own_code.OWN,
    "/x/other.py": own_code.OTHER,
    "/o/page.html": own_code.TEMPLATE,
    "/a/wsgi.py": own_code.ENTRY,
}
"""The twins' code objects are equal to the others' and are not the same."""
WAYS = ["plain", "first", "second", "generator", "thread", "line first", "line second"]
Step = tuple[str, str]
Chain = list[Any]


def modules() -> dict[str, dict[str, Any]]:
    made: dict[str, dict[str, Any]] = {}
    for file in KINDS:
        made[file] = {}
        exec(compile(FRAMES, file, "exec"), made[file])
    return made


MODULES = modules()


@pytest.fixture
def kinds(monkeypatch: pytest.MonkeyPatch) -> None:
    for file, kind in KINDS.items():
        monkeypatch.setitem(own_code.kinds, file, kind)
    monkeypatch.setitem(own_code.kinds, __file__, own_code.INFRASTRUCTURE)


def descend(steps: list[Step], leaf: Callable[[], Any]) -> Any:
    """Call through a frame for each step, outermost first, then the leaf."""
    if not steps:
        return leaf()
    (file, way), rest = steps[0], steps[1:]
    module = MODULES[file]

    def go(rest: list[Step]) -> Any:
        return descend(rest, leaf)

    if way == "thread":
        found: list[Any] = []
        thread = threading.Thread(target=lambda: found.append(module["plain"](go, rest)))
        thread.start()
        thread.join()
        return found[0]
    if way == "generator":
        return next(module["running"](go, rest))
    if way.startswith("line"):
        return module["one_line"](go, rest, way == "line second")
    return module["plain"](go, rest) if way == "plain" else module["twice"](go, rest, way == "second")


def same(one: Chain, other: Chain) -> bool:
    """Are two chains of the same code objects (equal ones are not enough) and places?"""
    return len(one) == len(other) and all(
        a is b if isinstance(a, CodeType) else a == b for a, b in zip(one, other, strict=True)
    )


steps = st.lists(st.tuples(st.sampled_from(sorted(KINDS)), st.sampled_from(WAYS)), max_size=5)


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(stacks=st.lists(steps, min_size=1, max_size=5), order=st.lists(st.integers(0, 4), min_size=1, max_size=30))
def test_the_remembered_chain_is_the_walked_one(kinds: None, stacks: list[list[Step]], order: list[int]) -> None:
    walks: dict[str, Any] = {}

    def leaf() -> tuple[Chain, Chain]:
        frame = sys._getframe()
        return chain_in_loop(walks, "one text", frame), chain(frame)

    for number in order:
        got, walked = descend(stacks[number % len(stacks)], leaf)
        assert same(got, walked)


def test_a_loop_gets_one_list_and_lines_are_those_of_the_frames(kinds: None) -> None:
    walks: dict[str, Any] = {}
    stack = [("/a/wsgi.py", "plain"), ("/o/own.py", "second"), ("/l/library.py", "plain"), ("/o/twin.py", "first")]

    def leaf() -> tuple[Chain, list[tuple[str, int]]]:
        frame: Any = sys._getframe()
        found = chain_in_loop(walks, "one text", frame)
        truth = []
        while frame is not None:
            if frame.f_code.co_filename.startswith("/o/"):
                truth.append((frame.f_code.co_filename, frame.f_lineno))
            frame = frame.f_back
        return found, truth

    chains = []
    for _ in range(5):
        found, truth = descend([*stack, ("/l/twin.py", "generator")], leaf)
        places = zip(found[::2], found[1::2], strict=True)
        assert [(code.co_filename, line_at(code, place)) for code, place in places] == truth
        chains.append(found)
    assert chains[1] is chains[2] is chains[3] is chains[4]


APP = '''
import contextvars
import json
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
import greenlet
from flask import Flask, jsonify, request
from sqlalchemy import Column, ForeignKey, Integer, String, TypeDecorator, create_engine, event, text
from sqlalchemy.orm import Session, declarative_base, relationship

Base = declarative_base()
now = {"session": None, "inside": 0, "how": "core"}


def again():
    """Sends a statement of the same text from within SQLAlchemy, itself or by a lazy load."""
    if now["inside"] > 0:
        now["inside"] -= 1
        SENDERS[now["how"]]()


class Asking(TypeDecorator):
    impl = Integer
    cache_ok = True

    def process_bind_param(self, value, dialect):
        again()
        return value

    def process_result_value(self, value, dialect):
        again()
        return value


class Place(Base):
    __tablename__ = "places"
    id = Column(Asking, primary_key=True)
    name = Column(String)


class Thing(Base):
    __tablename__ = "things"
    id = Column(Integer, primary_key=True)
    place_id = Column(Integer, ForeignKey("places.id"))
    place = relationship(Place)


engine = create_engine("sqlite:///" + __file__ + ".db", connect_args={"check_same_thread": False})
Base.metadata.create_all(engine)
with Session(engine) as filling:
    filling.add_all([Place(id=1, name="a"), Thing(id=1, place_id=1)])
    filling.commit()
truth = []


@event.listens_for(engine, "before_cursor_execute")
def note(connection, cursor, statement, *rest):
    found, frame, inner = [], sys._getframe(1), None
    while frame is not None:
        code = frame.f_code
        if code.co_filename == __file__:
            # a comprehension that has a frame of its own (before Python 3.12) counts as its function
            if inner is None or not (inner.co_name[0] == "<" and inner in code.co_consts):
                found.append(frame.f_lineno)
            inner = code
        frame = frame.f_back
    truth.append(found)


@event.listens_for(engine, "before_execute")
def before(*values):
    again()


def core():
    with engine.connect() as connection:
        connection.execute(text("SELECT name FROM places WHERE id = 1")).all()


def lazy():
    session = Session(engine)
    thing = session.get(Thing, 1)
    thing.place
    session.expire_all()
    thing.place; thing.place.name
    session.close()


SENDERS = {"core": core, "lazy": lazy}


def plainly(send):
    send()


def one_of_two_lines(send):
    send()
    send()


def deeper(send, depth=3):
    return deeper(send, depth - 1) if depth else send()


def in_generator(send):
    def made():
        yield send()
        yield send()
    list(made())


def in_comprehension(send):
    [send() for _ in range(3)]


def in_greenlet(send):
    def apart():
        send()
    child = greenlet.greenlet(apart)
    child.gr_context = contextvars.copy_context()
    child.switch()


def in_thread(send):
    def apart():
        send()
    thread = threading.Thread(target=apart)
    thread.start()
    thread.join()


def in_pool(send):
    with ThreadPoolExecutor(1) as pool:
        pool.submit(send).result()


WAYS = [plainly, one_of_two_lines, deeper, in_generator, in_comprehension, in_greenlet, in_thread, in_pool]
app = Flask(__name__)


@app.get("/ready")
def ready():
    return "yes"


@app.get("/play")
def play():
    truth.clear()
    for way, sender, inside, how in json.loads(request.args["script"]):
        now.update(inside=inside, how=how)
        WAYS[way](SENDERS[sender])
        now["inside"] = 0
    return jsonify(truth)
'''
senders = st.sampled_from(["core", "lazy"])
scripts = st.lists(st.tuples(st.integers(0, 7), senders, st.integers(0, 4), senders), min_size=1, max_size=12)


@pytest.fixture(scope="module")
def attacked(serve: Callable[..., Served], tmp_path_factory: pytest.TempPathFactory) -> Served:
    folder = tmp_path_factory.mktemp("attacked")
    (folder / "attacked.py").write_text(APP)
    code = json.dumps({"root": str(folder), "code": ["attacked.py"], "app": None})
    path = f"{AGENT / 'inject'}:{folder}"
    return serve("sync", "attacked:app", cwd=folder, PYTHONPATH=path, SUBSECOND_CODE=code)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(script=scripts)
def test_sqlalchemy_s_callbacks_that_send_the_same_statement(attacked: Served, script: list[Any]) -> None:
    """Truth: the app's own look at its stack, by an event right before the driver is called."""
    trace = attacked.traced(f"/play?script={quote(json.dumps(script))}")
    lines = [
        [line for _, line, _ in (trace["frames"][frame] for frame in trace["stacks"][span[4]])]
        for span in trace["spans"]
        if span[0] == "query"
    ]
    assert lines == json.loads(trace["body"])
    assert not any(span.get("error.type") for span in spans(trace))
    assert attacked.lines("note") == []


def test_a_jump_back_without_a_line_belongs_to_the_loop() -> None:
    source = "def f(rows, wanted):\n    for row in rows:\n        if row == wanted:\n            rows.pop()\n"
    names: dict[str, Any] = {}
    exec(compile(source, "loop.py", "exec"), names)
    code = names["f"].__code__
    inside = [one for one in dis.get_instructions(code) if one.opname.startswith("JUMP_BACKWARD")]
    assert all(line_at(code, one.offset) in (2, 3, 4) for one in inside)
