"""Other instrumentation in the same app: everybody sees what he saw alone, and so do we."""

from __future__ import annotations

import importlib.util
from collections.abc import Callable
from typing import Any

import pytest

from tests.agent.served import Served, spans

pytestmark = pytest.mark.xdist_group("agent-coexistence")
PATHS = ["/books/4", "/eager/3", "/nested", "/rows", "/write", "/logs", "/stream", "/wrong", "/thread"]


def installed(name: str) -> None:
    if importlib.util.find_spec(name) is None:
        pytest.skip(f"{name} is not installed")


def outline(trace: dict[str, Any]) -> list[tuple[str, str]]:
    """Names and call sites, without the others' log lines; threads come in any order."""
    return [(span["name"], span["site"]) for span in spans(trace) if span["name"] != "log"]


def same_as_alone(shop: Served, other: Served) -> None:
    for path in PATHS:
        alone, beside = shop.traced(path), other.traced(path)
        assert beside["body"] == alone["body"], path
        # their records are logged as well, and which request finds the pool empty is a matter of what came before
        free = {name: alone["counts"][name] for name in ("logs", "connections_opened")}
        assert {**beside["counts"], **free} == alone["counts"], path
        ours, theirs = (sorted(outline(trace)) for trace in (alone, beside))
        assert theirs == ours, path
    assert other.lines("note") == []


def test_the_app_s_own_listeners(serve: Callable[..., Served], shop: Served) -> None:
    other = serve("sync", SHOP_LISTENER="1")
    ours, theirs = shop.traced("/books/4")["counts"], other.traced("/books/4")["counts"]
    assert {**theirs, "connections_opened": ours["connections_opened"]} == ours
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
    assert sorted(other.json("/exported")) == sorted(alone.json("/exported"))  # threads come in any order
    same_as_alone(shop, other)
