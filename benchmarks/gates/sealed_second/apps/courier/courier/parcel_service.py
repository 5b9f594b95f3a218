"""Parcels: searching, creating, changing, scanning."""
import datetime as dt
import json
from decimal import Decimal, InvalidOperation

from sqlalchemy import func, or_, select

from courier import account_service, network_service, web
from courier.db import Session
from courier.models import (FINAL, Audit, Counter, Customer, Event, Parcel, Route,
                            Tag, Tariff)

SORTS = {"created": Parcel.created_at, "weight": Parcel.weight_g, "price": Parcel.price,
         "priority": Parcel.priority, "recipient": Parcel.recipient, "city": Parcel.city}

TRANSITIONS = {
    "created": ("picked_up",),
    "picked_up": ("in_transit", "out_for_delivery"),
    "in_transit": ("in_transit", "out_for_delivery"),
    "out_for_delivery": ("delivered", "failed"),
    "failed": ("out_for_delivery", "returned"),
}
MAX_FAILURES = 3


def visible(user, role):
    """Base query of the parcels this user may see."""
    query = select(Parcel)
    if role == "customer":
        query = query.where(Parcel.customer_id == user.customer_id)
    elif role == "driver":
        query = query.join(Route, Parcel.route_id == Route.id).where(
            Route.driver_id == user.driver_id)
    return query


def like(text):
    for char in "\\%_":
        text = text.replace(char, "\\" + char)
    return f"%{text}%"


def filtered(user, role, f):
    query = visible(user, role)
    if f.get("status") is not None:
        query = query.where(Parcel.status.in_(f["status"]))
    if f.get("customer") is not None:
        query = query.where(Parcel.customer_id == f["customer"])
    if f.get("city") is not None:
        query = query.where(Parcel.city == f["city"])
    if f.get("min_weight") is not None:
        query = query.where(Parcel.weight_g >= f["min_weight"])
    if f.get("max_weight") is not None:
        query = query.where(Parcel.weight_g <= f["max_weight"])
    if f.get("min_value") is not None:
        query = query.where(Parcel.declared_value >= f["min_value"])
    if f.get("priority") is not None:
        query = query.where(Parcel.priority == f["priority"])
    if f.get("created_from") is not None:
        query = query.where(Parcel.created_at >= midnight(f["created_from"]))
    if f.get("created_to") is not None:
        query = query.where(Parcel.created_at < midnight(f["created_to"] + dt.timedelta(days=1)))
    if f.get("tags") is not None:
        query = query.where(Parcel.id.in_(select(Tag.parcel_id).where(Tag.tag.in_(f["tags"]))))
    if f.get("routed") is True:
        query = query.where(Parcel.route_id.is_not(None))
    elif f.get("routed") is False:
        query = query.where(Parcel.route_id.is_(None))
    if f.get("q"):
        pattern = like(f["q"])
        query = query.where(or_(Parcel.recipient.like(pattern), Parcel.note.like(pattern),
                                Parcel.code.like(pattern)))
    return query


def midnight(date):
    return dt.datetime.combine(date, dt.time(), tzinfo=dt.timezone.utc)


def search(user, role, f, sort, page, size):
    query = filtered(user, role, f)
    total = Session.scalar(select(func.count()).select_from(query.subquery()))
    field, descending = sort
    column = SORTS[field]
    order = column.desc().nulls_last() if descending else column.asc().nulls_first()
    query = query.order_by(order, Parcel.id).limit(size).offset((page - 1) * size)
    return list(Session.scalars(query)), total


def export(user, role, f, q):
    """All matching parcels for the CSV; the text search here ignores case."""
    found = []
    for parcel in Session.scalars(filtered(user, role, f).order_by(Parcel.created_at, Parcel.id)):
        if q:
            haystack = f"{parcel.recipient} {parcel.note or ''}".casefold()
            if q.casefold() not in haystack:
                continue
        found.append(parcel)
    return found


def by_code(user, role, code):
    parcel = Session.scalar(select(Parcel).where(Parcel.code == code))
    if parcel is None:
        raise web.ApiError(404, "no such parcel")
    check_access(user, role, parcel)
    return parcel


def check_access(user, role, parcel):
    if role == "customer" and parcel.customer_id != user.customer_id:
        raise web.ApiError(404, "no such parcel")
    if role == "driver":
        if parcel.route is None or parcel.route.driver_id != user.driver_id:
            raise web.ApiError(403, "not on your route")


def events(parcel, kinds, since, newest_first):
    rows = []
    for event in parcel.events:
        if kinds is not None and event.kind not in kinds:
            continue
        if since is not None and event.at < midnight(since):
            continue
        rows.append(event)
    if newest_first:
        rows.reverse()
    return rows


def audit(user, action, entity, entity_id, **detail):
    Session.add(Audit(user_id=user.id, action=action, entity=entity, entity_id=entity_id,
                      detail=json.dumps(detail, sort_keys=True), at=web.now()))


def next_number(name):
    counter = Session.get(Counter, name, with_for_update=True)
    counter.value += 1
    return counter.value


def text_field(body, name, errors, required=False):
    value = body.get(name)
    if value is None:
        if required:
            errors[name] = "required"
        return None
    if not isinstance(value, str) or (required and not value.strip()):
        errors[name] = "text expected"
        return None
    return value


