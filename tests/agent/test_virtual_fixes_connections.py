"""one-connection, smaller-pool, silence-logger, remember-response."""

from __future__ import annotations

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from tests.agent.served import APPS, TOKEN, Served
from tests.agent.trials import acted, queries, run, write

pytestmark = pytest.mark.xdist_group("agent-trials")
ONE = {"fix": "one-connection"}
FILE = str(APPS / "archive.py")


@pytest.mark.parametrize(("path", "before"), [("/apart", 6), ("/nested", 2)])
def test_one_connection_for_all(archive: Served, path: str, before: int) -> None:
    archive.get(path)  # the pool opens what it takes the first time
    base = archive.traced(path, "timed")
    trial = run(archive, path, ONE, mode="timed")
    counts = [trace["counts"]["checkouts"] for trace in (base, trial)]
    assert counts == [before, 1]
    assert (acted(trial), trial["body"]) == ([before - 1], base["body"])
    assert queries(trial) == queries(base)
    assert trial["counts"]["transactions"] < base["counts"]["transactions"]
    assert archive.traced(path, "timed")["counts"] == base["counts"]
    shadow = run(archive, path, {**ONE, "shadow": True}, mode="timed")
    assert (shadow["counts"], acted(shadow)) == (base["counts"], [before - 1])


def test_an_engine_a_request_is_counted_once_however_many_trials_were_made(archive: Served) -> None:
    """Each engine lets the recorder come back to the dialect's class, which the trial has wrapped meanwhile."""
    base = archive.traced("/own-engine", "timed")
    for _ in range(3):
        assert run(archive, "/own-engine", ONE, mode="timed")["body"] == base["body"]
        assert archive.traced("/own-engine", "timed")["counts"] == base["counts"]


def test_a_request_that_writes_is_refused(archive: Served) -> None:
    if archive.json("/where") != "postgres":
        pytest.skip("SQLite does not let one connection write while another reads")
    trial = run(archive, "/nested-write", ONE)
    assert "the request writes" in trial["trial"]["refused"][0]
    assert (trial["answered"], trial["body"]) == (200, archive.get("/nested-write")[1])


def test_a_failed_statement_ends_the_sharing(archive: Served) -> None:
    base = archive.traced("/broken-statement")
    trial = run(archive, "/broken-statement", ONE)
    assert "a statement failed" in trial["trial"]["refused"][0]
    assert (trial["body"], trial["answered"]) == (base["body"], 200)
    assert archive.get("/broken-statement")[1] == base["body"]


def test_a_smaller_pool_makes_requests_wait(serve: Callable[..., Served], archive_on_sqlite: str) -> None:
    served = serve("gthread", "archive:app", ARCHIVE_DB=archive_on_sqlite)
    write(served.spool, "small", {"version": 1, "fixes": [{"fix": "smaller-pool", "size": 1}]})

    def burst(trial: str) -> float:
        marks = [f"burst-{time.monotonic_ns()}-{number}" for number in range(6)]
        with ThreadPoolExecutor(6) as clients:
            for mark in marks:
                clients.submit(served.get, "/held", {"X-Subsecond": f"{TOKEN}:timed:{mark}{trial}"})
        traces = [served.wait(lambda line, mark=mark: line.get("mark") == mark) for mark in marks]
        assert {trace["status"] for trace in traces} == {200}
        return float(sum(trace["waits"]["pool"] for trace in traces))

    burst("")
    free, small, after = burst(""), burst(":small"), burst("")
    assert small > 4 * 0.05
    assert max(free, after) < small / 2


def test_a_logger_silenced_at_one_place(archive: Served) -> None:
    base = archive.traced("/noise")
    everything = archive.json("/records")
    assert base["counts"]["logs"] == 7
    assert everything[0] == "archive.py noise row 0"
    trial = run(archive, "/noise", {"fix": "silence-logger", "sites": [[FILE, "noise"]]})
    assert archive.json("/records") == ["archive.py quiet_place from elsewhere"]
    assert (trial["counts"]["logs"], acted(trial)[0] >= 6, trial["body"]) == (1, True, base["body"])
    shadow = run(archive, "/noise", {"fix": "silence-logger", "sites": [[FILE, "noise"]], "shadow": True})
    assert (shadow["counts"]["logs"], archive.json("/records")) == (7, everything)
    archive.get("/noise")
    assert archive.json("/records") == everything


def test_a_response_from_memory(archive: Served) -> None:
    fix: dict[str, Any] = {"fix": "remember-response"}
    first = run(archive, "/clock", fix)
    again = run(archive, "/clock", name=first["trial"]["id"])
    query = run(archive, "/clock?a=1", name=first["trial"]["id"])
    other = run(archive, "/clock", fix)
    assert first["body"] == again["body"]
    assert len({first["body"], query["body"], other["body"], archive.get("/clock")[1]}) == 4
    assert [trace["trial"]["acted"] for trace in (first, again, query, other)] == [[0], [1], [0], [0]]
    name = first["trial"]["id"]
    authorised = archive.get("/clock", {"X-Subsecond": f"{TOKEN}:timed:auth:{name}", "Authorization": "x"})[1]
    assert b'"x"' in authorised
    assert again["status"] == 200


def test_what_no_cache_may_keep(archive: Served) -> None:
    for path, why in (("/cookie", "sets a cookie"), ("/streamed-answer", "a stream, a file")):
        trial = run(archive, path, {"fix": "remember-response"})
        assert why in trial["trial"]["refused"][0]
        assert trial["answered"] == 200
        assert run(archive, path, name=trial["trial"]["id"])["body"] != trial["body"]
