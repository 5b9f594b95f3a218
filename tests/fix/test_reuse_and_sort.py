"""The same rows fetched twice in different orders (catalogue F14)."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.fix.trying import drafted, equal_and_fewer

KIND = "reordered-query"
ORDERS = {
    "by price": "Book.price, Book.id",
    "descending": "Book.price.desc(), Book.id.desc()",
    "mixed": "Book.price.desc(), Book.editor_id, Book.id.desc()",
    "key alone": "Book.id.desc()",
}


@pytest.mark.parametrize("order", ORDERS.values(), ids=ORDERS.keys())
def test_sorted_instead_of_fetched_again(order: str, tmp_path: Path) -> None:
    fixed = drafted(
        tmp_path,
        f"""
        def answer(session):
            query = session.query(Book).filter(Book.price >= 0)
            books = query.order_by(Book.title).all()
            books = books[:5]

            # what it costs
            again = query.order_by({order}).all()  # here
            return [book.id for book in books], [book.id for book in again]
        """,
        KIND,
    )
    assert equal_and_fewer(tmp_path, fixed) == (2, 1)


def test_rows_of_two_entities_and_selects(tmp_path: Path) -> None:
    fixed = drafted(
        tmp_path,
        """
        def answer(session):
            query = session.query(Loan, Book).join(Book, Book.id == Loan.book_id)
            rows = query.order_by(Book.title, Loan.id).all()
            rows.pop()
            again = query.order_by(Book.price, Loan.id.desc()).all()  # here
            return [(row.Loan.id, row.Book.id) for row in rows + again]
        """,
        KIND,
    )
    assert equal_and_fewer(tmp_path, fixed) == (2, 1)
    fixed = drafted(
        tmp_path,
        """
        def answer(session):
            books = session.scalars(select(Book).order_by(Book.title)).all()
            again = session.scalars(select(Book).order_by(Book.price, Book.id)).all()  # here
            return [book.id for book in books], [book.id for book in again]
        """,
        KIND,
    )
    assert equal_and_fewer(tmp_path, fixed) == (2, 1)


REFUSED = {
    "ties": ("query", "Book.price", "pass", "ties are open"),
    "text": ("query", "Book.title, Book.id", "pass", "sort otherwise than Python"),
    "NULL": ("query", "Book.author_id, Book.id", "pass", "may be NULL"),
    "an expression": ("query", "func.lower(Book.title), Book.id", "pass", "no column of what is fetched"),
    "limit": ("query.limit(3)", "Book.price, Book.id", "pass", "depends on the order"),
    "a write": ("query", "Book.price, Book.id", "session.commit()", "session.commit()"),
    "elements changed": ("query", "Book.price, Book.id", "books[0].price = 9", "attribute is assigned"),
    "other condition": ("query", "Book.price, Book.id", "query = query.filter(Book.id > 3)", "gets another value"),
    "rows several times": (
        "query.join(Loan, Loan.book_id == Book.id)", "Book.price, Book.id", "pass", "several times"),
    "only one": ("session.query(Loan)", "Loan.id", "query = books = None", "no two statements"),
}  # fmt: skip


@pytest.mark.parametrize(("query", "order", "between", "reason"), REFUSED.values(), ids=REFUSED.keys())
def test_refused_with_the_reason(query: str, order: str, between: str, reason: str, tmp_path: Path) -> None:
    fixed = drafted(
        tmp_path,
        f"""
        def answer(session):
            query = session.query(Book)
            books = {query if query.startswith("query") else "query"}.order_by(Book.id).all()
            {between}
            again = {query}.order_by({order}).all()  # here
            return books, again
        """,
        KIND,
    )
    assert fixed.patch is None and reason in fixed.refusal and "pages.py:" in fixed.refusal, fixed.refusal
