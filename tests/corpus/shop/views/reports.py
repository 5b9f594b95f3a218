"""Reports: pages that need several sources."""

from collections.abc import Iterator

from flask import Blueprint, Response, stream_with_context
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from shop import db
from shop.models import Author, Book, Customer, Order, Payment, Warehouse
from shop.serialisers import Json
from shop.services.access import check_first, inside_check
from shop.services.figures import author_report, count_customers, count_orders, dearest_book, region_size
from shop.services.stock import copies_alone, copies_reported

pages = Blueprint("reports", __name__, url_prefix="/reports")


@pages.get("/figures")
def figures() -> Json:
    """Three figures, each with a connection of its own."""
    return {"orders": count_orders(), "customers": count_customers(), "dearest": dearest_book()}


@pages.get("/copies")
def copies() -> list[Json]:
    """Copies of some books; the list is closed before each is counted in a session of its own."""
    with db.NewSession() as session:
        books = session.execute(select(Book.id, Book.title).order_by(Book.id).limit(10)).all()
    return [{"title": title, "copies": copies_alone(number)} for number, title in books]


@pages.get("/sold-out/<int:number>")
def sold_out(number: int) -> Json:
    """Whether a book is sold out, and how many copies there are if not; each asked in a session of its own."""
    if copies_alone(number) == 0:
        return {"sold_out": True}
    return {"sold_out": False, "copies": copies_alone(number)}


@pages.get("/regions")
def regions() -> Json:
    """Authors of two regions by the thread-wide session, which is thrown away after each."""
    return {"north": region_size("north"), "south": region_size("south")}


@pages.get("/scopes")
def scopes() -> Json:
    """A page in three steps, each in its own scope."""
    with db.session_scope() as session:
        orders = session.scalar(select(func.count(Order.id)))
    with db.session_scope() as session:
        books = session.scalar(select(func.count(Book.id)))
    with db.session_scope() as session:
        authors = session.scalar(select(func.count(Author.id)))
    return {"orders": orders, "books": books, "authors": authors}


@pages.get("/one-scope")
def one_scope() -> Json:
    """A page in three steps in one scope."""
    with db.session_scope() as session:
        orders = session.scalar(select(func.count(Order.id)))
        books = session.scalar(select(func.count(Book.id)))
        authors = session.scalar(select(func.count(Author.id)))
    return {"orders": orders, "books": books, "authors": authors}


@pages.get("/released")
def released() -> Json:
    """One session that ends its transaction between two steps and so takes a connection twice."""
    session = db.get_session()
    orders = session.scalar(select(func.count(Order.id)))
    session.rollback()
    paid = session.scalar(select(func.sum(Payment.cents)))
    return {"orders": orders, "paid": paid}


@pages.get("/checked")
@check_first
def checked() -> Json:
    """A page behind a check that has given its connection back."""
    return {"orders": db.get_session().scalar(select(func.count(Order.id)))}


@pages.get("/guarded")
@inside_check
def guarded_report() -> Json:
    """A page behind a check that still holds its connection."""
    return {"orders": db.get_session().scalar(select(func.count(Order.id)))}


@pages.get("/unused")
def unused() -> Json:
    """Two sessions are made, one sends something: the other never takes a connection."""
    with db.NewSession() as idle, db.NewSession() as busy:
        orders = busy.scalar(select(func.count(Order.id)))
        return {"orders": orders, "idle": len(idle.new)}


@pages.get("/one-connection")
def one_connection() -> Json:
    """Two sessions on one connection."""
    with db.engine.connect() as connection, Session(bind=connection) as first:
        orders = first.scalar(select(func.count(Order.id)))
        with Session(bind=connection) as second:
            books = second.scalar(select(func.count(Book.id)))
    return {"orders": orders, "books": books}


@pages.get("/core-beside")
def core_beside() -> Json:
    """A statement on the connection the session has already."""
    session = db.get_session()
    orders = session.scalar(select(func.count(Order.id)))
    books = session.connection().execute(select(func.count(Book.id))).scalar_one()
    return {"orders": orders, "books": books}


@pages.get("/other-pool")
def other_pool() -> Json:
    """The reporting pool beside the pool of the shop, both held at once."""
    book = db.get_session().scalars(select(Book).where(Book.id == 8)).one()
    return {"title": book.title, "copies": copies_reported(book.id)}


@pages.get("/other-database")
def other_database() -> Json:
    """The shop and last night's snapshot, one after the other."""
    with db.NewSession() as session:
        orders = session.scalar(select(func.max(Order.id)))
    with db.SnapshotSession() as session:
        before = session.scalar(select(func.min(Order.id)))
    return {"orders": orders, "before": before}


@pages.get("/stock")
def stock() -> list[Json]:
    """Books of one publisher; the helper opens a session for each while ours is open."""
    found = []
    for book in db.get_session().scalars(select(Book).where(Book.publisher_id == 2).limit(9)).all():
        found.append({"title": book.title, "copies": copies_alone(book.id)})
    return found


@pages.get("/warehouses")
def warehouses() -> list[Json]:
    """Warehouses with a property that opens a session."""
    everything = db.get_session().scalars(select(Warehouse).order_by(Warehouse.id)).unique().all()
    return [{"name": warehouse.name, "fullest": warehouse.fullest_stock} for warehouse in everything]


@pages.get("/pair")
def pair() -> Json:
    """Two sessions, opened and used together."""
    with db.NewSession() as sales, db.NewSession() as people:
        orders = sales.scalar(select(func.count(Order.id)))
        customers = people.scalar(select(func.count(Customer.id)))
    return {"orders": orders, "customers": customers}


@pages.get("/author/<int:number>")
def author(number: int) -> Json:
    """Three sessions within each other."""
    known = db.get_session().scalars(select(Author.name).where(Author.id == number)).one()
    return {"name": known, **author_report(number)}


@pages.get("/stream.csv")
def stream() -> Response:
    """Payments streamed from a connection, with a session for each row."""

    def rows() -> Iterator[str]:
        with db.engine.connect() as connection:
            for row in connection.execute(select(Order.id, Order.customer_id).order_by(Order.id).limit(7)):
                yield f"{row.id},{buyer(row.customer_id)}\n"

    return Response(stream_with_context(rows()), mimetype="text/csv")


def buyer(number: int) -> str:
    """Name of a customer, for callers that have no session."""
    with db.session_scope() as session:
        return session.scalars(select(Customer.name).where(Customer.id == number)).one()


@pages.get("/stream-of-one.csv")
def stream_of_one() -> Response:
    """Payments streamed from one session, in portions."""

    def rows() -> Iterator[str]:
        with db.NewSession() as session:
            wanted = select(Payment.order_id, Payment.cents).order_by(Payment.id)
            for row in session.execute(wanted.execution_options(yield_per=10)):
                yield f"{row.order_id},{row.cents}\n"

    return Response(stream_with_context(rows()), mimetype="text/csv")


@pages.get("/late")
def late() -> Json:
    """A session is made first but used last: the inner one has been closed by then."""
    with db.NewSession() as session:
        copies = copies_alone(3)
        title = session.scalars(select(Book.title).where(Book.id == 3)).one()
    return {"title": title, "copies": copies}


@pages.get("/handed-back")
def handed_back() -> Json:
    """The session ends its transaction before the helper opens its own."""
    session = db.get_session()
    title = session.scalars(select(Book.title).where(Book.id == 4)).one()
    session.commit()
    return {"title": title, "copies": copies_alone(4)}
