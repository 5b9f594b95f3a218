"""The operations that write."""
from decimal import Decimal

from . import config
from .errors import Conflict, Forbidden, Invalid, NotFound
from .models import CheckIn, Order, OrderLine, Ticket
from .money import ZERO, cents, percent_of
from .params import parse_datetime
from .repositories import (
    AuditRepository,
    EventRepository,
    OrderRepository,
    PromoRepository,
    SettingRepository,
    TicketRepository,
)


def promo_discount(promo, total, event_id, today):
    """The discount a promo code gives on a total; Conflict when it does not apply."""
    if not promo.active_on(today):
        raise Conflict("promo code is not valid today", code=promo.code)
    if promo.exhausted:
        raise Conflict("promo code is used up", code=promo.code)
    if promo.event_id is not None and promo.event_id != event_id:
        raise Conflict("promo code is for another event", code=promo.code)
    if promo.min_total is not None and total < promo.min_total:
        raise Conflict("total is too low for this promo code", code=promo.code)
    if promo.percent is not None:
        return min(percent_of(total, promo.percent), cents(total))
    return min(promo.amount, cents(total))


def is_int(value):
    return isinstance(value, int) and not isinstance(value, bool)


def read_lines(body):
    raw = body.get("lines")
    if not isinstance(raw, list) or not raw:
        raise Invalid("lines must be a list with at least one line", field="lines")
    wanted = []
    for number, line in enumerate(raw):
        if not isinstance(line, dict):
            raise Invalid("a line must be an object", field=f"lines[{number}]")
        category_id, quantity = line.get("category_id"), line.get("quantity", 1)
        if not is_int(category_id) or not is_int(quantity) or quantity < 1:
            raise Invalid("category_id and quantity must be positive integers", field=f"lines[{number}]")
        wanted.append((category_id, quantity))
    if sum(quantity for _, quantity in wanted) > config.MAX_TICKETS_PER_ORDER:
        raise Invalid(f"at most {config.MAX_TICKETS_PER_ORDER} tickets an order", field="lines")
    return wanted


class OrderService:
    def __init__(self, session):
        self.session = session
        self.events = EventRepository(session)
        self.orders = OrderRepository(session)
        self.promos = PromoRepository(session)
        self.settings = SettingRepository(session)
        self.audit = AuditRepository(session)

    def place(self, user, body):
        wanted = read_lines(body)
        note = body.get("note")
        if note is not None and not isinstance(note, str):
            raise Invalid("note must be a string", field="note")
        if not is_int(body.get("event_id")):
            raise Invalid("event_id must be an integer", field="event_id")
        event = self.events.get(body["event_id"])
        if event is None or event.status == "draft":
            raise NotFound("no such event")
        if event.status != "published":
            raise Conflict("event is not on sale", status=event.status)

        order = Order(
            user_id=user.id, event_id=event.id, status="paid", channel="api",
            total=ZERO, discount=ZERO, placed_at=self.settings.now(), note=note,
        )
        subtotal = Decimal(0)
        picked = []
        for category_id, quantity in wanted:
            category = self.events.lock_category(category_id)
            if category is None or category.event_id != event.id:
                raise NotFound("no such category", category_id=category_id)
            if category.remaining is not None and category.remaining < quantity:
                raise Conflict("not enough tickets left", category_id=category_id, left=category.remaining)
            category.sold += quantity
            subtotal += category.price * quantity
            picked.append((category, quantity))

        code = body.get("promo")
        if code:
            if not isinstance(code, str):
                raise Invalid("promo must be a string", field="promo")
            promo = self.promos.lock_by_code(code)
            if promo is None:
                raise Invalid("unknown promo code", field="promo")
            order.discount = promo_discount(promo, subtotal, event.id, self.settings.today())
            order.promo = promo
            promo.used += 1
        order.total = cents(subtotal - order.discount)
        self.session.add(order)
        self.session.flush()

        number = 0
        for category, quantity in picked:
            line = OrderLine(order=order, category=category, quantity=quantity, unit_price=category.price)
            self.session.add(line)
            self.session.flush()
            for _ in range(quantity):
                number += 1
                self.session.add(Ticket(line=line, code=f"T{order.id:06d}-{number}", seat=None, status="valid"))
        user.orders_count += 1
        self.audit.add(user, "order.placed", "order", order.id, f"{number} tickets, {order.total}")
        self.session.commit()
        return order

    def cancel(self, user, order_id, reason):
        order = self.orders.lock(order_id)
        if order is None:
            raise NotFound("no such order")
        if order.user_id != user.id and user.role != "staff":
            raise Forbidden("not your order")
        if order.status not in ("reserved", "paid"):
            raise Conflict("order cannot be cancelled", status=order.status)
        tickets = [ticket for line in order.lines for ticket in line.tickets]
        if any(ticket.status == "used" for ticket in tickets):
            raise Conflict("a ticket of this order was used")
        for line in order.lines:
            category = self.events.lock_category(line.category_id)
            category.sold = max(0, category.sold - line.quantity)
        for ticket in tickets:
            ticket.status = "void"
        if order.promo is not None:
            order.promo.used = max(0, order.promo.used - 1)
        order.status = "cancelled"
        self.audit.add(user, "order.cancelled", "order", order.id, reason)
        self.session.commit()
        return {"id": order.id, "status": order.status, "voided": len(tickets)}


