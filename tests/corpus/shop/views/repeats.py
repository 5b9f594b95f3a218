"""Pages that look at the same rows more than once, and pages that only seem to."""

from flask import Blueprint
from sqlalchemy import func, select, text
from sqlalchemy.orm import Session

from shop.db import SnapshotSession, get_session
from shop.models import Book, Order, PageView, Setting
from shop.serialisers import Json
from shop.services.audit import count_view

pages = Blueprint("repeats", __name__, url_prefix="/looks")

SALES = text("SELECT SUM(quantity * unit_cents) FROM order_lines WHERE book_id = :book_id")


@pages.get("/isbn/<isbn>")
def by_isbn(isbn: str) -> Json:
    """A book by its ISBN: looked up to see whether it is there, then looked up."""
    session = get_session()
    if session.query(Book).filter_by(isbn=isbn).first() is None:
        return {"title": None}
    book = session.query(Book).filter_by(isbn=isbn).first()
    return {"title": book.title if book else None}


@pages.get("/dear")
def dear() -> Json:
    """Dear books, first counted and then listed by the same query."""
    query = get_session().query(Book).filter(Book.price_cents > 4700).order_by(Book.id)
    count = len(query.all())
    return {"count": count, "titles": [book.title for book in query]}


@pages.get("/sales/<int:number>")
def sales(number: int) -> Json:
    """What a book has earned and its share of the best."""
    session = get_session()
    earned = session.execute(SALES, {"book_id": number}).scalar() or 0
    return {"earned": earned, "share": share_of(session, number)}


def share_of(session: Session, number: int) -> float:
    """Share of one book in all sales."""
    whole = session.execute(text("SELECT SUM(quantity * unit_cents) FROM order_lines")).scalar() or 1
    own = session.execute(SALES, {"book_id": number}).scalar() or 0
    return round(own / whole, 4)


@pages.get("/viewed/<int:number>")
def viewed(number: int) -> Json:
    """A book's price before and after a count is written that has nothing to do with it."""
    session = get_session()
    before = session.scalar(select(Book.price_cents).where(Book.id == number))
    count_view(session, number)
    after = session.scalar(select(Book.price_cents).where(Book.id == number))
    return {"before": before, "after": after}


@pages.get("/counted/<int:number>")
def counted(number: int) -> Json:
    """How often a page was opened, read again because it has just been counted."""
    session = get_session()
    before = session.scalar(select(PageView.views).where(PageView.book_id == number))
    count_view(session, number)
    after = session.scalar(select(PageView.views).where(PageView.book_id == number))
    return {"one_more": (after or 0) - (before or 0)}


@pages.get("/reminded/<int:number>")
def reminded(number: int) -> Json:
    """An order before and after a reminder, which the session writes by itself before it reads."""
    session = get_session()
    order = session.scalars(select(Order).where(Order.id == number)).one()
    order.reminders += 1
    again = session.scalars(select(Order).where(Order.id == number)).one()
    session.rollback()
    return {"same": again is order}


@pages.get("/saved/<int:number>")
def saved(number: int) -> Json:
    """A counter that is committed and then read again, to show what stands in the database."""
    session = get_session()
    row = session.scalars(select(PageView).where(PageView.book_id == number)).one()
    row.views += 1
    session.commit()
    shown = session.scalars(select(PageView).where(PageView.book_id == number)).one()
    return {"counted": shown.views > 0}


@pages.get("/halves")
def halves() -> Json:
    """Orders of two halves of a year: the same statement with other days."""
    return {"first": placed("2026-01-01", "2026-02-01"), "second": placed("2026-02-01", "2026-03-15")}


@pages.get("/there-and-back")
def there_and_back() -> Json:
    """Customers who bought one book but not the other: the same two values, the other way round."""
    return {"there": only_first(3, 5), "back": only_first(5, 3)}


def placed(start: str, end: str) -> int:
    """Orders placed from one day to before another."""
    between = text("SELECT COUNT(*) FROM orders WHERE placed_on >= :start AND placed_on < :end")
    return int(get_session().execute(between, {"start": start, "end": end}).scalar_one())


def only_first(first: int, second: int) -> int:
    """Orders with the first book and without the second."""
    statement = text(
        "SELECT COUNT(*) FROM orders o WHERE o.id IN (SELECT order_id FROM order_lines WHERE book_id = :first)"
        " AND o.id NOT IN (SELECT order_id FROM order_lines WHERE book_id = :second)"
    )
    return int(get_session().execute(statement, {"first": first, "second": second}).scalar_one())


@pages.get("/then-and-now")
def then_and_now() -> Json:
    """The number of orders now and last night: one statement, two databases."""
    counting = select(func.count(Order.id))
    now = get_session().scalar(counting)
    with SnapshotSession() as snapshot:
        then = snapshot.scalar(counting)
    return {"now": now, "then": then}


@pages.get("/dashboard")
def dashboard() -> Json:
    """Orders of three states, asked for on three lines."""
    new = in_state("new")
    paid = in_state("paid")
    sent = in_state("sent")
    return {"new": new, "paid": paid, "sent": sent}


def in_state(status: str) -> int:
    """Orders in one state."""
    return get_session().scalar(select(func.count(Order.id)).where(Order.status == status)) or 0


@pages.get("/settings")
def settings() -> Json:
    """All settings, by one statement; two of them shown twice."""
    values = {row.key: row.value for row in get_session().scalars(select(Setting))}
    return {"title": values["shop_name"], "header": values["shop_name"], "theme": values["theme"]}
