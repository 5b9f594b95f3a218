"""What a user sees of one request: counts, call sites, parents, names. A real server, SQLite."""

from __future__ import annotations

import http.client
import json
from typing import Any

import pytest

from tests.agent.served import APPS, TOKEN, Served, line_of, spans

pytestmark = pytest.mark.xdist_group("agent-shop")


def test_a_request_is_described(shop: Served) -> None:
    trace = shop.traced("/books/3?x=%C3%BC")
    assert (trace["method"], trace["path"], trace["query"]) == ("GET", "/books/3", "x=%C3%BC")
    assert (trace["route"], trace["status"], trace["error"]) == ("/books/<int:count>", 200, None)
    assert (trace["mode"], trace["steering"], trace["version"]) == ("recording", "ok", 1)
    assert 0 < trace["cpu_seconds"] <= trace["seconds"] + 0.05
    assert 0 <= trace["gc_seconds"] < trace["seconds"]
    assert set(trace["waits"]) == {"database", "database_cpu", "pool", "logs", "http", "key_value"}
    assert 0 < trace["waits"]["database"] < trace["seconds"]


def test_lazy_loads_are_counted_named_and_placed(shop: Served) -> None:
    trace = shop.traced("/books/5")
    counts = {"queries": 6, "rows": 10, "checkouts": 1, "sessions": 1, "transactions": 1}
    assert {name: number for name, number in trace["counts"].items() if number} == counts
    first, *rest = spans(trace, "query")
    assert first["site"] == line_of("select(Book).order_by(Book.id).limit(count)")
    assert "subsecond.orm.lazy_load" not in first
    assert len(rest) == 5
    for number, query in enumerate(rest, 1):
        assert query["subsecond.orm.lazy_load"] == "Book.author"
        assert query["site"] == line_of("# LAZY")
        assert query["functions"] == ["author_of", "books"]
        assert query["subsecond.db.parameters"] == [str(number)]
        assert query["db.response.returned_rows"] == 1
        assert (query["db.system.name"], query["db.operation.name"]) == ("sqlite", "SELECT")
    assert len(trace["texts"]) == 2
    assert len(trace["stacks"]) == len({tuple(stack) for stack in trace["stacks"]})


def test_query_in_transaction_of_checkout_of_session(shop: Served) -> None:
    trace = shop.traced("/books/2")
    session, checkout, transaction = (spans(trace, name)[0] for name in ("session", "checkout", "transaction"))
    assert session["parent"] == -1
    assert checkout["parent"] == session["index"]
    assert transaction["parent"] == checkout["index"]
    assert {query["parent"] for query in spans(trace, "query")} == {checkout["index"]}
    assert session["functions"] == ["books"]
    assert transaction["subsecond.transaction.outcome"] == "rollback"
    assert 0 <= session["subsecond.session.first_use"] < 1
    assert 0 <= checkout["db.client.connection.wait_time"] < 1
    assert checkout["db.client.connection.pool.name"] == "QueuePool-1"


def test_sql_alchemy_s_eager_load_is_not_lazy(shop: Served) -> None:
    queries = spans(shop.traced("/eager/4"), "query")
    assert [query.get("subsecond.orm.eager_load") for query in queries] == [None, "Author.books"]
    assert not any("subsecond.orm.lazy_load" in query for query in queries)


def test_deferred_and_expired_columns(shop: Served) -> None:
    queries = spans(shop.traced("/columns"), "query")
    assert [query.get("subsecond.orm.column_load") for query in queries] == [None, "Author", "Author"]


def test_nested_checkouts_overlap(shop: Served) -> None:
    trace = shop.traced("/nested")
    outer, inner = spans(trace, "checkout")
    assert outer["start"] < inner["start"]
    assert inner["start"] + inner["duration"] < outer["start"] + outer["duration"]
    sessions = spans(trace, "session")
    assert [outer["parent"], inner["parent"]] == [session["index"] for session in sessions]
    parents = [query["parent"] for query in spans(trace, "query")]
    assert parents == [outer["index"], inner["index"], outer["index"]]
    assert not any("subsecond.open" in span for span in spans(trace))


def test_sessions_one_after_the_other(shop: Served) -> None:
    trace = shop.traced("/apart")
    assert (trace["counts"]["sessions"], trace["counts"]["checkouts"]) == (3, 3)
    checkouts = spans(trace, "checkout")
    ends = [checkout["start"] + checkout["duration"] for checkout in checkouts]
    assert all(end <= later["start"] for end, later in zip(ends, checkouts[1:], strict=False))
    assert len({session["site"] for session in spans(trace, "session")}) == 1


def test_core_without_a_session(shop: Served) -> None:
    trace = shop.traced("/core")
    assert trace["counts"]["sessions"] == 0
    checkout, query = spans(trace, "checkout")[0], spans(trace, "query")[0]
    assert (checkout["parent"], query["parent"]) == (-1, checkout["index"])
    assert query["db.response.returned_rows"] == 3
    assert checkout["functions"] == ["core"]


def test_rows_are_counted_however_they_are_fetched(shop: Served) -> None:
    trace = shop.traced("/rows")
    assert json.loads(trace["body"]) == [1, [2, 3, 4, 5], 25]
    assert spans(trace, "query")[0]["db.response.returned_rows"] == trace["counts"]["rows"] == 30