class CheckInService:
    def __init__(self, session):
        self.session = session
        self.tickets = TicketRepository(session)
        self.settings = SettingRepository(session)

    def scan(self, code, gate):
        """Record every scan, also those that are turned away."""
        ticket = self.tickets.lock_by_code(code)
        if ticket is None:
            raise NotFound("no such ticket")
        result = {"valid": "admitted", "used": "duplicate"}.get(ticket.status, "refused")
        check_in = CheckIn(ticket=ticket, gate=gate, result=result, scanned_at=self.settings.now())
        self.session.add(check_in)
        if result == "admitted":
            ticket.status = "used"
        scans = len(ticket.check_ins)
        self.session.commit()
        if result != "admitted":
            raise Conflict(f"ticket is {ticket.status}", result=result, scans=scans)
        return {"code": ticket.code, "result": result, "gate": gate, "scans": scans,
                "scanned_at": check_in.scanned_at.isoformat()}


class EventService:
    FIELDS = ("title", "title_de", "genre", "status", "min_age", "doors_at")

    def __init__(self, session):
        self.session = session
        self.audit = AuditRepository(session)

    def clean(self, field, value):
        if field == "title":
            if not isinstance(value, str) or not value.strip():
                raise Invalid("title must not be empty", field=field)
            return value.strip()
        if field == "status":
            if value not in config.EVENT_STATUSES:
                raise Invalid("unknown status", field=field)
            return value
        if value is None:
            return None
        if field == "min_age":
            if not is_int(value) or not 0 <= value <= 99:
                raise Invalid("min_age must be between 0 and 99", field=field)
            return value
        if field == "doors_at":
            return parse_datetime(value, field)
        if not isinstance(value, str):
            raise Invalid(f"{field} must be a string", field=field)
        return value

    def update(self, user, event, body):
        unknown = sorted(set(body) - set(self.FIELDS))
        if unknown:
            raise Invalid("unknown fields", fields=unknown)
        changed = []
        for field in self.FIELDS:
            if field not in body:
                continue
            value = self.clean(field, body[field])
            old = getattr(event, field)
            if value != old:
                setattr(event, field, value)
                changed.append(field)
                self.audit.add(user, "event.changed", "event", event.id, f"{field}: {old} -> {value}")
        if event.doors_at is not None and event.doors_at > event.starts_at:
            raise Conflict("doors open after the start", field="doors_at")
        return changed
