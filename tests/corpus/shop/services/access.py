"""Who may see what."""

from collections.abc import Callable
from functools import wraps
from typing import Any

from flask import abort, g, request
from sqlalchemy import select, text
from sqlalchemy.orm import Session

from shop import db
from shop.models import Customer, Order

View = Callable[..., Any]


def asking_customer() -> int:
    """Number of the customer who asks."""
    return request.args.get("customer", 1, type=int)


def find_customer(session: Session, number: int) -> Customer:
    """The customer, or 404."""
    customer = session.scalars(select(Customer).where(Customer.id == number)).first()
    if customer is None:
        abort(404)
    return customer


def known_customer(view: View) -> View:
    """Refuse customers we do not know."""

    @wraps(view)
    def checked(*args: Any, **kwargs: Any) -> Any:
        find_customer(db.get_session(), asking_customer())
        return view(*args, **kwargs)

    return checked


def customer_at_hand(view: View) -> View:
    """Refuse customers we do not know, and keep the one who asks for the view."""

    @wraps(view)
    def handed(*args: Any, **kwargs: Any) -> Any:
        g.customer = find_customer(db.get_session(), asking_customer())
        return view(*args, **kwargs)

    return handed


def inside_check(view: View) -> View:
    """Refuse customers we do not know; the view runs within the check."""

    @wraps(view)
    def guarded(*args: Any, **kwargs: Any) -> Any:
        with db.NewSession() as session:
            if session.scalar(select(Customer.tier).where(Customer.id == asking_customer())) is None:
                abort(403)
            return view(*args, **kwargs)

    return guarded


def check_first(view: View) -> View:
    """Refuse customers we do not know; the check is over before the view begins."""

    @wraps(view)
    def admitted(*args: Any, **kwargs: Any) -> Any:
        with db.NewSession() as session:
            tier = session.scalar(select(Customer.tier).where(Customer.id == asking_customer()))
        if tier is None:
            abort(403)
        return view(*args, **kwargs)

    return admitted


def may_see(session: Session, order: Order) -> bool:
    """Whether an order has been paid for, so that its invoice may be shown."""
    paid = text("SELECT EXISTS (SELECT 1 FROM payments WHERE order_id = :order_id)")
    return bool(session.execute(paid, {"order_id": order.id}).scalar())
