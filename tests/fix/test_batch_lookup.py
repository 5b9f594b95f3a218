"""Rows fetched by key in a loop (catalogue F1, F2, F3): what is rewritten gives the same, what is not says why."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from sqlalchemy.orm import Query

from subsecond.model.audit import QueryGroup
from tests.fix.trying import drafted, equal_and_fewer, outcome

LOOKUPS = {
    "get": "session.get(Author, book.author_id)",
    "query get": "session.query(Author).get(book.author_id)",
    "filter_by": "session.query(Author).filter_by(id=book.author_id).first()",
    "filter": "session.query(Author).filter(Author.id == book.author_id).one_or_none()",
    "other way round": "session.query(Author).filter(book.author_id == Author.id).first()",
    "select": "session.scalars(select(Author).where(Author.id == book.author_id)).first()",
    "scalar": "session.scalar(select(Author).where(Author.id == book.author_id))",
    "execute": "session.execute(select(Author).where(Author.id == book.author_id)).scalar_one_or_none()",
    "unique": "session.query(Author).filter_by(number=book.author_id).first()",
    "condition": "session.query(Author).filter(Author.id == book.author_id, Author.rank > 0).first()",
    "condition by name": "session.query(Author).filter_by(id=book.author_id, rank=1).first()",
}


@pytest.mark.parametrize("lookup", LOOKUPS.values(), ids=LOOKUPS.keys())
def test_one_statement_before_the_loop(lookup: str, tmp_path: Path) -> None:
    fixed = drafted(
        tmp_path,
        f"""
        def answer(session):
            books = session.query(Book).order_by(Book.id).all()
            found = []
            # every book, with who wrote it
            for book in books:
                author = {lookup}  # here
                found.append((book.title, author.name if author else None))
            return found
        """,
    )
    before, after = equal_and_fewer(tmp_path, fixed)
    assert (before, after) >= (5, 2) and after == 2


SOURCES = {
    "select": ("", "session.scalars(select(Book)).all()", "book.editor_id"),
    "sorted": ("", "sorted(session.query(Book).all(), key=lambda one: one.title)", "book.editor_id"),
    "variable": (
        "query = session.query(Book)\n    query = query.filter(Book.price > 1)", "query.all()", "book.editor_id"),
    "slice": ("books = session.query(Book).all()", "books[:7]", "book.editor_id"),
    "chosen": (
        "books = session.query(Book).all()\n    books = [one for one in books if one.price]", "books",
        "book.author_id"),
    "two entities": (
        "", "session.query(Book, Loan).join(Loan, Loan.book_id == Book.id).all()", "book.Book.editor_id"),
    "columns": ("", "session.query(Book.title, Book.editor_id).all()", "book.editor_id"),
    "relation": ("first = session.get(Book, 1)", "first.pages", "book.number"),
    "a query": ("books = session.query(Book)", "books", "book.author_id"),
    "rows one by one": ("", "session.scalars(select(Book).where(Book.price > 0))", "book.author_id"),
}  # fmt: skip


@pytest.mark.parametrize(("setup", "items", "key"), SOURCES.values(), ids=SOURCES.keys())
def test_what_a_loop_may_run_over(setup: str, items: str, key: str, tmp_path: Path) -> None:
    fixed = drafted(
        tmp_path,
        f"""
def answer(session):
    {setup or "found = []"}
    found = []
    for book in {items}:
        author = session.get(Author, {key})  # here
        found.append(author and author.name)
    return found
