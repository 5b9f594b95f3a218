"""Deep runs: which parameters the app asks its request for, sent or not, and where."""

from __future__ import annotations

import http.client
import json
from typing import Any

import pytest

from tests.agent.conftest import Serve
from tests.agent.served import TOKEN, Served, line_of

pytestmark = pytest.mark.xdist_group("agent-library")


@pytest.fixture(scope="module")
def library(serve: Serve) -> Served:
    """The library under gunicorn's sync worker."""
    return serve("sync", "library:app")


def asked(trace: dict[str, Any]) -> list[tuple[str, str | None, bool, int]]:
    return [(one["in"], one["name"], one["present"], one["times"]) for one in trace["deep"]["parameters"]]


def test_parameters_asked_for_sent_or_not(library: Served) -> None:
    trace = library.traced("/asked?day=monday&unknown=1", "deep")
    assert json.loads(trace["body"]) == ["monday", [], [True, False], 1, {"day": "monday", "unknown": "1"}, None]
    assert asked(trace) == [
        ("args", "day", True, 1),
        ("args", "size", False, 1),
        ("args", "day", True, 1),
        ("args", "page", False, 1),
        ("values", "page", False, 1),
        ("args", None, True, 1),
    ]
    stack = trace["stacks"][trace["deep"]["parameters"][0]["stack"]]
    assert f"library.py:{trace['frames'][stack[0]][1]}" == line_of("# DAY", "library.py")


def test_members_of_a_json_body(library: Served) -> None:
    mark = "json-body"
    connection = http.client.HTTPConnection("127.0.0.1", library.port, timeout=20)
    headers = {"X-Subsecond": f"{TOKEN}:deep:{mark}", "Content-Type": "application/json"}
    connection.request("POST", "/asked?size=1&size=2", json.dumps({"other": 5}), headers)
    assert json.loads(connection.getresponse().read())[-1] == 5
    connection.close()
    found = asked(library.wait(lambda line: line.get("mark") == mark))
    assert ("json", "other", True, 1) in found
    assert ("json", "name", False, 1) in found
    assert ("args", "size", True, 1) in found
    assert library.lines("note") == []
