"""Other instrumentation in the same app: everybody sees what he saw alone, and so do we."""

from __future__ import annotations

import importlib.util
from collections.abc import Callable

import pytest

from tests.agent.served import Served, spans

pytestmark = pytest.mark.xdist_group("agent-coexistence")
PATHS = ["/books/4", "/eager/3", "/nested", "/rows", "/write", "/logs", "/stream", "/wrong", "/thread"]


def installed(name: str) -> None:
    if importlib.util.find_spec(name) is None:
        pytest.skip(f"{name} is not installed")


def same_as_alone(shop: Served, other: Served) -> None:
    for path in PATHS:
        alone, beside = shop.traced(path), other.traced(path)
        assert beside["body"] == alone["body"], path
        logs = {"logs": alone["counts"]["logs"]}
        assert {**beside["counts"], **logs} == alone["counts"], path
        ours = [(span["name"], span["parent"], span["site"]) for span in spans(alone) if span["name"] != "log"]
        theirs = [(span["name"], span["parent"], span["site"]) for span in spans(beside) if span["name"] != "log"]
        assert theirs == ours, path
    assert other.lines("note") == []


def test_the_app_s_own_listeners(serve: Callable[..., Served], shop: Served) -> None:
    other = serve("sync", SHOP_LISTENER="1")
    assert other.traced("/books/4")["counts"] == shop.traced("/books/4")["counts"]
    assert other.json("/listener") == 5
    text = spans(other.traced("/core"), "query")[0]["db.query.text"]
    assert text == "SELECT name FROM authors WHERE id < 4 /* shop */"  # what the database really got


def test_sentry(serve: Callable[..., Served], shop: Served) -> None:
    installed("sentry_sdk")
    same_as_alone(shop, serve("sync", SHOP_SENTRY="1"))


def test_opentelemetry(serve: Callable[..., Served], shop: Served) -> None:
    installed("opentelemetry.instrumentation.sqlalchemy")
    other = serve("sync", SHOP_OTEL="1")
    alone = serve("sync", SHOP_OTEL="1", without_agent=True)
    for served in (other, alone):
        for path in PATHS:
            served.get(path)
    assert other.json("/exported") == alone.json("/exported")
    same_as_alone(shop, other)