""",
    )
    equal_and_fewer(tmp_path, fixed)


def test_comprehensions_helpers_and_annotations(tmp_path: Path) -> None:
    fixed = drafted(
        tmp_path,
        """
        def all_books(session) -> list[Book]:
            return session.query(Book).all()

        def answer(session):
            return names(session, all_books(session))

        def names(session, books: list[Book]):
            return [(book.id, getattr(session.get(Author, book.author_id), "name", None)) for book in books]  # here
        """,
    )
    equal_and_fewer(tmp_path, fixed)


INLINE = {
    "a query": "return str([name(session, book) for book in session.query(Book).all()])",
    "row by row": "return [name(session, book) for book in session.scalars(select(Book))]",
    "a query that is iterated": "return [name(session, book) for book in session.query(Book).filter(Book.price > 1)]",
    "a dictionary, behind a count": (
        'return {"total": session.query(Book).count(), "names": [name(session, book) for book in '
        "session.query(Book).order_by(Book.id).limit(9).all()]}"
    ),
    "a set in a condition": (
        "if {name(session, book) for book in session.query(Book).all()}:\n        return 'some'\n    return 'none'"
    ),
    "a query by a name": "books = session.query(Book)\n    return [name(session, book) for book in books]",
}


@pytest.mark.parametrize("body", INLINE.values(), ids=INLINE.keys())
def test_what_a_comprehension_runs_over_needs_no_name(body: str, tmp_path: Path) -> None:
    at = "getattr(session.get(Author, book.author_id), 'name', None)"
    text = f"\ndef answer(session):\n    {body.replace('name(session, book)', at)}\n"
    lines = [f"{line}  # here" if at in line else line for line in text.splitlines()]
    fixed = drafted(tmp_path, "\n".join(lines))
    equal_and_fewer(tmp_path, fixed)


PAGES = {
    "of a query": "session.query(Book).order_by(Book.id).paginate(page=1)",
    "of a select": "db.paginate(db.select(Book).order_by(Book.id), page=1)",
}


@pytest.mark.parametrize("page", PAGES.values(), ids=PAGES.keys())
def test_flask_sqlalchemy_s_own_ways(page: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def paginate(self: Query[Any], page: int) -> SimpleNamespace:
        return SimpleNamespace(items=self.limit(9 * page).all())

    monkeypatch.setattr(Query, "paginate", paginate, raising=False)
    fixed = drafted(
        tmp_path,
        f"""
        from types import SimpleNamespace

        db = SimpleNamespace(select=select)
        db.paginate = lambda said, page: SimpleNamespace(items=db.session.scalars(said.limit(9 * page)).all())

        def answer(session):
            db.session = session
            page = {page}
            found = []
            for book in page.items:
                author = db.session.scalar(db.select(Author).where(Author.id == book.author_id))  # here
                found.append((book.title, author and author.name))
            return found
        """,
    )
    assert equal_and_fewer(tmp_path, fixed)[1] == 2
    assert fixed.patch is not None and "db.select(Author).where(Author.id.in_(" in fixed.patch


SOMETIMES = {
    "either or": ("return [{}] if session else []", "does not always run"),
    "or": ("return session is None or [{}]", "does not always run"),
    "one line": ("if session: return [{}]", "does not always run"),
    "two on a line": ("print(); return [{}]", "a line of its own"),
    "a comprehension in another": ("return [[{}] for _ in range(2)]", "does not always run"),
    "a write before it": ("return [session.flush(), [{}]]", "session.flush()"),
}


@pytest.mark.parametrize(("line", "reason"), SOMETIMES.values(), ids=SOMETIMES.keys())
def test_a_comprehension_that_may_not_run_stays(line: str, reason: str, tmp_path: Path) -> None:
    each = "session.get(Author, book.author_id) for book in session.query(Book).all()"
    fixed = drafted(tmp_path, f"\ndef answer(session):\n    {line.format(each)}  # here\n")
    assert fixed.draft is None
    assert reason in fixed.refusal, fixed.refusal


def test_empty_list_sends_nothing_and_many_keys_go_in_chunks(tmp_path: Path) -> None:
    fixed = drafted(
        tmp_path,
        """
        def answer(session):
            books = session.query(Book).all()
            return [session.get(Loan, book.id) for book in books]  # here
        """,
    )
    assert fixed.draft is not None
    text = fixed.draft.files["pages.py"]
    assert text is not None
    assert outcome(text, books=0) == ([], outcome(text, books=0)[1]) and len(outcome(text, books=0)[1]) == 1
    assert len(outcome(text, books=2_300)[1]) == 1 + 3


BOOKS = "books = session.query(Book).all()"
REFUSED = {
    "text against a number": (BOOKS, "author = session.get(Author, book.author_text)", "the database converts"),
    "text keys": (
        BOOKS, "author = session.query(Author).filter_by(code=book.author_text).first()", "collation"),
    "not unique": (BOOKS, "author = session.query(Author).filter_by(rank=book.price).first()", "not unique"),
    "unique but NULL": (BOOKS, "author = session.query(Author).filter_by(alias=book.shelf).first()", "never NULL"),
    "one": (BOOKS, "author = session.query(Author).filter_by(id=book.editor_id).one()", "raises where there is no row"),
    "limit": (BOOKS, "author = session.query(Author).filter_by(id=book.editor_id).limit(1).first()", ".limit()"),
    "order": (BOOKS, "author = session.query(Author).filter_by(id=book.id).order_by(Author.id).first()", "order_by"),
    "lock": (BOOKS, "author = session.get(Author, book.author_id, with_for_update=True)", "options, a lock"),
    "commit": (BOOKS, "author = session.get(Author, book.author_id); session.commit()", "session.commit()"),
    "attribute": (BOOKS, "author = session.get(Author, book.author_id); book.shelf = 3", "an attribute is assigned"),
    "add": (BOOKS, "author = session.get(Author, book.author_id); session.add(Loan())", "session.add()"),
    "bulk update": (
        BOOKS, "author = session.get(Author, book.author_id); session.query(Book).update({'price': 1})", "a write"),
    "in a callee": (BOOKS, "author = session.get(Author, book.author_id); touch(session)", "session.flush()"),
    "an unknown callee": (BOOKS, "author = session.get(Author, book.author_id); found[0](session)", "looked into"),
    "rebound": (BOOKS, "author = session.get(Author, book.author_id); book = None", "gets another value"),
    "previous key": (
        BOOKS + "\n    last = 1", "author = session.get(Author, last); last = book.id", "not a column of the loop"),
    "changed key": (BOOKS, "author = session.get(Author, book.author_id + 1)", "not a column of the loop"),
    "two conditions": (
        BOOKS, "author = session.query(Author).filter_by(id=book.author_id, rank=book.price).first()", "2 conditions"),
    "inequality": (BOOKS, "author = session.query(Author).filter(Author.id > book.id).first()", "no equality"),
    "generator": ("books = (one for one in session.query(Book))", "author = session.get(Author, book.id)", "generator"),
    "a result": ("books = session.scalars(select(Book))", "author = session.get(Author, book.author_id)", "no list"),
    "yield_per": (
        "books = session.query(Book).yield_per(5).all()", "author = session.get(Author, book.id)", "yield_per"),
    "dynamic": (
        "one = session.get(Book, 1)\n    books = one.all_pages",
        "author = session.get(Author, book.number)", "dynamic"),
    "more put in": (BOOKS + "\n    books.append(None)", "author = session.get(Author, book.id)", "put into books"),
    "what comes is unknown": ("books = found[1:]", "author = session.get(Author, book.id)", "other things"),
}  # fmt: skip


@pytest.mark.parametrize(("setup", "line", "reason"), REFUSED.values(), ids=REFUSED.keys())
def test_refused_with_the_reason_and_its_place(setup: str, line: str, reason: str, tmp_path: Path) -> None:
    fixed = drafted(
        tmp_path,
        f"""
