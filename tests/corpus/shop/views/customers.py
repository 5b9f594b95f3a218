"""Pages on customers and suppliers."""

from typing import Any

from flask import Blueprint, g
from flask.views import MethodView
from sqlalchemy import func, select
from sqlalchemy.orm import selectinload

from shop.db import get_session
from shop.models import Customer, Order, Supplier
from shop.serialisers import Json, customer_card
from shop.services.access import asking_customer, customer_at_hand, find_customer, known_customer

pages = Blueprint("customers", __name__, url_prefix="/customers")


class LastOrders(MethodView):
    """The last order of each customer."""

    def get(self) -> list[Json]:
        """Customers with the day of the last order."""
        session = get_session()
        found = []
        for customer in session.scalars(select(Customer).order_by(Customer.id)).all():
            last = session.execute(select(func.max(Order.placed_on)).where(Order.customer_id == customer.id)).scalar()
            found.append({"name": customer.name, "last": str(last)})
        return found


pages.add_url_rule("/last-orders", view_func=LastOrders.as_view("last_orders"))


@pages.get("/visits")
def visits() -> list[Json]:
    """The days on which customers came."""
    session = get_session()
    found = []
    for customer in session.scalars(select(Customer).where(Customer.tier == "gold").order_by(Customer.id)).all():
        days = session.scalars(customer.visits.select()).all()
        found.append({"name": customer.name, "visits": len(days)})
    return found


@pages.get("/notes")
def notes() -> list[Json]:
    """What clerks wrote about customers."""
    found = []
    for customer in get_session().query(Customer).filter_by(tier="clerk").order_by(Customer.id).all():
        found.append({"name": customer.name, "notes": [note.text for note in customer.notes.all()]})
    return found


@pages.get("/suppliers")
def suppliers() -> list[Json]:
    """Suppliers with the people to talk to."""
    session = get_session()
    everyone = session.scalars(select(Supplier).order_by(Supplier.id)).all()
    return [{"name": supplier.name, "desk": supplier.contacts[0].email} for supplier in everyone]


@pages.get("/cards")
def cards() -> list[Json]:
    """Customers as clerks see them."""
    customers = get_session().query(Customer).filter(Customer.tier == "plain").order_by(Customer.id)
    return [customer_card(customer) for customer in customers]


@pages.get("/cards-loaded")
def cards_loaded() -> list[Json]:
    """Customers as clerks see them, with the addresses loaded."""
    wanted = select(Customer).options(selectinload(Customer.addresses)).where(Customer.tier == "plain")
    return [customer_card(customer) for customer in get_session().scalars(wanted.order_by(Customer.id))]


@pages.get("/profile")
@known_customer
def profile() -> Json:
    """The customer who asks, who was looked up by the check already."""
    customer = find_customer(get_session(), asking_customer())
    return {"name": customer.name, "tier": customer.tier}


@pages.get("/profile-kept")
@customer_at_hand
def profile_kept() -> Json:
    """The customer who asks, as the check has left them."""
    customer: Any = g.customer
    return {"name": customer.name, "tier": customer.tier}


@pages.get("/profile-forgotten")
@known_customer
def profile_forgotten() -> Json:
    """The customer who asks, by number; nobody has kept the row of the check, so that the session forgot it."""
    customer = get_session().get_one(Customer, asking_customer())
    return {"name": customer.name, "tier": customer.tier}


@pages.get("/profile-known")
@customer_at_hand
def profile_known() -> Json:
    """The customer who asks, by number; the check has kept the row, no statement is sent."""
    customer = get_session().get_one(Customer, asking_customer())
    return {"name": customer.name, "tier": customer.tier}


@pages.get("/friends")
def friends() -> Json:
    """Two customers by the same statement with other values."""
    session = get_session()
    return {"from": find_customer(session, 5).name, "to": find_customer(session, 6).name}


@pages.get("/whole/<int:number>")
def whole(number: int) -> Json:
    """One customer with orders and addresses: two relationships of one parent, each read once."""
    customer = get_session().get_one(Customer, number)
    return {"name": customer.name, "orders": len(customer.orders), "addresses": len(customer.addresses)}
