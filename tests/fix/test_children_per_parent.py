"""The rows of each parent fetched in a loop (catalogue F4)."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.fix.test_callers import BOOKS, handed
from tests.fix.trying import drafted, equal_and_fewer, outcome

LISTS = {
    "filter_by": "session.query(Loan).filter_by(book_id=book.id).order_by(Loan.id).all()",
    "latest first": "session.query(Page).filter(Page.book_id == book.id).order_by(Page.number, Page.id.desc()).all()",
    "a condition": "session.query(Loan).filter(Loan.book_id == book.id, Loan.is_open).order_by(Loan.id).all()",
    "a function of SQL": (
        "session.query(Book).filter(Book.author_id == book.editor_id, func.length(Book.title) > 6)"
        ".order_by(Book.id).all()"
    ),
    "select": "session.scalars(select(Page).where(Page.book_id == book.id).order_by(Page.id)).all()",
    "execute": "session.execute(select(Loan).where(Loan.book_id == book.id).order_by(Loan.id)).scalars().all()",
    "run over": "[one for one in session.query(Page).filter_by(book_id=book.id).order_by(Page.id)]",
    "row by row": "{one.id for one in session.scalars(select(Loan).filter_by(book_id=book.id).order_by(Loan.id))}",
    "an option": (
        "session.query(Book).options(selectinload(Book.pages)).filter_by(author_id=book.editor_id)"
        ".order_by(Book.id).all()"
    ),
    "a unique column": "session.query(Author).filter_by(rank=book.editor_id).order_by(Author.number).all()",
    "nullable key": "session.query(Page).filter_by(book_id=book.shelf).order_by(Page.id).all()",
}


@pytest.mark.parametrize("rows", LISTS.values(), ids=LISTS.keys())
def test_one_statement_and_nothing_for_those_without(rows: str, tmp_path: Path) -> None:
    fixed = drafted(
        tmp_path,
        f"""
        from sqlalchemy.orm import selectinload

        def answer(session):
            books = session.scalars(select(Book).order_by(Book.id)).all()
            return [(book.title, [str(one if isinstance(one, int) else one.id) for one in {rows}]) for book in books]  # here
        """,  # noqa: E501
    )
    assert equal_and_fewer(tmp_path, fixed)[1] <= 3
    assert fixed.draft is not None
    text = fixed.draft.files["pages.py"]
    assert text is not None and outcome(text, books=0)[0] == []


def test_what_is_done_to_one_list_is_done_to_that_alone(tmp_path: Path) -> None:
    fixed = drafted(
        tmp_path,
        """
        def answer(session):
            found = []
            for book in session.query(Book).order_by(Book.id):
                same = session.query(Book).filter_by(author_id=book.editor_id).order_by(Book.id).all()  # here
                if same:
                    same.pop()
                found.append(len(same))
            return found
        """,
    )
    equal_and_fewer(tmp_path, fixed)


def test_a_helper_is_handed_the_lists(tmp_path: Path) -> None:
    fixed = handed(
        tmp_path,
        f"""
        def told(session, book, is_open):
            loans = (
                session.query(Loan)
                .filter(Loan.book_id == book.id, Loan.is_open == is_open)
                .order_by(Loan.id)  # here
                .all()
            )
            return [loan.id for loan in loans]

        def answer(session):
            {BOOKS}
            return [told(session, book, True) for book in books]  # from
        """,
    )
    assert equal_and_fewer(tmp_path, fixed) == (13, 2)


REFUSED = {
    "no order": ("session.query(Loan).filter_by(book_id=book.id).all()", "does not end in the primary key"),
    "ties": ("session.query(Page).filter_by(book_id=book.id).order_by(Page.number).all()", "does not end in"),
    "another's key": (
        "session.query(Loan).filter_by(book_id=book.id).order_by(Book.id).all()", "does not end in the primary key"),
    "may be NULL": ("session.query(Author).filter_by(rank=book.id).order_by(Author.alias).all()", "does not end in"),
    "an order of the loop": (
        "session.query(Loan).filter_by(book_id=book.id).order_by(Loan.id == book.price, Loan.id).all()",
        "another one each time round"),
    "the first few": ("session.query(Loan).filter_by(book_id=book.id).order_by(Loan.id).limit(2).all()", ".limit()"),
    "both may be NULL": (
        "session.query(Loan).filter_by(book_id=book.shelf).order_by(Loan.id).all()", "IN never matches NULL"),
    "chance": (
        "session.query(Loan).filter(Loan.book_id == book.id, func.random() > 0).order_by(Loan.id).all()",
        "calls func.random() each time round"),
    "text": (
        "session.query(Loan).filter_by(book_id=book.author_text).order_by(Loan.id).all()", "database converts"),
}  # fmt: skip


@pytest.mark.parametrize(("rows", "reason"), REFUSED.values(), ids=REFUSED.keys())
def test_refused_with_the_reason(rows: str, reason: str, tmp_path: Path) -> None:
    fixed = drafted(
        tmp_path,
        f"""
        def answer(session):
            books = session.query(Book).all()
            return [{rows} for book in books]  # here
        """,
    )
    assert fixed.patch is None and reason in fixed.refusal, fixed.refusal


def test_another_statement_of_the_same_function_is_not_taken_for_it(tmp_path: Path) -> None:
    body = """
        def answer(session):
            found = []
            for book in session.query(Book).all():
                loans = session.query(Loan).filter_by(book_id=book.id).all()  # here
                found.append((loans, session.query(Loan).filter_by(book_id=book.id).count()))
            return found
        """
    fixed = drafted(tmp_path, body, fingerprint="select … from loans where loans.book_id = ?")
    assert fixed.draft is None
    assert "does not end in the primary key" in fixed.refusal and "none of counts" in fixed.refusal


EXECUTED = {
    "text": ("said = text('SELECT 1')", "session.execute(said)", True),
    "in place": ("said = 1", "session.execute(text('select count(*) from loans'))", True),
    "a write": ("said = text('DELETE FROM loans')", "session.execute(said)", False),
    "a lock": ("said = text('SELECT 1 FROM loans FOR UPDATE')", "session.execute(said)", False),
    "either": ("said = text('SELECT 1')\nsaid = text('SELECT 2')", "session.execute(said)", False),
}


@pytest.mark.parametrize(("top", "line", "goes"), EXECUTED.values(), ids=EXECUTED.keys())
def test_a_text_that_only_reads_may_be_executed_in_the_loop(top: str, line: str, goes: bool, tmp_path: Path) -> None:
    fixed = drafted(
        tmp_path,
        f"""
from sqlalchemy import text
{top}

def answer(session):
    found = []
    for book in session.query(Book).order_by(Book.id):
        {line}
        found.append(len(session.query(Loan).filter_by(book_id=book.id).order_by(Loan.id).all()))  # here
    return found
""",
    )
    if goes:
        equal_and_fewer(tmp_path, fixed)
    else:
        assert "a write, or the end of a transaction" in fixed.refusal