def touch(session):
    session.flush()

def answer(session):
    found = []
    {setup}
    for book in books:
        {line}  # here
        found.append(author)
    return found
""",
    )
    assert fixed.patch is None
    assert reason in fixed.refusal and "pages.py:" in fixed.refusal, fixed.refusal


def test_refused_for_a_helper_a_while_loop_and_a_generator(tmp_path: Path) -> None:
    hidden = """
        def author_of(session, book):
            return session.get(Author, book.author_id)  # here
        """
    assert "author_of hides the statement" in drafted(tmp_path, hidden).refusal
    loop = """
        def answer(session):
            books = session.query(Book).all()
            while books:
                session.get(Author, books.pop().author_id)  # here
        """
    assert "a while loop" in drafted(tmp_path, loop).refusal
    later = """
        def answer(session):
            books = session.query(Book).all()
            return (session.get(Author, book.author_id) for book in books)  # here
        """
    assert "runs later" in drafted(tmp_path, later).refusal


def test_refused_where_the_recording_saw_a_write_from_the_loop(tmp_path: Path) -> None:
    body = """
        def answer(session):
            books = session.query(Book).all()
            for book in books:
                author = session.get(Author, book.author_id)  # here
                book.visited()
        """
    assert drafted(tmp_path, body).patch
    write = QueryGroup(
        fingerprint="insert into visits values (?)", count=3, rows=None, seconds=0.0, file="models.py", line=4,
        function="Book.visited", chain=("models.py:4 Book.visited", "pages.py:9 answer"),
    )  # fmt: skip
    assert "pages.py:9: INSERT was sent from here" in drafted(tmp_path, body, groups=[write]).refusal


def test_nothing_else_in_the_file_changes(tmp_path: Path) -> None:
    fixed = drafted(
        tmp_path,
        """
        def other( a,b ):  # odd   blanks stay
            return { 'x':a }   # and comments

        def answer(session):
            books = session.query(Book).all()

            # about the loop
            for book in books:
                author = session.get(Author, book.author_id)  # here
        """,
    )
    assert fixed.patch is not None
    changed = [
        line[1:].strip() for line in fixed.patch.splitlines() if line[:1] in "+-" and line[:3] not in ("+++", "---")
    ]
    assert changed == [
        "author_keys = list(dict.fromkeys(book.author_id for book in books if book.author_id is not None))",
        "author_by_id = {}",
        "for start in range(0, len(author_keys), 1000):",
        "for found_author in session.scalars(select(Author).where(Author.id.in_(author_keys[start : start + 1000]))):",
        "author_by_id[found_author.id] = found_author",
        "author = session.get(Author, book.author_id)  # here",
        "author = author_by_id.get(book.author_id)  # here",
    ]
