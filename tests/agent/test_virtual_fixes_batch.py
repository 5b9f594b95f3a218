"""batch: all keys at the first load."""

from __future__ import annotations

from typing import Any

import pytest

from tests.agent.served import Served
from tests.agent.trials import acted, compared, queries, run

pytestmark = pytest.mark.xdist_group("agent-trials")


def fix(keys: list[Any], model: str = "Author", **more: Any) -> dict[str, Any]:
    return {"fix": "batch", "model": model, "keys": keys, **more}


def test_gets_in_a_loop(archive: Served) -> None:
    base, trial, mended = compared(archive, "/gets", fix([3, 1, 4, 5, 9, 2, 6, 77]))
    assert (queries(base), queries(trial), queries(mended)) == (8, 1, 1)
    assert acted(trial) == [1]


def test_a_key_that_was_not_recorded(archive: Served) -> None:
    trial = run(archive, "/gets", fix([3, 1, 4]))
    assert (queries(trial), acted(trial)) == (6, [1])
    assert trial["body"] == archive.get("/gets")[1]


def test_keys_of_two_columns(archive: Served) -> None:
    trial = run(archive, "/loans", fix([[10, 1], [11, 1], [12, 1], [20, 1]], "Loan", module="archive"))
    assert (queries(trial), acted(trial)) == (1, [1])
    assert trial["body"] == archive.get("/loans")[1]


def test_many_to_one_loads_are_loads_by_key(archive: Served) -> None:
    trial = run(archive, "/books", fix(list(range(1, 13))))
    assert (queries(trial), acted(trial)) == (2, [1])
    assert trial["body"] == archive.get("/books")[1]


def test_sessions_apart_load_apart(archive: Served) -> None:
    base = archive.traced("/gets-apart", "timed")
    trial = run(archive, "/gets-apart", fix([1, 2, 3]), mode="timed")
    assert (queries(trial), trial["body"]) == (queries(base), base["body"])


def test_shadow_loads_one_by_one(archive: Served) -> None:
    trial = run(archive, "/gets", fix([3, 1, 4, 5, 9, 2, 6, 77], shadow=True))
    assert (queries(trial), acted(trial)) == (8, [1])


def test_a_set_of_batch_and_replay(archive: Served) -> None:
    both = {"fix": "replay", "statements": ["0" * 16], "level": "orm"}
    trial = run(archive, "/gets", fix([3, 1, 4, 5, 9, 2, 6, 77]), both)
    assert (trial["answered"], queries(trial)) == (200, 1)


def test_refused(archive: Served) -> None:
    for wrong, why in (
        (fix([1], "Nobody"), "no model Nobody"),
        (fix([[1, 2]]), "has 1 columns"),
        (fix([1], module="elsewhere"), "no model Author"),
    ):
        trial = run(archive, "/gets", wrong)
        assert why in trial["trial"]["refused"][0]
        assert trial["body"] == archive.get("/gets")[1]