def date_field(body, name, errors):
    value = body.get(name)
    if value is None:
        return None
    try:
        return dt.date.fromisoformat(value)
    except (TypeError, ValueError):
        errors[name] = "date expected"


def decimal_field(body, name, errors):
    value = body.get(name)
    if value is None:
        return None
    try:
        number = Decimal(value) if isinstance(value, str) else Decimal(str(value))
        if number.is_finite() and 0 <= number < 1000000:
            return number.quantize(Decimal("0.01"))
    except InvalidOperation:
        pass
    errors[name] = "amount expected"


def create(user, body):
    errors = {}
    recipient = text_field(body, "recipient", errors, required=True)
    city = text_field(body, "city", errors, required=True)
    note = text_field(body, "note", errors)
    zone = text_field(body, "zone", errors, required=True)
    deliver_by = date_field(body, "deliver_by", errors)
    declared = decimal_field(body, "declared_value", errors)
    weight = body.get("weight_g")
    if not isinstance(weight, int) or isinstance(weight, bool) or not 0 <= weight <= 31500:
        errors["weight_g"] = "0 to 31500 expected"
    tags = body.get("tags", [])
    if not isinstance(tags, list) or not all(isinstance(t, str) for t in tags):
        errors["tags"] = "list of texts expected"
    if user.customer_id is None:
        customer_id = body.get("customer_id")
        known = isinstance(customer_id, int) and abs(customer_id) <= web.MAX_INT
        customer = Session.get(Customer, customer_id) if known else None
        if customer is None:
            errors["customer_id"] = "unknown customer"
    else:
        customer = user.customer
    if errors:
        raise web.ApiError(422, "validation failed", fields=errors)

    tariff = network_service.tariff_for(zone, weight, web.today())
    if tariff is None:
        raise web.ApiError(422, "no tariff", fields={"zone": "no tariff for zone and weight"})
    price = network_service.price(tariff, weight, declared, customer.discount)
    if customer.credit_limit is not None:
        if account_service.balance(customer) + price > customer.credit_limit:
            raise web.ApiError(409, "credit limit reached", limit=str(customer.credit_limit))

    number = next_number("parcel")
    parcel = Parcel(code=f"C{number:06d}", customer=customer, tariff=tariff, recipient=recipient.strip(),
                    city=city.strip(), weight_g=weight, declared_value=declared, price=price,
                    status="created", priority=body.get("priority", 1), note=note,
                    created_at=web.now(), deliver_by=deliver_by)
    for tag in sorted(set(tags)):
        parcel.tags.append(Tag(tag=tag))
    parcel.events.append(Event(kind="created", at=parcel.created_at, place=None, remark=""))
    Session.add(parcel)
    Session.flush()
    audit(user, "create", "parcel", parcel.id, code=parcel.code, price=str(price))
    Session.commit()
    return parcel


def change(user, parcel, body):
    """PATCH: a key that is missing stays, a null empties the field."""
    errors = {}
    if parcel.status in FINAL:
        raise web.ApiError(409, "parcel is final", state=parcel.status)
    changes = {}
    if "note" in body:
        changes["note"] = text_field(body, "note", errors)
    if "deliver_by" in body:
        changes["deliver_by"] = date_field(body, "deliver_by", errors)
    if "priority" in body:
        priority = body["priority"]
        if priority is not None and (not isinstance(priority, int) or not 0 <= priority <= 10):
            errors["priority"] = "0 to 10 expected"
        changes["priority"] = priority
    if errors:
        raise web.ApiError(422, "validation failed", fields=errors)
    changed = {}
    for name, value in changes.items():
        if getattr(parcel, name) != value:
            changed[name] = str(value)
            setattr(parcel, name, value)
    if changed:
        audit(user, "change", "parcel", parcel.id, **changed)
    Session.commit()
    return parcel


def scan(user, parcel, body):
    """Adds a tracking event and moves the parcel's (and its route's) status."""
    kind = body.get("kind")
    if kind not in ("picked_up", "in_transit", "out_for_delivery", "delivered", "failed", "returned"):
        raise web.ApiError(422, "unknown kind", fields={"kind": "unknown"})
    if kind not in TRANSITIONS.get(parcel.status, ()):
        raise web.ApiError(409, "not possible now", state=parcel.status)
    at = web.now()
    if body.get("at") is not None:
        try:
            at = dt.datetime.fromisoformat(body["at"])
        except (TypeError, ValueError):
            raise web.ApiError(422, "bad time", fields={"at": "time expected"})
        if at.tzinfo is None:
            at = at.replace(tzinfo=dt.timezone.utc)
    parcel.events.append(Event(kind=kind, at=at, place=body.get("place"), remark=body.get("remark") or ""))
    parcel.status = kind
    if kind == "failed":
        failures = sum(1 for e in parcel.events if e.kind == "failed")
        if failures >= MAX_FAILURES:
            parcel.status = "returned"
            parcel.events.append(Event(kind="returned", at=at, place=None, remark="automatic"))
    if kind == "delivered":
        parcel.delivered_at = at
    next_number("scans")
    Session.flush()
    if parcel.route is not None and all(p.status in FINAL for p in parcel.route.parcels):
        parcel.route.status = "done"
    audit(user, "scan", "parcel", parcel.id, kind=kind, status=parcel.status)
    Session.commit()
    Session.refresh(parcel)
    return parcel
