"""Profiling runs: CPU by own line and by the library below it, in the request that took it, never waiting."""

from __future__ import annotations

import threading
from typing import Any

import pytest

from tests.agent.conftest import Serve
from tests.agent.served import Served, line_of

pytestmark = pytest.mark.xdist_group("agent-library")


@pytest.fixture(scope="module", params=["sync", "gevent", "gthread"])
def library(serve: Serve, request: pytest.FixtureRequest) -> Served:
    """One server of each sort."""
    return serve(request.param, "library:app")


def by_line(trace: dict[str, Any]) -> dict[tuple[str, str | None], float]:
    """CPU seconds by innermost own line and library."""
    found: dict[tuple[str, str | None], float] = {}
    for stack, library, seconds in trace["profile"]["stacks"]:
        frame = trace["frames"][trace["stacks"][stack][0]] if stack >= 0 else ["-", 0, ""]
        key = (f"{frame[0].rpartition('/')[2]}:{frame[1]}", library)
        found[key] = found.get(key, 0.0) + seconds
    return found


def test_the_hot_line_has_the_cpu_and_the_sleeping_one_none(library: Served) -> None:
    trace = library.traced("/hot", "profiling")
    assert (trace["mode"], trace["spans"]) == ("profiling", [])
    found = by_line(trace)
    hot = sum(seconds for (line, _), seconds in found.items() if line == line_of("# HOT", "library.py"))
    slept = sum(seconds for (line, _), seconds in found.items() if line == line_of("time.sleep(0.3)", "library.py"))
    assert 0.15 < trace["profile"]["seconds"] < 0.6
    assert hot > 0.5 * trace["profile"]["seconds"]
    assert slept < 0.05


def test_what_is_computed_before_a_call_is_not_the_called_ones(library: Served) -> None:
    found = by_line(library.traced("/before-a-call", "profiling"))
    small, *lines = (line_of(mark, "library.py") for mark in ("# SMALL", "# SEARCHED", "# CALLED"))
    assert sum(seconds for (line, _), seconds in found.items() if line in lines) > 0.5 * sum(found.values())
    assert sum(seconds for (line, _), seconds in found.items() if line == small) < 0.1 * sum(found.values())


def test_what_a_library_computes_is_told_as_its(library: Served) -> None:
    found = by_line(library.traced("/dumps", "profiling"))
    line = line_of("# DUMPS", "library.py")
    assert found[line, "json"] > 0.4 * sum(found.values())


def test_a_long_call_into_c_weighs_what_it_took(library: Served) -> None:
    trace = library.traced("/hashed", "profiling")
    hashed = by_line(trace)[line_of("# HASHED", "library.py"), None]
    assert hashed > 0.5 * (trace["cpu_seconds"] - 0.1)


def test_what_a_library_uses_of_the_standard_library_is_its_own_work(library: Served) -> None:
    found = by_line(library.traced("/hashed", "profiling"))
    line = line_of("# LIBRARY", "library.py")
    assert {name for place, name in found if place == line and name} == {"werkzeug"}


def test_each_request_has_its_own(library: Served) -> None:
    traces: dict[str, dict[str, Any]] = {}

    def ask(path: str) -> None:
        traces[path] = library.traced(path, "profiling")

    threads = [threading.Thread(target=ask, args=(path,)) for path in ("/hot", "/dumps")]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    other = {"/hot": "# DUMPS", "/dumps": "# HOT"}
    for path, trace in traces.items():
        assert trace["profile"]["seconds"] > 0.05
        assert not any(line == line_of(other[path], "library.py") for line, _ in by_line(trace))


def test_nothing_goes_on_afterwards(library: Served) -> None:
    library.traced("/hot", "profiling")
    trace = library.traced("/hot")
    assert "profile" not in trace
    assert library.lines("note") == []
