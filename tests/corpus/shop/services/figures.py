"""Figures of the dashboard, each with a connection of its own."""

from sqlalchemy import func, select

from shop import db
from shop.models import Author, Book, Customer, Order


def count_orders() -> int:
    """How many orders there are."""
    with db.engine.connect() as connection:
        return connection.execute(select(func.count(Order.id))).scalar_one()


def count_customers() -> int:
    """How many customers there are."""
    with db.engine.connect() as connection:
        return connection.execute(select(func.count(Customer.id))).scalar_one()


def dearest_book() -> int:
    """The highest price, in cents."""
    with db.engine.connect() as connection:
        return connection.execute(select(func.max(Book.price_cents))).scalar_one()


def author_report(author_id: int) -> dict[str, int]:
    """Figures of one author, for callers that have no session."""
    with db.NewSession() as session:
        author = session.scalars(select(Author).where(Author.id == author_id)).one()
        return {"author": author.id, "dearest": dearest_of(author.id)}


def dearest_of(author_id: int) -> int:
    """The highest price of an author's books, in cents."""
    with db.NewSession() as session:
        return session.scalars(select(func.max(Book.price_cents)).where(Book.author_id == author_id)).one()


def region_size(region: str | None) -> int:
    """Authors of one region, with the old thread-wide session."""
    size = db.LegacySession.query(Author).filter(Author.region == region).count()
    db.LegacySession.remove()
    return size
