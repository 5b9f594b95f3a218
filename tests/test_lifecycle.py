"""The life of a request: what a function took is its own work, not that of the session which it opens for others."""

from __future__ import annotations

from subsecond.diagnose.lifecycle import lifecycles
from subsecond.model.trace import Frame, Span, Trace
from subsecond_agent import protocol

LOGIN = Frame(file="app/users.py", line=4, function="find_user")
VIEW = Frame(file="app/views.py", line=9, function="rooms")


def test_a_function_that_opens_a_session_ends_with_its_own_last_statement() -> None:
    query = {protocol.DB_TEXT: "SELECT 1", protocol.FINGERPRINT: "select ?"}
    spans = (
        Span(name=protocol.SPAN_SESSION, parent=None, start=0.01, seconds=0.9, stack=(LOGIN,)),
        Span(name=protocol.SPAN_QUERY, parent=None, start=0.02, seconds=0.01, stack=(LOGIN,), attributes=dict(query)),
        Span(name=protocol.SPAN_QUERY, parent=None, start=0.1, seconds=0.5, stack=(VIEW,), attributes=dict(query)),
    )
    trace = Trace(
        request="rooms", mode="recording", id="1", pid=1, start=0, seconds=1.0, cpu_seconds=0.1, gc_seconds=0.0,
        method="GET", path="/rooms", query="", spans=spans,
    )  # fmt: skip
    [life] = lifecycles([trace], [])
    took = {step.title: round(step.seconds, 3) for step in life.steps if step.what == "function"}
    assert took == {"find_user": 0.02, "rooms": 0.5}
    assert [round(step.seconds, 3) for step in life.steps if step.title.startswith("after the last")] == [0.4]


def test_functions_that_a_loop_calls_in_turn_do_not_each_last_as_long_as_the_loop() -> None:
    setting, insurer = (
        Frame(file="app/service.py", line=line, function=name) for line, name in ((3, "get"), (8, "ask"))
    )
    query = {protocol.DB_TEXT: "SELECT 1", protocol.FINGERPRINT: "select ?"}
    spans = [
        span
        for turn in range(4)
        for span in (
            Span(
                name=protocol.SPAN_QUERY, parent=None, start=turn / 10, seconds=0.001, stack=(setting, VIEW),
                attributes=dict(query),
            ),
            Span(
                name=protocol.SPAN_HTTP, parent=None, start=turn / 10 + 0.01, seconds=0.08, stack=(insurer, VIEW),
                attributes={protocol.HTTP_METHOD: "GET", protocol.SERVER_ADDRESS: "insurer"},
            ),
        )
    ]  # fmt: skip
    trace = Trace(
        request="agenda", mode="recording", id="1", pid=1, start=0, seconds=0.5, cpu_seconds=0.1, gc_seconds=0.0,
        method="GET", path="/agenda", query="", spans=tuple(spans),
    )  # fmt: skip
    [life] = lifecycles([trace], [])
    took = {step.title: round(step.seconds, 3) for step in life.steps if step.what == "function"}
    assert took == {"rooms": 0.39, "get": 0.004, "ask": 0.32}
