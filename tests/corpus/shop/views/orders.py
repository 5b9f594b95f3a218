"""Pages on orders."""

from collections.abc import Iterator

from flask import Blueprint, Response, render_template, stream_with_context
from sqlalchemy import select, text
from sqlalchemy.orm import selectinload, subqueryload

from shop.db import get_session
from shop.models import Book, Coupon, Customer, Order, OrderLine, Payment
from shop.serialisers import Json, brief_order, order_to_dict
from shop.services.access import may_see

pages = Blueprint("orders", __name__, url_prefix="/orders")


def some_orders(count: int) -> list[Order]:
    """The orders with the lowest numbers."""
    return list(get_session().scalars(select(Order).order_by(Order.id).limit(count)))


@pages.get("/invoices")
def invoices() -> list[int]:
    """Numbers of the orders whose invoice may be shown."""
    session = get_session()
    return [order.id for order in some_orders(30) if may_see(session, order)]


@pages.get("/sold-books")
def sold_books() -> list[Json]:
    """Lines of orders with the title, fetched singly."""
    session = get_session()
    lines = session.scalars(select(OrderLine).where(OrderLine.order_id <= 12).order_by(OrderLine.id)).all()
    numbers = list(dict.fromkeys(line.book_id for line in lines))
    books = {number: session.get(Book, number) for number in numbers}
    return [{"line": line.id, "title": title_of(books[line.book_id])} for line in lines]


def title_of(book: Book | None) -> str:
    """The title, also of a book that was sold out."""
    return book.title if book else "sold out"


@pages.get("/baskets")
def baskets() -> list[Json]:
    """The titles of each order: one IN for each, of as many books as the order has."""
    session = get_session()
    lines = session.scalars(select(OrderLine).where(OrderLine.order_id <= 20).order_by(OrderLine.id)).all()
    numbers: dict[int, list[int]] = {}
    for line in lines:
        numbers.setdefault(line.order_id, []).append(line.book_id)
    found = []
    for order_id, book_ids in numbers.items():
        names = session.scalars(select(Book.title).where(Book.id.in_(book_ids)).order_by(Book.id)).all()
        found.append({"order": order_id, "titles": list(names)})
    return found


@pages.get("/buyers")
def buyers() -> list[Json]:
    """Orders with the buyer's name; each customer has ordered twice."""
    connection = get_session().connection()
    found = []
    for number, customer_id in connection.execute(text("SELECT id, customer_id FROM orders ORDER BY id")).all():
        name = connection.execute(text("SELECT name FROM customers WHERE id = :id"), {"id": customer_id}).scalar()
        found.append({"order": number, "buyer": name})
    return found


@pages.get("/with-lines")
def with_lines() -> list[Json]:
    """Orders with lines and titles."""
    return [order_to_dict(order) for order in some_orders(15)]


@pages.get("/with-lines-loaded")
def with_lines_loaded() -> list[Json]:
    """Orders with lines and titles, loaded together."""
    together = selectinload(Order.lines).joinedload(OrderLine.book)
    orders = get_session().scalars(select(Order).options(together).order_by(Order.id).limit(15))
    return [order_to_dict(order) for order in orders]


@pages.get("/with-lines-half-loaded")
def with_lines_half_loaded() -> list[Json]:
    """Orders with lines loaded together; the titles were forgotten."""
    orders = get_session().scalars(select(Order).options(selectinload(Order.lines)).order_by(Order.id).limit(15))
    return [order_to_dict(order) for order in orders]


@pages.get("/totals")
def totals() -> list[int]:
    """What orders come to, in cents."""
    return [order.total_cents for order in get_session().query(Order).filter(Order.status == "paid")]


@pages.get("/totals-loaded")
def totals_loaded() -> list[int]:
    """What orders come to, in cents, with the lines loaded by a subquery."""
    orders = get_session().query(Order).options(subqueryload(Order.lines)).filter(Order.status == "paid")
    return [order.total_cents for order in orders]


@pages.get("/page")
def page() -> str:
    """Orders as a page."""
    return render_template("orders.html", orders=some_orders(12))


@pages.get("/page-loaded")
def page_loaded() -> str:
    """Orders as a page, the payments loaded."""
    wanted = select(Order).options(selectinload(Order.payments)).order_by(Order.id).limit(12)
    return render_template("orders.html", orders=get_session().scalars(wanted).all())


@pages.get("/labels.txt")
def labels() -> Response:
    """What is printed on the parcels, streamed."""

    def parcels() -> Iterator[str]:
        for order in some_orders(20):
            yield f"{order}\n"

    return Response(stream_with_context(parcels()), mimetype="text/plain")


@pages.get("/both")
def both() -> list[Json]:
    """Orders with two relationships of each."""
    found = []
    for order in some_orders(8):
        paid = order.payments
        lines = order.lines
        found.append({"order": order.id, "payments": len(paid), "lines": len(lines)})
    return found


@pages.get("/unpaid")
def unpaid() -> Json:
    """Whether all of the orders have been paid."""
    return {"all": all(order.payments for order in some_orders(9))}


@pages.get("/rebates")
def rebates() -> list[Json]:
    """Orders with their coupon, which none of these has: no statement is sent."""
    found = []
    for order in some_orders(25):
        coupon: Coupon | None = order.coupon
        found.append({"order": order.id, "coupon": coupon.code if coupon else None})
    return found


@pages.get("/brief")
def brief() -> list[Json]:
    """Orders with numbers instead of what they point at."""
    return [brief_order(order) for order in some_orders(30)]


@pages.get("/buyers-known")
def buyers_known() -> list[Json]:
    """Orders with the buyer's name; all customers were fetched by one statement before."""
    customers = get_session().scalars(select(Customer)).all()
    found = [{"order": order.id, "buyer": order.customer.name} for order in some_orders(40)]
    return [*found, {"customers": len(customers)}]


@pages.get("/taxes")
def taxes() -> list[Json]:
    """Orders that go to one country, with the tax there."""
    orders = get_session().scalars(select(Order).where(Order.country == "FR").order_by(Order.id)).all()
    return [{"order": order.id, "percent": order.tax_percent} for order in orders]


@pages.get("/received")
def received() -> Json:
    """Payments of two orders, each by a statement of its own."""
    session = get_session()
    first = session.scalars(select(Payment.cents).where(Payment.order_id == 1)).all()
    second = session.scalars(select(Payment.cents).where(Payment.order_id == 2)).all()
    return {"first": sum(first), "second": sum(second)}
