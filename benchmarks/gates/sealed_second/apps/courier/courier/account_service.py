"""Customers, invoices, refunds and the money reports."""
import datetime as dt
from decimal import ROUND_HALF_UP, Decimal

from sqlalchemy import select

from courier import parcel_service, web
from courier.db import Session
from courier.models import Customer, Invoice, Refund

ZERO = Decimal("0.00")


# -- customers -----------------------------------------------------------------

def customers(q, cities, vip, joined_from, min_discount, sort):
    found = []
    for customer in Session.scalars(select(Customer).order_by(Customer.id)):
        if q and q.casefold() not in f"{customer.name} {customer.email or ''}".casefold():
            continue
        if cities is not None and customer.city not in cities:
            continue
        if vip is not None and customer.vip != vip:
            continue
        if joined_from is not None and customer.joined_on < joined_from:
            continue
        if min_discount is not None and customer.discount < min_discount:
            continue
        found.append(customer)
    field, descending = sort
    if field == "name":
        found.sort(key=lambda c: c.name.casefold(), reverse=descending)
    elif field == "joined":
        found.sort(key=lambda c: c.joined_on, reverse=descending)
    elif field == "limit":
        found.sort(key=lambda c: (c.credit_limit is not None, c.credit_limit or ZERO), reverse=descending)
    elif descending:
        found.reverse()
    return found


def customer(user, customer_id):
    if not web.is_staff() and user.customer_id != customer_id:
        raise web.ApiError(403, "not your account")
    found = Session.get(Customer, customer_id)
    if found is None:
        raise web.ApiError(404, "no such customer")
    return found


def outstanding(invoice):
    if invoice.status in ("void", "draft", "settled"):
        return ZERO
    refunded = sum((r.amount for r in invoice.refunds if r.status == "approved"), ZERO)
    return invoice.total - refunded


def balance(customer):
    return sum((outstanding(i) for i in customer.invoices), ZERO)


def summary(customer):
    by_status = {}
    for parcel in customer.parcels:
        by_status[parcel.status] = by_status.get(parcel.status, 0) + 1
    prices = [p.price for p in customer.parcels if p.status == "delivered"]
    average = (sum(prices, ZERO) / len(prices)).quantize(Decimal("0.01"), ROUND_HALF_UP) if prices else None
    heaviest = max(customer.parcels, key=lambda p: p.weight_g, default=None)
    return {"parcels": by_status, "average_price": None if average is None else str(average),
            "heaviest": heaviest.code if heaviest else None,
            "last_created": max((p.created_at for p in customer.parcels), default=None)}


# -- invoices ------------------------------------------------------------------

def invoices(user, f, sort):
    query = select(Invoice)
    if not web.is_staff():
        query = query.where(Invoice.customer_id == user.customer_id)
    if f["statuses"] is not None:
        query = query.where(Invoice.status.in_(f["statuses"]))
    if f["issued_from"] is not None:
        query = query.where(Invoice.issued_on >= f["issued_from"])
    if f["issued_to"] is not None:
        query = query.where(Invoice.issued_on <= f["issued_to"])
    if f["min_total"] is not None:
        query = query.where(Invoice.total >= f["min_total"])
    field, descending = sort
    column = {"issued": Invoice.issued_on, "total": Invoice.total, "number": Invoice.number}[field]
    query = query.order_by(column.desc() if descending else column, Invoice.id)
    rows = list(Session.scalars(query))
    if f["overdue"] is not None:
        today = web.today()
        rows = [i for i in rows if (i.status == "open" and i.due_on < today) == f["overdue"]]
    return rows


def invoice(user, invoice_id):
    found = Session.get(Invoice, invoice_id)
    if found is None:
        raise web.ApiError(404, "no such invoice")
    if not web.is_staff() and found.customer_id != user.customer_id:
        raise web.ApiError(403, "not your invoice")
    return found


def statement(customer, until):
    """Rows of the account statement with a running balance."""
    rows, running = [], ZERO
    for entry in customer.invoices:
        if entry.status in ("draft", "void") or entry.issued_on > until:
            continue
        running += entry.total
        rows.append({"on": entry.issued_on, "text": entry.number, "amount": entry.total, "balance": running})
        for refund in entry.refunds:
            if refund.status == "approved" and refund.created_at.date() <= until:
                running -= refund.amount
                rows.append({"on": refund.created_at.date(), "text": refund.reason or "-",
                             "amount": -refund.amount, "balance": running})
    return rows, running


# -- refunds -------------------------------------------------------------------

def add_refund(user, invoice, body):
    errors = {}
    amount = parcel_service.decimal_field(body, "amount", errors)
    reason = parcel_service.text_field(body, "reason", errors)
    if not errors and (amount is None or amount <= 0):
        errors["amount"] = "must be positive"
    if errors:
        raise web.ApiError(422, "validation failed", fields=errors)
    if invoice.status != "open":
        raise web.ApiError(409, "invoice is not open", state=invoice.status)
    left = outstanding(invoice)
    if amount > left:
        raise web.ApiError(409, "more than outstanding", outstanding=str(left))
    limit = Decimal(web.setting("auto_refund"))
    approved = web.is_staff() and amount <= limit
    refund = Refund(amount=amount, reason=reason, created_at=web.now(), created_by=user.id,
                    status="approved" if approved else "pending")
    invoice.refunds.append(refund)
    if approved and amount == left:
        invoice.status = "settled"
    parcel_service.next_number("refunds")
    Session.flush()
    parcel_service.audit(user, "refund", "invoice", invoice.id, amount=str(amount), status=refund.status)
    Session.commit()
    return refund


def withdraw_refund(user, refund_id):
    refund = Session.get(Refund, refund_id)
    if refund is None:
        raise web.ApiError(404, "no such refund")
    if not web.is_staff() and refund.created_by != user.id:
        raise web.ApiError(403, "not your refund")
    if refund.status != "pending":
        raise web.ApiError(409, "refund is decided", state=refund.status)
    invoice = refund.invoice
    parcel_service.audit(user, "withdraw", "refund", refund.id, amount=str(refund.amount))
    invoice.refunds.remove(refund)
    Session.delete(refund)
    Session.commit()
    return invoice


# -- reports -------------------------------------------------------------------

def revenue(group, start, end):
    query = select(Invoice).where(Invoice.issued_on >= start, Invoice.issued_on <= end,
                                  Invoice.status.not_in(("void", "draft"))).order_by(Invoice.id)
    groups = {}
    for entry in Session.scalars(query):
        if group == "month":
            key = f"{entry.issued_on:%Y-%m}"
        elif group == "city":
            key = entry.customer.city or "unknown"
        else:
            key = entry.status
        row = groups.setdefault(key, {"invoices": 0, "lines": 0, "total": ZERO, "refunded": ZERO})
        row["invoices"] += 1
        row["lines"] += len(entry.lines)
        row["total"] += entry.total
        for refund in entry.refunds:
            if refund.status == "approved":
                row["refunded"] += refund.amount
    return groups


def month_start(date):
    return date.replace(day=1)


def default_period():
    end = web.today()
    return month_start(end - dt.timedelta(days=30)), end
