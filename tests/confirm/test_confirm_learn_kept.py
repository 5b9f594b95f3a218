"""What a filter in SQL would keep is read from the deep run: values of a column, or primary keys; or why not."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from subsecond.confirm.learn import CannotLearnError, Known, parameters
from subsecond.model.experiment import Experiment, Learn
from subsecond.sql.fingerprint import fingerprint

TEXT = "SELECT rooms.id, rooms.owner FROM rooms"
ASIDE: dict[str, Any] = {
    "columns": ["owner"], "objects": 90, "keys": None,
    "values": {"owner": {"distinct": 1, "missing": False, "some": ["hushed"]}},
}  # fmt: skip
USED: dict[str, Any] = {
    "columns": ["owner", "size"], "objects": 2, "keys": [[7], [9]],
    "values": {"owner": {"distinct": 2, "missing": True, "some": ["open"]}},
}  # fmt: skip
WANTED = Learn(
    what="kept-values", fingerprint=fingerprint(TEXT), entity="shop:Room", column="owner", rejected=(("owner",),)
)


def line(*clusters: dict[str, Any], others: int = 0) -> dict[str, Any]:
    """A deep run's spool line with one statement."""
    group = {"span": 0, "entity": "shop:Room", "clusters": list(clusters), "others": others}
    return {
        "texts": [TEXT],
        "spans": [["query", -1, 0, 10, -1, {"db.query.text": 0}]],
        "deep": {"reads": [group]},
    }


def learnt(wanted: Learn, deep: dict[str, Any]) -> Any:
    """The one parameter."""
    return parameters(Experiment(fix="push-filter", learn={"it": wanted}), [], Known(Path()), deep)["it"]


def test_values_and_keys_of_the_rows_that_were_used() -> None:
    assert learnt(WANTED, line(ASIDE, USED)) == ["open", None]
    assert learnt(replace(WANTED, what="kept-keys"), line(ASIDE, USED)) == [7, 9]


@pytest.mark.parametrize(
    ("deep", "why"),
    [
        (line(ASIDE), "no row was used"),
        (line(ASIDE, USED, others=3), "more rows were used"),
        (line(ASIDE, {**USED, "values": {"owner": {"distinct": 60, "some": ["a"]}}}), "more rows were used"),
        ({}, "no row was used"),
    ],
)
def test_what_cannot_be_learnt_says_why(deep: dict[str, Any], why: str) -> None:
    with pytest.raises(CannotLearnError, match=why):
        learnt(WANTED, deep)


def test_a_place_is_named_as_the_agent_names_it(tmp_path: Path) -> None:
    wanted = Learn(what="places", functions=(("shop/views.py", "rooms"),))
    found = parameters(Experiment(fix="silence-logger", learn={"sites": wanted}), [], Known(tmp_path))
    assert found == {"sites": [[str(tmp_path / "shop/views.py"), "rooms"]]}
