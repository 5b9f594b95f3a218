"""Rows as JSON."""

from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from shop.models import Book, Customer, Order, OrderLine, Publisher, Review

Json = dict[str, Any]


def order_to_dict(order: Order) -> Json:
    """An order with its lines and the titles."""
    return {
        "id": order.id,
        "status": order.status,
        "lines": [line_to_dict(line) for line in order.lines],
    }


def line_to_dict(line: OrderLine) -> Json:
    """One line of an order."""
    book = line.book
    return {"title": book.title, "quantity": line.quantity}


def brief_order(order: Order) -> Json:
    """An order without what belongs to it."""
    return {"id": order.id, "customer": order.customer_id, "coupon": order.coupon_id, "status": order.status}


def dump(row: object, fields: str) -> Json:
    """The named attributes of a row."""
    found: Json = {}
    for field in fields.split():
        value = getattr(row, field)
        found[field] = len(value) if isinstance(value, list) else value
    return found


def book_to_dict(session: Session, book: Book) -> Json:
    """A book with the number of its readers' opinions."""
    opinions = session.query(Review).filter_by(book_id=book.id).count()
    return {"id": book.id, "title": book.title, "opinions": opinions}


def publisher_to_dict(session: Session, publisher: Publisher) -> Json:
    """A publisher with the average price, in cents."""
    mean = session.execute(select(func.avg(Book.price_cents)).where(Book.publisher_id == publisher.id)).scalar_one()
    return {"name": publisher.name, "mean_cents": round(mean)}


def customer_card(customer: Customer) -> Json:
    """A customer as clerks see them."""
    return {"name": customer.name, "city": customer.city}
