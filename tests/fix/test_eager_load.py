"""Lazy relationships loaded with their parents (catalogue F6)."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from subsecond.fix.fixer import Code
from subsecond.fix.stage import Fixed, fix
from subsecond.model.audit import QueryGroup
from subsecond.model.entity import Entity, Relation
from tests.fix.library import ENTITIES
from tests.fix.trying import FILE, audit, drafted, equal_and_fewer, finding, whole

TABLES = {"Book": "books", "Author": "authors", "Country": "countries", "Loan": "loans", "Page": "pages"}
TARGETS = {"author": "authors", "country": "countries", "loans": "loans", "pages": "pages", "all_pages": "pages"}


def group(body: str, mark: str, fingerprint: str, *, count: int, rows: int, lazy: str | None = None) -> QueryGroup:
    """A recorded statement, sent from the line that has the mark, called by `answer`."""
    lines = whole(body).splitlines()
    at = next(number for number, line in enumerate(lines, 1) if mark in line)
    function = next(line for line in reversed(lines[:at]) if line.startswith("def ")).split("def ")[1].partition("(")[0]
    chain = [f"{FILE}:{at} {function}"]
    if function != "answer":
        chain.append(f"{FILE}:{len(lines)} answer")
    return QueryGroup(
        fingerprint=fingerprint, count=count, rows=rows, seconds=0.1, file=FILE, line=at, function=function,
        chain=tuple(chain), lazy_load=lazy,
    )  # fmt: skip


def eager(
    root: Path, body: str, relation: str, *, parents: int = 12, loads: int = 12, more: tuple[Any, ...] = (),
    entities: tuple[Entity, ...] = ENTITIES,
) -> Fixed:  # fmt: skip
    """The draft for a relationship read at `# here`, whose parents a statement at `# parents` brought."""
    model, _, key = relation.partition(".")
    groups = [
        group(body, "# here", f"select x from {TARGETS[key]} where id = ?", count=loads, rows=loads, lazy=relation),
        *(group(body, *one[:2], **one[2]) for one in more),
    ]
    if "# parents" in body:
        [line] = [one for one in body.splitlines() if "# parents" in one]
        order = f" order by {TABLES[model]}.id" if "order_by" in line else ""
        groups.append(group(body, "# parents", f"select x from {TABLES[model]}{order}", count=1, rows=parents))
    return drafted(root, body, "lazy-load", groups=groups, fingerprint=relation, entities=entities)


LOADING = {
    "query": "session.query(Book).all()",
    "query with filter": "session.query(Book).filter(Book.price > 1).order_by(Book.id).all()",
    "select": "session.scalars(select(Book).order_by(Book.id)).all()",
    "execute": "session.execute(select(Book)).scalars().all()",
    "yield_per": "list(session.scalars(select(Book).execution_options(yield_per=5)))",
    "limit": "session.query(Book).order_by(Book.id.desc()).limit(7).all()",
}


@pytest.mark.parametrize("relation", ["author", "loans"])
@pytest.mark.parametrize("loading", LOADING.values(), ids=LOADING.keys())
def test_loaded_with_the_parents(loading: str, relation: str, tmp_path: Path) -> None:
    body = f"""
        def answer(session):
            books = {loading}  # parents
            return [(book.id, shown(book.{relation})) for book in books]  # here

        def shown(found):
            return [one.id for one in found] if isinstance(found, list) else found and found.name
        """
    fixed = eager(tmp_path, body, f"Book.{relation}")
    joined = relation == "author" and "order_by" in loading  # a join may bring rows of no order in another
    option, statements = ("joinedload", 3) if joined else ("selectinload", 4)
    assert equal_and_fewer(tmp_path, fixed)[1] <= statements
    assert fixed.patch is not None and f"+from sqlalchemy.orm import {option}" in fixed.patch


ORDERED = """
    def answer(session):
        books = session.query(Book).order_by(Book.id).all()  # parents
        return [(book.id, book.author and book.author.name) for book in books]  # here
    """


def author(**fields: Any) -> tuple[Entity, ...]:
    """The models with another `Author`."""
    return tuple(replace(one, **fields) if one.short == "Author" else one for one in ENTITIES)


def with_relation(**fields: Any) -> tuple[Entity, ...]:
    """The models with another `Book.author`."""
    return tuple(
        replace(one, relations=tuple(replace(each, **fields) if each.key == "author" else each
                                     for each in one.relations)) if one.short == "Book" else one
        for one in ENTITIES
    )  # fmt: skip


AUTHOR = next(one for one in ENTITIES if one.short == "Author")
SPEECHES = Relation(key="speeches", target=AUTHOR.name, uselist=True, lazy="joined", direction="ONETOMANY")
BIOGRAPHY = replace(AUTHOR.columns[0], key="bio", name="bio", type="Text", primary_key=False)
NO_JOIN = {
    "locked": (".with_for_update()", ENTITIES),
    "distinct": (".distinct()", ENTITIES),
    "bare names": ('.filter(text("price > 0"))', ENTITIES),
    "a collection comes with it": ("", author(relations=(*AUTHOR.relations, SPEECHES))),
    "large values": ("", author(columns=(*AUTHOR.columns, BIOGRAPHY))),
    "not one by key": ("", with_relation(keys=(("books.price", "authors.rank"),))),
    "an inner join": ("", with_relation(innerjoin=True)),
}


@pytest.mark.parametrize(("call", "entities"), NO_JOIN.values(), ids=NO_JOIN.keys())
def test_no_join_where_more_than_columns_would_change(call: str, entities: tuple[Entity, ...], tmp_path: Path) -> None:
    body = ORDERED.replace("(Book)", f"(Book){call}").replace(
        "def answer", "from sqlalchemy import text\n\n    def answer"
    )
    fixed = eager(tmp_path, body, "Book.author", entities=entities)
    equal_and_fewer(tmp_path, fixed)
    assert fixed.patch is not None and "selectinload(Book.author)" in fixed.patch


def test_no_join_where_the_recorded_statement_was_locked_or_names_columns_bare(tmp_path: Path) -> None:
    for statement in ("select x from books order by books.id for update", "select x from books order by rank"):
        groups = [
            group(ORDERED, "# here", "select x from authors", count=12, rows=12, lazy="Book.author"),
            group(ORDERED, "# parents", statement, count=1, rows=12),
        ]
        fixed = drafted(tmp_path, ORDERED, "lazy-load", groups=groups, fingerprint="Book.author")
        assert fixed.patch is not None and "selectinload(Book.author)" in fixed.patch


@pytest.mark.parametrize(
    "elsewhere",
    [
        "def other():\n        from sqlalchemy.orm import joinedload",
        "if TYPE_CHECKING:\n        from sqlalchemy.orm import joinedload",
    ],
)
def test_what_is_imported_elsewhere_in_the_file_alone_is_imported_at_its_top(elsewhere: str, tmp_path: Path) -> None:
    body = f"""
    from typing import TYPE_CHECKING

    {elsewhere}
{ORDERED}"""
    fixed = eager(tmp_path, body, "Book.author")
    equal_and_fewer(tmp_path, fixed)
    assert fixed.patch is not None and "+from sqlalchemy.orm import joinedload" in fixed.patch


def test_parents_that_are_sent_for_as_often_save_nothing(tmp_path: Path) -> None:
    body = """
        def answer(session):
            return [loans(session, number) for number in (1, 2, 3)]

        def loans(session, number):
            book = session.query(Book).filter(Book.id == number).one()  # parents
            return [loan.id for loan in book.loans]  # here
        """
    groups = [
        group(body, "# here", "select x from loans", count=3, rows=5, lazy="Book.loans"),
        group(body, "# parents", "select x from books where books.id = ?", count=3, rows=3),
    ]
    refused = drafted(tmp_path, body, "lazy-load", groups=groups, fingerprint="Book.loans").refusal
    assert "Book.loans is loaded 3 times, and as often behind its parents' statement" in refused


def test_a_single_one_of_a_single_parent(tmp_path: Path) -> None:
    body = """
        def answer(session):
            book = session.query(Book).filter(Book.id == 5).first()  # parents
            return book.author.name  # here
        """
    fixed = eager(tmp_path, body, "Book.author", parents=1, loads=1)
    assert equal_and_fewer(tmp_path, fixed)[1] == 1
    assert fixed.patch is not None and "joinedload(Book.author)" in fixed.patch


def test_two_entities_a_variable_and_a_reader_elsewhere(tmp_path: Path) -> None:
    body = """
        def shown(book):
            return [page.number for page in book.pages]  # here

        def answer(session):
            query = session.query(Loan, Book).join(Book, Loan.book_id == Book.id)
            query = query.filter(Book.price >= 0)
            rows = query.order_by(Loan.id).all()  # parents
            return [shown(row.Book) for row in rows]
        """
    equal_and_fewer(tmp_path, eager(tmp_path, body, "Book.pages", parents=5, loads=3))


def test_parents_from_a_function_that_is_not_above_the_reader(tmp_path: Path) -> None:
    body = """
        def shelf(session):
            return session.query(Book).all()  # parents

        def answer(session):
            return [book.author and book.author.name for book in shelf(session)]  # here
        """
    equal_and_fewer(tmp_path, eager(tmp_path, body, "Book.author"))


def test_nested_paths_one_after_the_other(tmp_path: Path) -> None:
    body = """
        def answer(session):
            books = session.query(Book).order_by(Book.id).all()  # parents
            return [name(book.author) for book in books]  # author

        def name(author):
            return author and author.country and author.country.name  # here
        """
    more = (("# author", "select x from authors where id = ?", {"count": 4, "rows": 3, "lazy": "Book.author"}),)
    groups = [
        group(body, "# here", "select x from countries", count=2, rows=2, lazy="Author.country"),
        group(body, "# author", more[0][1], **more[0][2]),
        group(body, "# parents", "select x from books order by books.id", count=1, rows=12),
    ]
    fixed = drafted(tmp_path, body, "lazy-load", groups=groups, fingerprint="Author.country")
    equal_and_fewer(tmp_path, fixed)
    assert fixed.patch is not None
    assert ".options(joinedload(Book.author).joinedload(Author.country))" in fixed.patch

    with_author = body.replace("session.query(Book)", "session.query(Book).options(joinedload(Book.author))")
    with_author = with_author.replace("def answer", "from sqlalchemy.orm import joinedload\n\n        def answer", 1)
    fixed = drafted(tmp_path, with_author, "lazy-load", groups=[
        group(with_author, "# here", "select x from countries", count=2, rows=2, lazy="Author.country"),
        group(with_author, "# parents", "select x from books join authors on ? order by books.id", count=1, rows=12),
    ], fingerprint="Author.country")  # fmt: skip
    equal_and_fewer(tmp_path, fixed)
    assert fixed.patch is not None
    assert ".options(joinedload(Book.author), defaultload(Book.author).joinedload(Author.country))" in fixed.patch


def test_objects_reached_from_one_that_was_got_by_its_key(tmp_path: Path) -> None:
    body = """
        def answer(session):
            author = session.get(Country, 1)
            book = session.get(Book, 5)  # parents
            return [loan.id for loan in book.loans] + [page.id for page in book.pages]  # here
        """
    assert "Book.pages is loaded once, and as often" in eager(tmp_path, body, "Book.pages", parents=1, loads=1).refusal


REFUSED = {
    "key assigned": ("book.author_id = 2; session.flush()", "Book.author", "book.author_id is assigned"),
    "commit": ("session.commit()", "Book.author", "session.commit() lets"),
    "expire": ("session.expire_all()", "Book.author", "session.expire_all() lets"),
    "dynamic": ("pass", "Book.all_pages", "lazy='dynamic'"),
    "not in the mapper": ("pass", "Book.author_of", "no relationship"),
}


@pytest.mark.parametrize(("between", "relation", "reason"), REFUSED.values(), ids=REFUSED.keys())
def test_refused_with_the_reason(between: str, relation: str, reason: str, tmp_path: Path) -> None:
    body = f"""
        def answer(session):
            books = session.query(Book).all()  # parents
            for book in books:
                {between}
                book.{relation.partition(".")[2]}  # here
        """
    TARGETS.setdefault("author_of", "authors")
    fixed = eager(tmp_path, body, relation)
    assert fixed.patch is None and reason in fixed.refusal, fixed.refusal


def test_refused_for_other_reasons(tmp_path: Path) -> None:
    body = """
        def answer(session):
            books = session.query(Book).populate_existing().all()  # parents
            return [book.author for book in books]  # here
        """
    assert "options do not reach" in eager(tmp_path, body, "Book.author").refusal
    plain = body.replace(".populate_existing()", "")
    write = ("# here", "insert into authors values (?)", {"count": 1, "rows": 0})
    assert "authors is written" in eager(tmp_path, plain, "Book.author", more=(write,)).refusal
    assert "more than 100,000 rows" in eager(tmp_path, plain, "Book.author", parents=200_000).refusal
    nobody = plain.replace("session.query(Book).all()", "given()")
    assert "no statements that bring Book" in eager(tmp_path, nobody, "Book.author").refusal
    twice = """
        def answer(session):
            one, two = session.query(Book).all(), session.query(Book).all()  # parents
            return [book.author for book in one + two]  # here
        """
    assert "which one is not certain" in eager(tmp_path, twice, "Book.author").refusal
    done = plain.replace("session.query(Book)", "session.query(Book).options(selectinload(Book.author))")
    assert "in the statement's options already" in eager(tmp_path, done, "Book.author").refusal
    assert "mapper" in drafted(tmp_path, plain, "lazy-load", entities=(), fingerprint="Book.author").refusal


def test_a_statement_that_nobody_reads_brings_no_parents(tmp_path: Path) -> None:
    body = """
        def shown(session):
            return session.query(Book).order_by(Book.id).all()  # parents

        def earlier(session):
            return session.query(Book).filter(Book.price > 0).order_by(Book.id).all()  # unread

        def answer(session):
            earlier(session)
            return [book.author and book.author.name for book in shown(session)]  # here
        """
    text = whole(body)
    (tmp_path / FILE).write_text(text)
    groups = [
        group(body, "# here", "select x from authors where id = ?", count=12, rows=12, lazy="Book.author"),
        group(body, "# parents", "select x from books order by books.id", count=1, rows=12),
        group(body, "# unread", "select x from books where price > ? order by books.id", count=1, rows=20),
    ]
    wanted, said = finding(text, "lazy-load", fingerprint="Book.author"), audit(groups)
    assert "which one is not certain" in fix(wanted, said, Code(tmp_path, ENTITIES)).refusal
    unread = replace(
        wanted, id="F2", kind="unused-query", fingerprint=groups[2].fingerprint, line=groups[2].line, function="earlier"
    )
    elsewhere = replace(said, findings=(wanted, replace(unread, requests=("another",))))
    assert "which one is not certain" in fix(wanted, elsewhere, Code(tmp_path, ENTITIES)).refusal
    equal_and_fewer(tmp_path, fix(wanted, replace(said, findings=(wanted, unread)), Code(tmp_path, ENTITIES)))


def test_rows_that_would_be_fetched_behind_each_of_two_readings_are_not(tmp_path: Path) -> None:
    body = """
        def answer(session):
            query = session.query(Book)
            total = query.count()  # counted
            found = query.order_by(Book.id).all()  # parents
            rest = None
            return total, rest, [len(book.pages) for book in found]  # here
        """
    count, order = "select count(*) from (select … from books)", "select x from books order by books.price, books.id"
    counted = ("# counted", count, {"count": 1, "rows": 1})
    equal_and_fewer(tmp_path, eager(tmp_path, body, "Book.pages", more=(counted,)))
    body = body.replace("rest = None", "rest = len(query.order_by(Book.price, Book.id).all())  # again")
    twice = eager(tmp_path, body, "Book.pages", more=(counted, ("# again", order, {"count": 1, "rows": 12})))
    assert "is sent 2 times, and its rows (12) would be fetched behind each" in twice.refusal
