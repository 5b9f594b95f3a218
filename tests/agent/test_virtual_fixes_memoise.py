"""memoise: calls fall to one a set of arguments; what is not pure is refused, and nothing stays behind."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from tests.agent.served import Served
from tests.agent.trials import acted, compared, queries, run

pytestmark = pytest.mark.xdist_group("agent-trials")


def fix(function: str, scope: str = "request", **more: Any) -> dict[str, Any]:
    return {"fix": "memoise", "function": function, "scope": scope, **more}


def test_a_function_imported_by_name(archive: Served) -> None:
    """`from archive_helpers import price_of`: everybody who has it goes through its code."""
    base = archive.get("/prices")[1]
    assert len(archive.json("/calls")) == 33
    for name in ("archive_helpers:price_of", "archive:price_of"):
        trial = run(archive, "/prices", fix(name))
        assert trial["body"] == base
        assert len(archive.json("/calls")) == 7
        assert acted(trial) == [26]
    archive.get("/prices")
    assert len(archive.json("/calls")) == 33


def test_sessions_of_its_own(archive: Served) -> None:
    base, trial, mended = compared(archive, "/own-sessions", fix("archive_helpers:author_in_own_session"))
    assert (queries(base), queries(trial), queries(mended)) == (34, 12, 12)
    assert trial["counts"]["checkouts"] == 12


def test_objects_of_a_session_that_is_gone(archive: Served) -> None:
    base = archive.traced("/detached")
    trial = run(archive, "/detached", fix("archive_helpers:row_in_own_session"))
    assert (queries(base), queries(trial), trial["body"]) == (6, 2, base["body"])
    across = run(archive, "/detached", fix("archive_helpers:row_in_own_session", "process"))
    assert "objects of an ORM session" in across["trial"]["refused"][0]
    assert (queries(across), across["body"]) == (6, base["body"])


def test_across_requests(archive: Served) -> None:
    name = f"across-{archive.port}"
    first = run(archive, "/own-sessions", fix("archive_helpers:author_in_own_session", "process"))
    again = run(archive, "/own-sessions", name=first["trial"]["id"])
    other = run(archive, "/own-sessions", fix("archive_helpers:author_in_own_session", "process"), name=name)
    assert [queries(trace) for trace in (first, again, other)] == [12, 1, 12]
    assert first["body"] == again["body"] == other["body"] == archive.get("/own-sessions")[1]


def test_methods_properties_and_static_methods(archive: Served) -> None:
    base = archive.get("/methods")[1]
    assert len(archive.json("/calls")) == 15
    trial = run(archive, "/methods", *[fix(f"archive_helpers:Labels.{name}") for name in ("of", "short", "kind")])
    assert trial["body"] == base
    assert acted(trial) == [7, 2, 2]
    assert len(archive.json("/calls")) == 4


def test_a_caller_may_change_what_it_gets(archive: Served) -> None:
    base = archive.get("/changed-lists")[1]
    trial = run(archive, "/changed-lists", fix("archive_helpers:tags_of"))
    assert (acted(trial), trial["body"]) == ([2], base)


@pytest.mark.parametrize(
    ("path", "function", "why"),
    [
        ("/generator", "archive_helpers:each_price", "is a generator"),
        ("/impure/writes", "archive:writing", "writes to the database"),
        ("/impure/logs", "archive:logging_one", "the function logs"),
        ("/impure/arguments", "archive_helpers:counted", "changes its arguments"),
        ("/prices", "json:dumps.nothing", "there is no dumps.nothing in json"),
        ("/prices", "nowhere:f", "has not imported nowhere"),
        ("/prices", "time:sleep", "no function written in Python"),
    ],
)
def test_refused(archive: Served, path: str, function: str, why: str) -> None:
    base = archive.traced(path)
    trial = run(archive, path, fix(function))
    assert why in trial["trial"]["refused"][0]
    assert (trial["body"], queries(trial)) == (base["body"], queries(base))
    assert trial["trial"]["acted"] == [0]


def test_below_a_cache_of_the_apps_own(archive: Served) -> None:
    """The cache's function is reached; what the cache keeps is the app's own business."""
    trial = run(archive, "/impure/cached", fix("archive:cached"))
    assert (trial["body"], acted(trial)) == (b"[1,1,1]\n", [0])


def test_recursion_is_as_deep_as_before_without_a_trial(archive: Served) -> None:
    run(archive, "/deep/5", fix("archive:recursive"))
    assert archive.get("/deep/800") == (200, b"800\n")


def test_shadow_calls_each_time(archive: Served) -> None:
    trial = run(archive, "/own-sessions", fix("archive_helpers:author_in_own_session", shadow=True))
    assert (queries(trial), acted(trial)) == (34, [22])


def test_a_closure_under_gevent(serve: Callable[..., Served], archive_on_sqlite: str) -> None:
    served = serve("gevent", "archive:app", ARCHIVE_DB=archive_on_sqlite)
    base = served.traced("/own-sessions", "timed")
    trial = run(served, "/own-sessions", fix("archive_helpers:author_in_own_session"), mode="timed")
    assert trial["body"] == base["body"]
    assert queries(trial) == 12
