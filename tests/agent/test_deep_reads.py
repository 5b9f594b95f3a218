"""Deep runs: rows and columns fetched against those read, clusters that give a filter away, what the mapper knows."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.agent.conftest import Serve
from tests.agent.served import Served, line_of, spans

pytestmark = pytest.mark.xdist_group("agent-library")


@pytest.fixture(scope="module")
def library(serve: Serve) -> Served:
    """Each worker has its own SQLite in memory."""
    return serve("sync", "library:app")


def reads(trace: dict[str, Any], entity: str | None) -> dict[str, Any]:
    """The only group of an entity."""
    name = None if entity is None else f"library:{entity}"
    [found] = [group for group in trace["deep"]["reads"] if group["entity"] == name]
    return found


def test_two_clusters_give_the_filter_away(library: Served) -> None:
    trace = library.traced("/of/7", "deep")
    books = reads(trace, "Book")
    assert (books["rows"], books["objects"], books["again"], books["statements"]) == (200, 200, 0, 1)
    assert books["columns"] == {"id": 20, "title": 20, "price": 0, "published": 0, "author_id": 200}
    refused, shown = books["clusters"]
    assert (refused["columns"], refused["objects"]) == (["author_id"], 180)
    assert (shown["columns"], shown["objects"]) == (["author_id", "id", "title"], 20)
    assert shown["values"]["author_id"] | {"low": 0} == {
        "distinct": 1, "alone": True, "type": "int", "missing": False, "low": 0, "high": 7, "some": [7],
    }  # fmt: skip
    assert refused["values"]["author_id"]["distinct"] == 9 and refused["values"]["author_id"]["alone"]
    assert shown["keys"] == [[number] for number in range(121, 141)]
    query = spans(trace, "query")[0]
    assert books["span"] == query["index"]
    frames = [trace["frames"][frame] for frame in trace["stacks"][books["read_at"]["author_id"]]]
    assert f"library.py:{frames[0][1]}" == line_of("# FILTER", "library.py")


def test_a_bound_shows_in_low_and_high(library: Served) -> None:
    books = reads(library.traced("/dear/3", "deep"), "Book")
    refused, shown = books["clusters"]
    assert (refused["values"]["price"]["high"], shown["values"]["price"]["low"]) == (2, 3)
    assert shown["values"]["published"]["type"] == "date"
    assert shown["values"]["published"]["low"] == "2026-01-04"


def test_an_eager_load_that_nobody_reads(library: Served) -> None:
    trace = library.traced("/dear/3", "deep")
    authors = reads(trace, "Author")
    assert authors["relation"] == "Book.author"
    assert (authors["rows"], authors["objects"]) == (200, 10)
    assert set(authors["columns"].values()) == {0}
    assert reads(trace, "Book")["relations"] == {}


def test_relations_accessed(library: Served) -> None:
    trace = library.traced("/relations", "deep")
    authors, books = reads(trace, "Author"), reads(trace, "Book")
    assert authors["relations"] == {"books": 1}
    assert (authors["rows"], authors["objects"]) == (200, 10)
    assert (books["relation"], books["objects"]) == ("Author.books", 200)


def test_rows_of_core_and_of_column_lists(library: Served) -> None:
    rows = reads(library.traced("/rows", "deep"), None)
    assert rows["columns"] == {"id": 0, "title": 40, "price": 200}
    refused, shown = rows["clusters"]
    assert (refused["columns"], shown["values"]["price"]["some"]) == (["price"], [3])
    pairs = library.traced("/pairs", "deep")
    assert json.loads(pairs["body"]) == [[1, "b1.0"], [2, "b1.1"]]
    assert reads(pairs, None)["columns"] == {"id": 2, "title": 2, "price": 2}
    assert reads(pairs, None)["clusters"][0]["objects"] == 198
    assert reads(library.traced("/mappings", "deep"), None)["columns"] == {"id": 3, "title": 3}


def test_objects_that_an_earlier_statement_brought(library: Served) -> None:
    first, second = library.traced("/twice", "deep")["deep"]["reads"]
    assert (first["objects"], first["again"]) == (10, 0)
    assert (second["rows"], second["objects"], second["again"]) == (10, 0, 10)


def test_answers_and_counts_are_as_without(library: Served) -> None:
    for path in ("/of/7", "/dear/3", "/rows", "/pairs", "/mappings", "/relations", "/twice"):
        deep, timed = library.traced(path, "deep"), library.traced(path, "timed")
        assert (deep["body"], deep["counts"]) == (timed["body"], timed["counts"])
        assert "deep" not in timed


def test_the_live_mapper(library: Served) -> None:
    library.traced("/twice", "deep")
    line = library.wait(lambda found: found["type"] == "mapper")
    assert len(library.lines("mapper")) == 1
    author, book = line["entities"]
    assert (author["name"], author["table"], author["parent"]) == ("library:Author", "authors", None)
    columns = {column["key"]: column for column in author["columns"]}
    assert (columns["id"]["primary_key"], columns["id"]["unique"], columns["id"]["nullable"]) == (True, True, False)
    assert (columns["code"]["unique"], columns["name"]["unique"], columns["name"]["nullable"]) == (True, False, False)
    assert next(c for c in book["columns"] if c["key"] == "author_id")["references"] == ["authors.id"]
    assert next(c for c in book["columns"] if c["key"] == "published")["indexed"] is True
    [relation] = book["relations"]
    assert relation == {
        "key": "author", "target": "library:Author", "uselist": False, "lazy": "joined", "direction": "MANYTOONE",
        "keys": [["books.author_id", "authors.id"]], "secondary": None, "viewonly": False, "ordered": False,
        "innerjoin": False,
    }  # fmt: skip
    assert library.lines("note") == []
