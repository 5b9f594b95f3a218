"""Deep runs: own functions with the arguments they are called with, their statements, and lines that never ran."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.agent.conftest import Serve
from tests.agent.served import Served, line_of, spans

pytestmark = pytest.mark.xdist_group("agent-library")


@pytest.fixture(scope="module", params=["sync", "gevent", "gthread"])
def library(serve: Serve, request: pytest.FixtureRequest) -> Served:
    """Each worker has its own SQLite in memory."""
    return serve(request.param, "library:app")


def functions(trace: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """By the last part of their names."""
    assert trace["deep"]["why"] is None
    return {one["function"].rpartition(".")[2]: one for one in trace["deep"]["functions"]}


def number_of(text: str) -> int:
    return int(line_of(text, "library.py").rpartition(":")[2])


def test_calls_are_grouped_by_equal_arguments(library: Served) -> None:
    trace = library.traced("/calls", "deep")
    found = functions(trace)
    assert (found["calls"]["calls"], found["calls"]["module"]) == (1, "library")
    setting = found["setting"]
    assert (setting["calls"], setting["distinct"], setting["unlike"]) == (6, 2, 0)
    assert [one["calls"] for one in setting["arguments"]] == [5, 1]
    assert all(one["result"] for one in setting["arguments"])
    name_of = found["name_of"]
    assert (name_of["calls"], name_of["distinct"], name_of["entity_bound"]) == (4, 1, False)
    frames = [trace["frames"][frame] for frame in trace["stacks"][name_of["stack"]]]
    assert f"library.py:{frames[0][1]}" == line_of("names = [name_of(", "library.py")
    assert found["each"]["generator"] is True
    assert found["same"]["calls"] == 3 and found["same"]["distinct"] == 2


def test_statements_of_a_call_are_counted_with_its_arguments(library: Served) -> None:
    count = functions(library.traced("/calls", "deep"))["count"]
    assert (count["calls"], count["distinct"]) == (4, 3)  # another object, another answer
    assert [(one["calls"], one["queries"]) for one in count["arguments"]] == [(2, 2), (1, 1), (1, 1)]
    assert all(one["hash"].startswith("~") for one in count["arguments"])


def test_hashes_mean_the_same_in_the_next_request(library: Served) -> None:
    first, second = (functions(library.traced("/calls", "deep"))["setting"]["arguments"] for _ in range(2))
    assert first == second
    assert not any(one["hash"].startswith("~") for one in first)


def test_lines_that_did_not_run(library: Served) -> None:
    found = functions(library.traced("/calls", "deep"))
    value = number_of("value = -value")
    assert found["same"]["missed"] == [[value, value + 1]]
    assert found["setting"]["missed"] == [[number_of('if name == "nothing"') + 1] * 2]
    assert found["name_of"]["missed"] == []


def test_a_long_loop_does_not_make_a_rare_line_one_that_never_ran(library: Served) -> None:
    trace = library.traced("/often", "deep")
    often = functions(trace)["often"]
    rare = number_of("total += 1")
    assert often["missed"] == []
    assert rare in {line for first, last in often["ran"] for line in range(first, last + 1)}


def test_the_answer_is_the_same_and_nothing_stays(library: Served) -> None:
    deep = library.traced("/calls", "deep")
    recorded = library.traced("/calls")
    assert json.loads(deep["body"]) == json.loads(recorded["body"]) == [6, "author 3", [80, 80, 40, 80], [1, 2, 2]]
    assert deep["counts"] == recorded["counts"]
    assert len(spans(deep, "query")) == len(spans(recorded, "query"))
    assert library.lines("note") == []
