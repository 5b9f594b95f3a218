"""perturb and empty: does the response depend on what a statement returns?"""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from tests.agent.served import APPS, Served
from tests.agent.trials import acted, hashes, run

pytestmark = pytest.mark.xdist_group("agent-trials")


def fix(name: str, statements: list[str], sites: Any = None, **more: Any) -> dict[str, Any]:
    return {"fix": name, "statements": statements, "sites": sites, **more}


def test_unused_and_used_values(archive: Served) -> None:
    base = archive.get("/used")[1]
    for part, same in (("max(", True), ("books.title", True), ("count(", False)):
        trial = run(archive, "/used", fix("perturb", hashes(archive, "/used", part)))
        assert acted(trial) == [1]
        assert (trial["body"] == base) is same, part
    assert json.loads(trial["body"])[0] == json.loads(base)[0] + 1


def test_an_empty_result_crashes_where_one_is_asked_for(archive: Served) -> None:
    assert run(archive, "/used", fix("empty", hashes(archive, "/used", "max(")))["answered"] == 500
    trial = run(archive, "/used", fix("empty", hashes(archive, "/used", "count(")))
    assert (trial["answered"], json.loads(trial["body"])[0], acted(trial)) == (200, None, [1])


def test_keys_stay(archive: Served) -> None:
    trial = run(archive, "/books", fix("perturb", hashes(archive, "/books", "FROM books")))
    told, base = json.loads(trial["body"]), archive.json("/books")
    assert [title for title, _ in told] == [title + "~" for title, _ in base]
    assert [author for _, author in told] == [author for _, author in base]


def test_only_from_the_call_sites_asked_for(archive: Served) -> None:
    statements = hashes(archive, "/used", "count(")
    file = str(APPS / "archive.py")
    base = archive.get("/used")[1]
    for site, changes in (([file, "used"], True), ([file, "books"], False), ([file + "x", "used"], False)):
        trial = run(archive, "/used", fix("perturb", statements, [site]))
        assert acted(trial) == [int(changes)]
        assert (trial["body"] != base) is changes


def test_shadow_changes_nothing(archive: Served) -> None:
    for name in ("perturb", "empty"):
        trial = run(archive, "/used", fix(name, hashes(archive, "/used", "count("), shadow=True))
        assert (acted(trial), trial["body"]) == ([1], archive.get("/used")[1])


def test_a_cache_of_the_app_is_poisoned(serve: Callable[..., Served], archive_on_sqlite: str) -> None:
    """Why the tool needs a fresh process for these: the next, untouched request answers what the trial left."""
    served = serve("sync", "archive:app", ARCHIVE_DB=archive_on_sqlite)
    other = serve("sync", "archive:app", ARCHIVE_DB=archive_on_sqlite)
    statements = hashes(other, "/cached-name")
    run(served, "/cached-name", fix("empty", statements))
    assert (served.json("/cached-name"), other.json("/cached-name")) == (None, "author 1")
