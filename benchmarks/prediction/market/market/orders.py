"""Orders and what is in them."""

from __future__ import annotations

import datetime as dt
import logging

from flask import Blueprint, Response, jsonify, request
from sqlalchemy import func, select
from sqlalchemy.orm import Session, joinedload

from market.models import Database, Line, Order, Product, Rate, rules

pages = Blueprint("orders", __name__)
log = logging.getLogger("market")


def page_of_orders(session: Session, size: int) -> list[Order]:
    """Orders from the number that is asked for on."""
    first = request.args.get("first", 1, type=int)
    return list(session.scalars(select(Order).where(Order.id >= first).order_by(Order.id).limit(size)))


@pages.get("/orders")
def listed() -> Response:
    with Database() as session:
        return jsonify([shown(order) for order in page_of_orders(session, 30)])


def shown(order: Order) -> dict[str, object]:
    return {
        "id": order.id,
        "customer": order.customer.name,
        "region": order.customer.region.name,
        "lines": [{"product": line.product.name, "pieces": line.pieces} for line in order.lines],
    }


@pages.get("/orders/totals")
def totals() -> Response:
    """What each order costs, in a currency."""
    currency = request.args.get("in", "EUR")
    with Database() as session:
        answer = []
        for order in page_of_orders(session, 40):
            cents = total_of(session, order)
            answer.append(
                {"id": order.id, "total": cents * rate_of(session, currency) // 1000, "by": order.customer.name}
            )
        return jsonify(answer)


def total_of(session: Session, order: Order) -> int:
    total = select(func.sum(Line.pieces * Product.cents)).join(Product).where(Line.order_id == order.id)
    return session.scalar(total) or 0


def rate_of(session: Session, currency: str) -> int:
    return session.execute(select(Rate.per_mille).where(Rate.currency == currency)).scalar_one()


@pages.get("/customers/<int:number>/orders")
def of_customer(number: int) -> Response:
    """All orders of a customer and of the eleven after."""
    with Database() as session:
        answer = {}
        for one in range(number, number + 12):
            found = session.scalars(select(Order).where(Order.customer_id == one).order_by(Order.id)).all()
            answer[one] = [[order.id, str(order.day), order.state] for order in found]
        return jsonify(answer)


@pages.get("/days/<day>/orders")
def of_day(day: str) -> Response:
    """A day's orders with their customers, each written to the log."""
    with Database() as session:
        found = session.scalars(select(Order).where(Order.day == dt.date.fromisoformat(day)).order_by(Order.id)).all()
        answer = []
        for order in found:
            line = {"id": order.id, "customer": order.customer.name, "state": order.state}
            log.info("order shown: %s", line)
            answer.append(line)
        return jsonify(answer)


@pages.get("/orders/bill")
def bill() -> Response:
    """The same orders are asked for three times: to be shown, to be counted, to be sent."""
    with Database() as session:
        house = rules(session)
        rows = [[order.id, order.state] for order in page_of_orders(session, 700)]
        states = counted(session)
        late = [order.id for order in page_of_orders(session, 700) if order.state == "open"]
        return jsonify({"rows": rows, "states": states, "late": late, "fee": house["rule.9"]})


def counted(session: Session) -> dict[str, int]:
    found: dict[str, int] = {}
    for order in page_of_orders(session, 700):
        found[order.state] = found.get(order.state, 0) + 1
    return found


@pages.get("/orders/pieces")
def pieces() -> Response:
    """Customers are loaded beside the orders, and nobody looks at them."""
    first = request.args.get("first", 1, type=int)
    with Database() as session:
        found = session.scalars(
            select(Order).where(Order.id >= first).options(joinedload(Order.customer)).order_by(Order.id).limit(100)
        )
        return jsonify([[order.id, sum(line.pieces for line in order.lines)] for order in found])
