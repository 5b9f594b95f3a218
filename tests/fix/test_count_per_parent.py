"""Children counted for each parent (catalogue F5)."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.fix.trying import drafted, equal_and_fewer, outcome

COUNTS = {
    "count": "session.query(Loan).filter_by(book_id=book.id).count()",
    "condition": "session.query(Loan).filter(Loan.book_id == book.id, Loan.is_open.is_(True)).count()",
    "scalar": "session.query(func.count(Loan.id)).filter(Loan.book_id == book.id).scalar()",
    "select": "session.scalar(select(func.count()).select_from(Loan).where(Loan.book_id == book.id))",
    "execute": "session.execute(select(func.count(Loan.book_id)).where(Loan.book_id == book.id)).scalar_one()",
    "sum": "session.query(func.sum(Page.number)).filter(Page.book_id == book.id).scalar()",
    "sum or 0": "session.scalar(select(func.coalesce(func.sum(Page.number), 0)).where(Page.book_id == book.id))",
    "largest": "session.scalar(select(func.max(Page.number)).where(Page.book_id == book.id))",
    "average": "session.execute(select(func.avg(Page.number)).where(Page.book_id == book.id)).scalar()",
    "nullable key": "session.query(Page).filter_by(book_id=book.shelf).count()",
}


@pytest.mark.parametrize("count", COUNTS.values(), ids=COUNTS.keys())
def test_one_group_by_and_nought_for_those_without(count: str, tmp_path: Path) -> None:
    fixed = drafted(
        tmp_path,
        f"""
        def answer(session):
            books = session.scalars(select(Book).order_by(Book.id)).all()
            return [(book.title, {count}) for book in books]  # here
        """,
    )
    assert equal_and_fewer(tmp_path, fixed)[1] == 2
    assert fixed.draft is not None
    text = fixed.draft.files["pages.py"]
    assert text is not None and outcome(text, books=0)[0] == []


def test_the_import_of_func_is_added(tmp_path: Path) -> None:
    from tests.fix import trying

    head = trying.HEAD
    try:
        trying.HEAD = head.replace("from sqlalchemy import func, select\n", "from sqlalchemy import select\n")
        fixed = drafted(
            tmp_path,
            """
            def answer(session):
                books = session.query(Book).all()
                return [session.query(Loan).filter_by(book_id=book.id).count() for book in books]  # here
            """,
        )
    finally:
        trying.HEAD = head
    equal_and_fewer(tmp_path, fixed)
    assert fixed.patch is not None
    [added] = [line for line in fixed.patch.splitlines() if line.startswith("+from")]
    assert sorted(added.partition(" import ")[2].split(", ")) == ["func", "select"]


REFUSED = {
    "both may be NULL": ("session.query(Loan).filter_by(book_id=book.shelf).count()", "IN never matches NULL"),
    "a text where there is none": (
        "session.scalar(select(func.coalesce(func.max(Page.number), '')).where(Page.book_id == book.id))", "no counts"),
    "limit": ("session.query(Loan).filter_by(book_id=book.id).limit(2).count()", ".limit()"),
    "distinct": ("session.query(Loan).filter_by(book_id=book.id).distinct().count()", ".distinct()"),
    "text against a number": ("session.query(Loan).filter_by(book_id=book.author_text).count()", "database converts"),
    "condition of the loop": (
        "session.query(Loan).filter(Loan.book_id == book.id, Loan.id > book.price).count()", "no equality"),
}  # fmt: skip


@pytest.mark.parametrize(("count", "reason"), REFUSED.values(), ids=REFUSED.keys())
def test_refused_with_the_reason(count: str, reason: str, tmp_path: Path) -> None:
    fixed = drafted(
        tmp_path,
        f"""
        def answer(session):
            books = session.query(Book).all()
            return [{count} for book in books]  # here
        """,
    )
    assert fixed.patch is None and reason in fixed.refusal, fixed.refusal
