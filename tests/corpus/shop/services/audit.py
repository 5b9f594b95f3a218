"""What is written down."""

from sqlalchemy import insert, text
from sqlalchemy.orm import Session

from shop import db
from shop.models import AuditEntry


def write_audit(what: str) -> None:
    """Write a record that stays whatever becomes of the request."""
    with db.engine.begin() as connection:
        connection.execute(insert(AuditEntry).values(what=what))


def count_view(session: Session, book_id: int) -> None:
    """Count that a book's page was opened."""
    session.execute(text("UPDATE page_views SET views = views + 1 WHERE book_id = :book_id"), {"book_id": book_id})
