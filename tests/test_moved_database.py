"""A file of SQLite that the app filled and then moved to its place is not one of its databases."""

from __future__ import annotations

from pathlib import Path

from subsecond.harness.clones import Connection


def test_a_file_that_is_no_more(tmp_path: Path) -> None:
    building, kept = tmp_path / "shop.db.part", tmp_path / "shop.db"
    building.touch()
    before = Connection(driver="sqlite3", path=str(building))
    assert not before.gone
    building.rename(kept)
    assert before.gone and not Connection(driver="sqlite3", path=str(kept)).gone


def test_only_a_plain_file_can_be_gone() -> None:
    assert not Connection(driver="psycopg", host="127.0.0.1", port=5432, dbname="shop").gone
    assert not Connection(driver="sqlite3", path="file:shop?mode=ro").gone
    assert not Connection(driver="sqlite3", path=":memory:").gone
