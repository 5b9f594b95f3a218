"""How many copies there are."""

from collections.abc import Iterator, Sequence
from itertools import islice

from sqlalchemy import func, select, text
from sqlalchemy.orm import Session

from shop import db
from shop.models import Book, Stock


def copies_of(session: Session, book_id: int) -> int:
    """Copies of a book in all warehouses."""
    return session.scalar(select(func.sum(Stock.quantity)).where(Stock.book_id == book_id)) or 0


def copies_of_many(session: Session, book_ids: Sequence[int]) -> dict[int, int]:
    """Copies of each book in all warehouses, by one statement."""
    counted = select(Stock.book_id, func.sum(Stock.quantity)).where(Stock.book_id.in_(book_ids))
    return dict(session.execute(counted.group_by(Stock.book_id)).tuples().all())


def copies_alone(book_id: int) -> int:
    """Copies of a book, for callers that have no session."""
    with db.NewSession() as session:
        total = session.scalar(select(func.sum(Stock.quantity)).where(Stock.book_id == book_id))
    return total or 0


def copies_reported(book_id: int) -> int:
    """Copies of a book as the reporting database knows them."""
    with db.ReportingSession() as session:
        return session.scalar(select(func.max(Stock.quantity)).where(Stock.book_id == book_id)) or 0


def in_chunks(ids: Sequence[int], size: int) -> Iterator[list[int]]:
    """The ids in lists of at most `size`."""
    rest = iter(ids)
    while chunk := list(islice(rest, size)):
        yield chunk


def low_stock(limit: int) -> Iterator[Book]:
    """Books with few copies in a warehouse, while a session of its own is open."""
    with db.NewSession() as session:
        few = select(Book).join(Stock, Stock.book_id == Book.id).where(Stock.quantity < limit)
        yield from session.scalars(few.order_by(Book.id).limit(8))


def best_shelf(session: Session, book_id: int) -> int:
    """The warehouse with most copies of a book."""
    found = session.execute(text(f"SELECT warehouse_id FROM stock WHERE book_id = {book_id} ORDER BY quantity DESC"))
    return int(found.scalars().first() or 0)
