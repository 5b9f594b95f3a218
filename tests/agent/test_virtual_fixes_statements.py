"""Fixes that change a statement: a filter moved into it, fewer columns, no join that nobody reads, one IN for many."""

from __future__ import annotations

from typing import Any

import pytest

from tests.agent.served import APPS, Served, spans
from tests.agent.trials import acted, compared, hashes, queries, run

pytestmark = pytest.mark.xdist_group("agent-trials")


def rows(trace: dict[str, Any]) -> int:
    number: int = trace["counts"]["rows"]
    return number


def test_a_filter_by_a_columns_values(archive: Served) -> None:
    fix = {"fix": "push-filter", "model": "Book", "column": "author_id", "values": [2, 3]}
    base, trial, mended = compared(archive, "/filtered", fix)
    assert (rows(base), rows(trial), rows(mended)) == (33, 6, 6)
    assert acted(trial) == [1]
    shadow = run(archive, "/filtered", {**fix, "shadow": True})
    assert (rows(shadow), acted(shadow)) == (33, [1])


def test_a_filter_by_keys(archive: Served) -> None:
    keys = [20, 21, 22, 30, 31, 32]
    _, trial, mended = compared(archive, "/filtered", {"fix": "push-filter", "model": "Book", "primary_keys": keys})
    assert rows(trial) == rows(mended) == 6


def test_a_filter_only_where_it_was_learnt(archive: Served) -> None:
    file = str(APPS / "archive.py")
    for function, left in (("all_of", 6), ("filtered", 33)):
        fix = {"fix": "push-filter", "model": "Book", "column": "author_id", "values": [2, 3, None]}
        trial = run(archive, "/filtered", {**fix, "function": [file, function]})
        assert (rows(trial), trial["body"]) == (left, archive.get("/filtered")[1])


def test_a_page_is_not_filtered(archive: Served) -> None:
    fix = {"fix": "push-filter", "model": "Book", "column": "author_id", "values": [2, 3]}
    trial = run(archive, "/first-page", fix)
    assert "has a LIMIT" in trial["trial"]["refused"][0]
    assert trial["body"] == archive.get("/first-page")[1]


def test_a_filter_refused(archive: Served) -> None:
    for more, why in (
        ({"column": "nothing", "values": [1]}, "no column nothing"),
        ({"column": "id"}, "either column and values, or primary_keys"),
        ({"primary_keys": [[1, 2]]}, "has 1 columns"),
    ):
        trial = run(archive, "/filtered", {"fix": "push-filter", "model": "Book", **more})
        assert why in trial["trial"]["refused"][0]


def texts(trace: dict[str, Any]) -> str:
    return " ".join(span["db.query.text"] for span in spans(trace, "query"))


def test_only_the_columns_read(archive: Served) -> None:
    fix = {"fix": "load-only", "model": "Author", "columns": ["name"]}
    _, trial, mended = compared(archive, "/wide", fix, mode="recording")
    assert texts(trial) == texts(mended)
    assert "biography" not in texts(trial)
    assert "biography" in texts(run(archive, "/wide", {**fix, "shadow": True}))
    books = run(archive, "/books", {"fix": "load-only", "model": "Author", "columns": ["name"]})
    assert "biography" not in texts(books)
    assert books["body"] == archive.get("/books")[1]


def skip_where_options_cannot_be_read(archive: Served, path: str, fix: dict[str, Any]) -> None:
    trial = run(archive, path, fix)
    if "cannot be read in SQLAlchemy 1.4" in (trial["trial"]["refused"][0] or ""):
        assert trial["body"] == archive.get(path)[1]
        pytest.skip("an option of a statement's own, under SQLAlchemy 1.4: refused")


@pytest.mark.parametrize("path", ["/plain-authors", "/countries"])
def test_an_eager_load_that_nobody_reads(archive: Served, path: str) -> None:
    fix = {"fix": "drop-eager-load", "relation": "Author.country"}
    skip_where_options_cannot_be_read(archive, path, fix)
    base, trial, mended = compared(archive, path, fix, mode="recording")
    assert "countries" in texts(base)
    assert "countries" not in texts(trial) + texts(mended)
    assert (acted(trial), queries(trial)) == ([1], 1)
    assert "countries" in texts(archive.traced(path)), (
        "the compiled statement of the trial must not be taken for others"
    )


def test_an_option_that_was_needed_once(archive: Served) -> None:
    fix = {"fix": "drop-eager-load", "relation": "Author.books"}
    skip_where_options_cannot_be_read(archive, "/unneeded-books", fix)
    base, trial, mended = compared(archive, "/unneeded-books", fix)
    assert (queries(base), queries(trial), queries(mended)) == (2, 2, 2)
    assert (rows(base), rows(trial), acted(trial)) == (45, 15, [1])


