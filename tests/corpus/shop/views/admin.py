"""Pages that write."""

from flask import Blueprint
from sqlalchemy import func, select, update

from shop.db import get_session
from shop.models import AuditEntry, Author, Book, Order, PageView
from shop.serialisers import Json
from shop.services.audit import write_audit

pages = Blueprint("admin", __name__, url_prefix="/admin")


@pages.get("/audited")
def audited() -> Json:
    """A page that writes a record of its own while the session is open."""
    orders = get_session().scalar(select(func.count(Order.id)))
    write_audit("orders were counted")
    return {"orders": orders}


@pages.get("/audited-alone")
def audited_alone() -> Json:
    """A page that writes its record and does nothing else."""
    write_audit("somebody looked")
    return {"written": True}


@pages.get("/expired")
def expired() -> list[Json]:
    """Authors listed after a commit, which makes the session forget what it had read."""
    session = get_session()
    authors = session.scalars(select(Author).order_by(Author.id)).all()
    session.add(AuditEntry(what="authors were listed"))
    session.commit()
    found = []
    for author in authors:
        found.append({"name": author.name, "region": author.region})
    return found


@pages.get("/reminders")
def reminders() -> Json:
    """Reminders for some orders, each committed by itself."""
    session = get_session()
    numbers = session.scalars(select(Order.id).where(Order.status == "new").limit(6)).all()
    for number in numbers:
        session.execute(update(Order).where(Order.id == number).values(reminders=Order.reminders + 1))
        session.commit()
    return {"reminded": len(numbers)}


@pages.get("/reminders-at-once")
def reminders_at_once() -> Json:
    """Reminders for some orders, written by one statement."""
    session = get_session()
    numbers = session.scalars(select(Order.id).where(Order.status == "new").limit(6)).all()
    session.execute(update(Order).where(Order.id.in_(numbers)).values(reminders=Order.reminders + 1))
    session.commit()
    return {"reminded": len(numbers)}


@pages.get("/flushed")
def flushed() -> Json:
    """Counters of some books; the session sends all of the changes together."""
    session = get_session()
    rows = session.scalars(select(PageView).order_by(PageView.book_id).limit(15)).all()
    for number, row in enumerate(rows):
        row.views += 1 + number
    session.commit()
    return {"counted": len(rows)}


@pages.get("/savepoints")
def savepoints() -> Json:
    """Two records in savepoints of one transaction."""
    session = get_session()
    with session.begin_nested():
        session.add(AuditEntry(what="first step"))
    with session.begin_nested():
        session.add(AuditEntry(what="second step"))
    books = session.scalar(select(func.count(Book.id)))
    session.commit()
    return {"books": books}
