"""eager-load: statements fall from one a parent to one, with the same answer as the mended app."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from tests.agent.served import TOKEN, Served, spans
from tests.agent.trials import acted, compared, queries, run, write

pytestmark = pytest.mark.xdist_group("agent-trials")
PARENTS = 12
BOOKS = 33


def fix(relation: str, how: str = "peers", **more: Any) -> dict[str, Any]:
    return {"fix": "eager-load", "relation": relation, "how": how, **more}


@pytest.mark.parametrize("how", ["peers", "option"])
@pytest.mark.parametrize(
    ("path", "relation", "before"), [("/books", "Book.author", PARENTS), ("/authors", "Author.books", 1 + PARENTS)]
)
def test_many_to_one_and_collections(archive: Served, path: str, relation: str, before: int, how: str) -> None:
    base, trial, mended = compared(archive, path, fix(relation, how))
    assert queries(trial) == queries(mended) == 2
    assert queries(base) >= before
    assert acted(trial) == [1]
    assert queries(archive.traced(path, "timed")) == queries(base)


@pytest.mark.parametrize("how", ["peers", "option"])
def test_nested_relationships_through_a_secondary_table(archive: Served, how: str) -> None:
    base, trial, mended = compared(archive, "/tags", fix("Author.books", how), fix("Book.tags", how))
    assert queries(base) == 1 + PARENTS + BOOKS
    assert queries(trial) == queries(mended) == 3
    assert acted(trial) == [1, 1]


def test_only_the_inner_of_two(archive: Served) -> None:
    for how in ("peers", "option"):
        trial = run(archive, "/tags", fix("Book.tags", how))
        assert acted(trial)[0] > 0
        assert trial["body"] == archive.get("/tags")[1]
        assert queries(trial) <= 1 + 2 * PARENTS


def test_the_inner_of_two_with_what_brings_its_parents_one_by_one(archive: Served) -> None:
    base, trial, _ = compared(archive, "/tags", fix("Book.tags", through=["Author.books"]))
    assert queries(base) == 1 + PARENTS + BOOKS
    assert queries(trial) == 3
    assert acted(trial) == [1]


def test_for_those_alone_that_were_read(archive: Served) -> None:
    """A list that is cut in Python: loading for all its rows fetches what nobody looks at."""
    path, keys = "/first-authors", [1, 2, 3]
    base, trial, _ = compared(archive, path, fix("Author.books", "read", keys=keys))
    _, for_all, _ = compared(archive, path, fix("Author.books", "peers"))
    assert (queries(base), queries(trial), queries(for_all)) == (4, 2, 2), trial["trial"]
    assert acted(trial) == [1]
    assert trial["counts"]["rows"] == base["counts"]["rows"] < for_all["counts"]["rows"]


@pytest.mark.parametrize(("path", "relation", "keys"), [
    ("/books", "Book.author", PARENTS), ("/authors", "Author.books", PARENTS)
])  # fmt: skip
def test_where_all_are_read_it_is_the_same_as_for_all(archive: Served, path: str, relation: str, keys: int) -> None:
    _, trial, mended = compared(archive, path, fix(relation, "read", keys=list(range(1, keys + 1))))
    assert queries(trial) == queries(mended) == 2
    assert trial["counts"]["rows"] == mended["counts"]["rows"]


def test_without_keys_it_cannot_tell_who_is_read(archive: Served) -> None:
    trial = run(archive, "/authors", fix("Author.books", "read"))
    assert trial["trial"]["acted"] == [0] and "none are given" in trial["trial"]["refused"][0]


def test_the_trial_is_seen_as_an_eager_load(archive: Served) -> None:
    trace = run(archive, "/authors", fix("Author.books"))
    names = ("subsecond.orm.lazy_load", "subsecond.orm.eager_load")
    kinds = [tuple(span.get(name) for name in names) for span in spans(trace, "query")]
    assert kinds == [(None, None), (None, "Author.books")]


@pytest.mark.parametrize("how", ["peers", "option"])
def test_a_self_reference_and_the_older_query(archive: Served, how: str) -> None:
    trial = run(archive, "/partners", fix("Author.partner", how))
    assert trial["body"] == archive.get("/partners")[1]
    # in one session all of them stand in the identity map by then: no lazy load asks the database
    assert acted(trial) == ([1] if how == "option" else [0])


@pytest.mark.parametrize("how", ["peers", "option"])
def test_statements_of_other_shapes_are_left_whole(archive: Served, how: str) -> None:
    trial = run(archive, "/titles", fix("Book.author", how))
    assert trial["answered"] == 200
    assert trial["body"] == archive.get("/titles")[1]
    assert acted(trial)[0] > 0


def test_parents_one_by_one_have_nobody_to_load_along(archive: Served) -> None:
    """Each `get` ends before the next: the peers are those read so far, and they have theirs already."""
    base = archive.traced("/one-by-one", "timed")
    trial = run(archive, "/one-by-one", fix("Author.books"), mode="timed")
    assert trial["body"] == base["body"]
    assert (queries(trial), acted(trial)) == (queries(base), [0])


@pytest.mark.parametrize("how", ["peers", "option"])
def test_a_pending_change_is_still_seen(archive: Served, how: str) -> None:
    trial = run(archive, "/pending", fix("Author.books", how))
    if how == "peers":  # an option, as a real fix, loads before the change is made
        assert trial["body"] == archive.get("/pending")[1]


def test_shadow_does_the_work_and_sends_all_statements(archive: Served) -> None:
    base = archive.traced("/authors", "timed")
    for how in ("peers", "option"):
        trial = run(archive, "/authors", fix("Author.books", how, shadow=True), mode="timed")
        assert (queries(trial), trial["body"]) == (queries(base), base["body"])
        assert acted(trial) == [1]


def test_a_single_one_comes_along_by_a_join(archive: Served) -> None:
    trial = run(archive, "/books", fix("Book.author", "joined"))
    assert trial["body"] == archive.get("/books")[1]
    assert (queries(trial), acted(trial)) == (1, [1])
    refused = run(archive, "/authors", fix("Author.books", "joined"))
    assert "Author.books is not one row by its key" in refused["trial"]["refused"][0]
    assert refused["body"] == archive.get("/authors")[1]


def test_what_is_not_there_is_refused(archive: Served) -> None:
    for relation, why in (("Nobody.books", "no model Nobody"), ("Author.nothing", "has no relationship nothing")):
        trial = run(archive, "/authors", fix(relation, "option"))
        assert why in trial["trial"]["refused"][0]
        assert trial["body"] == archive.get("/authors")[1]


def test_requests_at_once_do_not_leak_into_each_other(serve: Callable[..., Served], archive_on_sqlite: str) -> None:
    gevent = serve("gevent", "archive:app", ARCHIVE_DB=archive_on_sqlite)
    write(gevent.spool, "eager", {"version": 1, "fixes": [fix("Author.books")]})
    gevent.get("/authors")

    def ask(number: int) -> None:
        trial = ":eager" if number % 2 else ""
        body = gevent.get("/authors", {"X-Subsecond": f"{TOKEN}:timed:mix-{number}{trial}"})[1]
        assert body == gevent.get("/authors?fixed=1")[1]

    with ThreadPoolExecutor(6) as clients:
        list(clients.map(ask, range(24)))
    for number in range(24):
        trace = gevent.wait(lambda line, mark=f"mix-{number}": line.get("mark") == mark)
        assert queries(trace) == (2 if number % 2 else 1 + PARENTS)
        assert (trace["trial"] is not None) == bool(number % 2)
    assert gevent.lines("note") == []
