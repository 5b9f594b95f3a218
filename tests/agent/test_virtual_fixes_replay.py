"""replay: what is asked again is answered from memory, but never after anything that may have changed it."""

from __future__ import annotations

from typing import Any

import pytest

from tests.agent.served import Served
from tests.agent.trials import acted, compared, hashes, queries, run

pytestmark = pytest.mark.xdist_group("agent-trials")


def fix(archive: Served, path: str, *parts: str, level: str = "orm", **more: Any) -> dict[str, Any]:
    return {"fix": "replay", "statements": hashes(archive, path, *parts), "level": level, **more}


def test_entities_of_one_session(archive: Served) -> None:
    base, trial, mended = compared(archive, "/again", fix(archive, "/again"))
    assert (queries(base), queries(trial), queries(mended)) == (5, 1, 1)
    assert acted(trial) == [4]
    assert queries(archive.traced("/again", "timed")) == 5


def test_entities_and_columns_of_sessions_apart(archive: Served) -> None:
    base, trial, mended = compared(archive, "/again-apart", fix(archive, "/again-apart"))
    assert (queries(base), queries(trial), queries(mended)) == (8, 2, 2)
    assert acted(trial) == [6]


def test_only_the_statements_asked_for(archive: Served) -> None:
    trial = run(archive, "/again-apart", fix(archive, "/again-apart", "books.title"))
    assert (queries(trial), acted(trial)) == (5, [3])
    other = run(archive, "/again-apart", {"fix": "replay", "statements": ["0" * 16], "level": "orm"})
    assert (queries(other), acted(other), other["body"]) == (8, [0], trial["body"])


def test_at_the_cursor(archive: Served) -> None:
    base, trial, mended = compared(archive, "/again-core", fix(archive, "/again-core", level="cursor"))
    assert (queries(base), queries(trial), queries(mended)) == (6, 1, 1)
    assert (acted(trial), trial["counts"]["rows"]) == ([5], mended["counts"]["rows"])
    base, trial, mended = compared(archive, "/again-apart", fix(archive, "/again-apart", level="cursor"))
    assert (queries(base), queries(trial), acted(trial)) == (8, 2, [6])


@pytest.mark.parametrize("level", ["orm", "cursor"])
@pytest.mark.parametrize(
    "how", ["nothing", "update", "text", "flush", "autoflush", "rollback", "commit", "elsewhere", "core"]
)
def test_a_change_in_between(archive: Served, how: str, level: str) -> None:
    path = f"/same/{how}"
    if how in ("elsewhere", "core") and archive.json("/where") != "postgres":
        pytest.skip("SQLite lets one connection write while another one reads only in another journal")
    base = archive.traced(path)
    trial = run(archive, path, fix(archive, path, "SELECT", level=level))
    assert (trial["answered"], trial["body"]) == (200, base["body"])
    if how == "nothing":
        assert acted(trial)[0] >= 2
    else:
        assert b"changed" in base["body"]
        assert trial["trial"]["refused"] == [None]


@pytest.mark.parametrize("level", ["orm", "cursor"])
def test_locks_and_streams_are_always_sent(archive: Served, level: str) -> None:
    for path in ("/locked", "/streamed"):
        base = archive.traced(path)
        trial = run(archive, path, fix(archive, path, level=level))
        assert trial["body"] == base["body"]
        if path == "/streamed" or archive.json("/where") == "postgres":  # SQLite has no FOR UPDATE
            assert (queries(trial), acted(trial)) == (queries(base), [0])


@pytest.mark.parametrize("level", ["orm", "cursor"])
def test_volatile_functions_are_always_sent(archive: Served, level: str) -> None:
    trial = run(archive, "/volatile", fix(archive, "/volatile", level=level))
    assert (trial["body"], acted(trial)) == (b"3\n", [0])


@pytest.mark.parametrize("level", ["orm", "cursor"])
def test_shadow_sends_all(archive: Served, level: str) -> None:
    trial = run(archive, "/again-apart", fix(archive, "/again-apart", level=level, shadow=True))
    assert (queries(trial), acted(trial)) == (8, [6])
    assert trial["body"] == archive.get("/again-apart")[1]


def test_lazy_loads_that_ask_the_same(archive: Served) -> None:
    """A relationship's own statement is no other than any: here none is asked twice, and nothing breaks."""
    trial = run(archive, "/tags", fix(archive, "/tags", "SELECT"))
    assert trial["body"] == archive.get("/tags")[1]
    assert trial["trial"]["refused"] == [None]
