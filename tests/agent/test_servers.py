"""The right request for each span: greenlets, threads, forks, and work that goes on after the response."""

from __future__ import annotations

import json
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.agent.served import TOKEN, Served, line_of, spans

pytestmark = pytest.mark.xdist_group("agent-servers")
CLIENTS = 8


@pytest.fixture(scope="module")
def gevent(serve: Callable[..., Served]) -> Served:
    return serve("gevent")


@pytest.fixture(scope="module")
def gthread(serve: Callable[..., Served]) -> Served:
    return serve("gthread")


@pytest.mark.parametrize("server", ["gevent", "gthread"])
def test_eight_clients_each_span_in_its_request(server: str, request: pytest.FixtureRequest) -> None:
    served: Served = request.getfixturevalue(server)

    def ask(number: int) -> None:
        assert served.json(f"/busy/{number}", {"X-Subsecond": f"{TOKEN}:recording:{server}-{number}"}) == number

    with ThreadPoolExecutor(CLIENTS) as clients:
        list(clients.map(ask, range(1, 3 * CLIENTS + 1)))
    for number in range(1, 3 * CLIENTS + 1):
        mark = f"{server}-{number}"
        trace = served.wait(lambda line, mark=mark: line.get("mark") == mark)
        queries = spans(trace, "query")
        assert trace["counts"]["queries"] == len(queries) == number
        assert {tuple(query["subsecond.db.parameters"]) for query in queries} == {(str(number),)}
        assert trace["counts"]["checkouts"] == trace["counts"]["sessions"] == 1


def test_waiting_for_a_connection_is_seen(serve: Callable[..., Served]) -> None:
    served = serve("gthread", SHOP_POOL="1")

    def ask(number: int) -> None:
        served.json("/busy/20", {"X-Subsecond": f"{TOKEN}:recording:wait-{number}"})

    with ThreadPoolExecutor(4) as clients:
        list(clients.map(ask, range(4)))
    marks = [f"wait-{number}" for number in range(4)]
    traces = [served.wait(lambda line, mark=mark: line.get("mark") == mark) for mark in marks]
    waits = sorted(trace["waits"]["pool"] for trace in traces)
    assert waits[-1] > 2 * 20 * 0.002, waits  # the last one waited for at least two others' sleeps
    for trace in traces:
        (checkout,) = spans(trace, "checkout")
        assert checkout["db.client.connection.max"] == 1
        assert checkout["db.client.connection.wait_time"] == pytest.approx(trace["waits"]["pool"], abs=1e-3)
        assert checkout["duration"] >= trace["waits"]["pool"] * 1e6 - 1


def test_spawned_greenlets_belong_to_the_request(gevent: Served) -> None:
    trace = gevent.traced("/spawn")
    assert json.loads(trace["body"]) == ["author 1", "author 2", "author 3"]
    assert trace["counts"]["queries"] == trace["counts"]["checkouts"] == 3
    assert {query["site"] for query in spans(trace, "query")} == {line_of("return session.get(Author, key).name")}


@pytest.mark.parametrize("path", ["/pool", "/thread"])
@pytest.mark.parametrize("server", ["gthread", "gevent"])
def test_threads_belong_to_the_request(server: str, path: str, request: pytest.FixtureRequest) -> None:
    served: Served = request.getfixturevalue(server)
    number = 3 if path == "/pool" else 2
    for _ in range(2):
        trace = served.traced(path)
        assert trace["counts"]["queries"] == trace["counts"]["sessions"] == number
        assert len(spans(trace, "query")) == number


@pytest.mark.parametrize("server", ["gthread", "gevent"])
def test_work_after_the_response_follows(server: str, request: pytest.FixtureRequest) -> None:
    served: Served = request.getfixturevalue(server)
    trace = served.traced("/late")
    assert trace["counts"]["queries"] == 0
    late = served.wait(lambda line: line.get("late") and line["id"] == trace["id"])
    assert late["counts"]["queries"] == 1
    names = [span["name"] for span in spans(late)]
    assert names == ["session", "checkout", "transaction", "query"]
    assert all(span["start"] > trace["seconds"] * 1e6 for span in spans(late))
    assert [span["parent"] for span in spans(late)] == [-1, 0, 1, 1]


def test_the_next_request_starts_afresh(gthread: Served) -> None:
    gthread.traced("/books/5")
    assert set(gthread.traced("/ready")["counts"].values()) == {0}


def test_forked_workers_write_files_of_their_own(serve: Callable[..., Served]) -> None:
    served = serve("forked")

    def ask(number: int) -> int:
        return int(served.json("/busy/10", {"X-Subsecond": f"{TOKEN}:recording:fork-{number}"}))

    with ThreadPoolExecutor(CLIENTS) as clients:
        assert list(clients.map(ask, range(24))) == [10] * 24
    for number in range(24):
        mark = f"fork-{number}"
        assert served.wait(lambda line, mark=mark: line.get("mark") == mark)["counts"]["queries"] == 10
    files = sorted(served.spool.glob("*.jsonl"))
    assert len(files) == 2
    for file in files:
        lines = [json.loads(line) for line in file.read_text().splitlines()]
        pid = int(file.name.partition("-")[0])
        assert {line["pid"] for line in lines} == {pid}
        assert lines[0]["type"] == "hello"
        assert [line["first"] for line in lines[1:]] == [True] + [False] * (len(lines) - 2)
        assert file.stat().st_mode & 0o777 == 0o600


def test_preloaded_under_gevent(serve: Callable[..., Served]) -> None:
    served = serve("preload")
    trace = served.traced("/books/3")
    assert trace["counts"]["queries"] == 4
    assert len(list(served.spool.glob("*.jsonl"))) == 1


def test_flask_s_own_server(serve: Callable[..., Served], shop_database: object) -> None:
    from tests.agent import served as running

    port = running.free_port()
    base = serve("sync")  # for its folders
    environment = running.agent_environment(base.spool, running.APPS, SHOP_DB=f"sqlite:///{shop_database}")
    command = [running.PYTHON, "-m", "flask", "--app", "shop", "run", "-p", str(port)]
    flask = running.start(command, port, running.APPS, environment, base.log.with_name("flask.log"))
    try:
        trace = flask.traced("/books/3")
        assert trace["counts"]["queries"] == 4
        hello = flask.wait(lambda line: line["type"] == "hello" and line["server"].startswith("Werkzeug/"))
        assert "flask" in " ".join(hello["argv"])
    finally:
        flask.stop()