def test_one_in_for_many_equalities(archive: Served) -> None:
    fix = {"fix": "batch-equality", "statements": hashes(archive, "/equal"), "keys": [2, 5, 1, 7, 3]}
    run(archive, "/equal", fix)
    base, trial, mended = compared(archive, "/equal", fix)
    assert (queries(base), queries(trial), queries(mended)) == (5, 1, 1)
    assert acted(trial) == [5]
    shadow = run(archive, "/equal", {**fix, "shadow": True})
    assert (queries(shadow), acted(shadow)) == (5, [5])


def test_one_in_for_many_equalities_with_other_values_beside(archive: Served) -> None:
    fix = {"fix": "batch-equality", "statements": hashes(archive, "/equal-and-more"), "keys": [2, 5, 1, 7, 3]}
    run(archive, "/equal-and-more", fix)
    base, trial, mended = compared(archive, "/equal-and-more", fix)
    assert (queries(base), queries(trial), queries(mended)) == (10, 2, 2)
    assert acted(trial) == [10]


def test_one_in_for_many_equalities_of_a_paging_helper_without_a_page(archive: Served) -> None:
    fix = {"fix": "batch-equality", "statements": hashes(archive, "/equal-paged"), "keys": [2, 5, 1, 7, 3]}
    run(archive, "/equal-paged", fix)
    trial = run(archive, "/equal-paged", fix)
    assert (queries(trial), acted(trial)) == (1, [5])
    assert trial["body"] == archive.get("/equal-paged")[1]


@pytest.mark.parametrize(
    ("path", "before"), [("/equal-among-gets", 10), ("/equal-first", 5), ("/equal-first-joined", 5)]
)
def test_one_in_for_equalities_among_look_ups_and_with_a_limit_of_one(path: str, before: int, archive: Served) -> None:
    statements = hashes(archive, path, "books.author_id", "LIMIT")
    fix = {"fix": "batch-equality", "statements": statements, "keys": [2, 5, 1, 7, 3]}
    run(archive, path, fix)
    base, trial, mended = compared(archive, path, fix)
    assert (queries(base), queries(trial), queries(mended)) == (before, before - 4, before - 4)
    assert acted(trial) == [5]


@pytest.mark.parametrize("how", ["select", "query", "sum", "two"])
def test_what_is_made_of_each_parents_rows_is_grouped(how: str, archive: Served) -> None:
    path = f"/counted/{how}"
    fix = {"fix": "batch-equality", "statements": hashes(archive, path), "keys": [2, 5, 1, 7, 99]}
    run(archive, path, fix)
    base, trial, mended = compared(archive, path, fix)
    assert (queries(base), queries(trial), queries(mended)) == (5, 1, 1)
    assert acted(trial) == [5]


def test_the_first_of_many_is_left_alone(archive: Served) -> None:
    fix = {"fix": "batch-equality", "statements": hashes(archive, "/equal-any-first"), "keys": [2, 5, 1]}
    run(archive, "/equal-any-first", fix)
    trial = run(archive, "/equal-any-first", fix)
    assert trial["trial"]["refused"] == ["the statement has a LIMIT"]
    assert (queries(trial), trial["body"]) == (3, archive.get("/equal-any-first")[1])


def test_a_value_that_was_not_recorded(archive: Served) -> None:
    fix = {"fix": "batch-equality", "statements": hashes(archive, "/equal"), "keys": [2, 5]}
    run(archive, "/equal", fix)
    trial = run(archive, "/equal", fix)
    assert (queries(trial), acted(trial)) == (4, [2])
    assert trial["body"] == archive.get("/equal")[1]


def test_statements_of_another_form_are_refused(archive: Served) -> None:
    statements = hashes(archive, "/first-page")
    run(archive, "/first-page", {"fix": "batch-equality", "statements": statements, "keys": [1]})
    trial = run(archive, "/first-page", {"fix": "batch-equality", "statements": statements, "keys": [1]})
    assert trial["trial"]["refused"] == ["the statement has a LIMIT"]
    assert trial["body"] == archive.get("/first-page")[1]


def test_five_fixes_at_once(archive: Served) -> None:
    """A plan's set: each acts, none knows the others' statements for its own."""
    fixes: list[dict[str, Any]] = [
        {"fix": "eager-load", "relation": "Author.books", "how": "option"},
        {"fix": "eager-load", "relation": "Book.tags"},
        {"fix": "drop-eager-load", "relation": "Author.country"},
        {"fix": "load-only", "model": "Author", "columns": ["name"]},
        {"fix": "replay", "statements": hashes(archive, "/tags"), "level": "orm"},
    ]
    trial = run(archive, "/tags", *fixes)
    assert (trial["answered"], trial["body"], queries(trial)) == (200, archive.get("/tags")[1], 3)
    assert trial["trial"]["acted"][:4] == [1, 1, 1, 1]
    assert trial["trial"]["refused"] == [None] * 5