def test_writes_transactions_and_executemany(shop: Served) -> None:
    trace = shop.traced("/write")
    queries = spans(trace, "query")
    assert [query["db.operation.name"] for query in queries] == ["INSERT"] + ["DELETE"] * 4
    assert queries[0]["subsecond.db.executemany"] == 2
    assert queries[0]["subsecond.db.parameters"] == [["'a'"], ["'b'"]]
    assert len(queries[3]["subsecond.db.parameters"][0]) == 200
    assert trace["counts"]["rows"] == 0
    outcomes = [span["subsecond.transaction.outcome"] for span in spans(trace, "transaction")]
    assert outcomes == ["commit", "rollback", "commit"]
    assert all(span["subsecond.transaction.end_seconds"] > 0 for span in spans(trace, "transaction"))
    assert trace["counts"]["transactions"] == 3


def test_a_wrong_statement_is_the_app_s_business(shop: Served) -> None:
    trace = shop.traced("/wrong")
    assert trace["body"] == b"OperationalError"
    query = spans(trace, "query")[0]
    assert query["error.type"] == "sqlite3.OperationalError"
    assert trace["error"] is None


def test_an_unhandled_exception(shop: Served) -> None:
    trace = shop.traced("/error", expect=500)
    assert (trace["status"], trace["error"], trace["route"]) == (500, "ValueError", "/error")
    assert trace["counts"]["queries"] == 1
    log = spans(trace, "log")[0]
    assert (log["log.severity"], log["log.template"]) == ("ERROR", "Exception on /error [GET]")


def test_not_found_has_no_route(shop: Served) -> None:
    trace = shop.traced("/nowhere", expect=404)
    assert (trace["status"], trace["route"], trace["error"]) == (404, None, None)


def test_log_records_are_not_changed(shop: Served) -> None:
    trace = shop.traced("/logs")
    assert json.loads(trace["body"]) == ["shop.py logs WARNING number 1 of two"]
    (log,) = spans(trace, "log")
    assert (log["log.severity"], log["log.logger"], log["log.template"]) == ("WARNING", "shop", "number %d of %s")
    assert log["site"] == line_of('log.warning("number')
    assert trace["counts"]["logs"] == 1
    assert 0 < trace["waits"]["logs"] < trace["seconds"]


def test_a_streamed_response_is_one_request(shop: Served) -> None:
    trace = shop.traced("/stream")
    assert trace["body"] == b"author 1\nauthor 2\nauthor 3\n"
    assert trace["counts"]["queries"] == 3
    assert all(span["start"] + span["duration"] <= trace["seconds"] * 1e6 for span in spans(trace))
    assert {query["functions"][-1] for query in spans(trace, "query")} == {"lines"}


def test_a_stream_that_breaks(shop: Served) -> None:
    mark = "broken-stream"
    with pytest.raises(http.client.IncompleteRead):  # the server cuts the answer off
        shop.get("/broken-stream", {"X-Subsecond": f"{TOKEN}:recording:{mark}"})
    trace = shop.wait(lambda line: line.get("mark") == mark)
    assert (trace["status"], trace["error"]) == (200, "LookupError")


def test_a_file_is_sent_by_the_server_itself(shop: Served) -> None:
    trace = shop.traced("/file")
    assert trace["body"] == (APPS / "shop.py").read_bytes()
    assert (trace["route"], trace["status"]) == ("/file", 200)


def test_a_session_left_open_is_said_to_be_open(shop: Served) -> None:
    trace = shop.traced("/unclosed")
    for name in ("session", "checkout", "transaction"):
        (span,) = spans(trace, name)
        assert span["subsecond.open"] is True, name
        assert span["start"] + span["duration"] <= trace["seconds"] * 1e6
    assert spans(trace, "transaction")[0]["subsecond.transaction.outcome"] == "open"
    later = shop.traced("/close")
    assert later["counts"] == dict.fromkeys(later["counts"], 0)


@pytest.mark.parametrize("path", ["/books/4", "/rows", "/nested", "/write", "/logs", "/stream"])
def test_timed_counts_the_same_without_spans(shop: Served, path: str) -> None:
    recorded, timed = shop.traced(path), shop.traced(path, "timed")
    assert timed["counts"] == recorded["counts"]
    assert timed["mode"] == "timed"
    for empty in ("spans", "texts", "frames", "stacks"):
        assert timed[empty] == []
    assert set(timed["waits"]) == set(recorded["waits"])
    assert timed["waits"]["database"] > 0 or path == "/logs"


def test_deep_records_at_least_what_recording_does(shop: Served) -> None:
    deep = shop.traced("/books/2", "deep")
    assert deep["mode"] == "deep"
    assert len(spans(deep, "query")) == 3


def test_frames_are_absolute_and_own(shop: Served) -> None:
    trace: dict[str, Any] = shop.traced("/books/2")
    assert {file for file, _, _ in trace["frames"]} == {str(APPS / "shop.py")}


def test_only_the_first_request_of_a_process_is_first(shop: Served) -> None:
    shop.traced("/core")
    traces = shop.lines("trace")
    assert traces[0]["first"] is True
    assert not any(trace["first"] for trace in traces[1:])


def test_hello_says_who_runs_here(shop: Served) -> None:
    shop.traced("/core")
    (hello,) = shop.lines("hello")
    assert shop.lines()[0] == hello
    assert hello["pid"] == shop.lines("trace")[0]["pid"]
    assert hello["server"].startswith("gunicorn/")
    assert {"flask", "sqlalchemy", "gunicorn", "werkzeug"} <= set(hello["libraries"])
    waiting = {name for name, state in hello["hooks"].items() if state != "installed"}
    assert waiting == {
        name for name in hello["hooks"] if name.partition(".")[0] in ("redis", "valkey", "procrastinate")
    }
    assert {"flask", "http.client", "logging", "sqlalchemy.engine", "sqlalchemy.orm", "threading"} <= set(
        hello["hooks"]
    )
    assert shop.lines("note") == []
