"""Whatever sessions, check-outs and queries do, and in which order: the trace is well-formed."""

from __future__ import annotations

import json
from itertools import pairwise
from urllib.parse import quote

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.agent.served import Served, spans

pytestmark = pytest.mark.xdist_group("agent-shop")

VERBS = ["open", "query", "lazy", "commit", "rollback", "close", "log", "core"]
steps = st.lists(st.tuples(st.sampled_from(VERBS), st.integers(0, 2)), max_size=25)
PARENTS = {"session": set(), "checkout": {"session"}, "transaction": {"checkout"}, "query": {"checkout"}, "log": set()}


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(script=steps, mode=st.sampled_from(["recording", "recording", "timed"]))
def test_traces_are_well_formed(shop: Served, script: list[tuple[str, int]], mode: str) -> None:
    trace = shop.traced(f"/play?script={quote(json.dumps(script))}", mode)
    found = spans(trace)
    end = trace["seconds"] * 1e6
    for span in found:
        assert 0 <= span["start"] <= span["start"] + span["duration"] <= end
        assert span["site"] is not None
        assert "subsecond.open" not in span
        if span["parent"] >= 0:
            assert span["parent"] < span["index"]
            parent = found[span["parent"]]
            assert parent["name"] in PARENTS[span["name"]]
            assert parent["start"] <= span["start"]
            assert parent["start"] + parent["duration"] >= span["start"] + span["duration"]
    assert all(before["start"] <= after["start"] for before, after in pairwise(found))
    check_counts(trace, script, mode)


def check_counts(trace: dict[str, object], script: list[tuple[str, int]], mode: str) -> None:
    """Counts against a model of the script, and against the spans where there are any."""
    expected = modelled(script)
    counts = trace["counts"]
    assert isinstance(counts, dict)
    assert counts["queries"] >= expected["queries"]
    sure = {"sessions", "logs"} if any(verb == "lazy" for verb, _ in script) else set(expected)
    assert {name: counts[name] for name in sure} == {name: expected[name] for name in sure}
    names = [span["name"] for span in spans(trace)]
    if mode == "recording":
        for kind, count in (("query", "queries"), ("checkout", "checkouts"), ("session", "sessions"), ("log", "logs")):
            assert names.count(kind) == counts[count], kind
        assert names.count("transaction") == counts["transactions"]
        assert sum(span.get("db.response.returned_rows", 0) for span in spans(trace)) == counts["rows"]
    else:
        assert names == []


def modelled(script: list[tuple[str, int]]) -> dict[str, int]:
    """Counts that a script must give; a lazy load may find its object in the session, so it is not counted."""
    counts = dict.fromkeys(["sessions", "queries", "checkouts", "transactions", "logs"], 0)
    connected: dict[int, bool] = {}
    for verb, number in script:
        known = number in connected
        asks = verb == "core" or (known and verb in ("query", "lazy"))
        if verb == "open" and not known:
            connected[number] = False
            counts["sessions"] += 1
        elif verb == "log":
            counts["logs"] += 1
        elif verb in ("commit", "rollback") and known:
            connected[number] = False
        elif verb == "close" and known:
            del connected[number]
        elif asks:
            counts["queries"] += verb != "lazy"
            if verb == "core" or not connected[number]:
                counts["checkouts"] += 1
                counts["transactions"] += 1
            if verb != "core":
                connected[number] = True
    return counts
