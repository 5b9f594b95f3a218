"""Payments: the list, the export, and taking one."""
import csv
import io
from datetime import datetime, time, timedelta
from decimal import Decimal, InvalidOperation

from flask import Response
from sqlalchemy import insert, select, update

from . import repo, settings
from .db import get_engine
from .helpers import (
    ApiError,
    arg_date,
    arg_decimal,
    arg_int_list,
    arg_list,
    body,
    body_id,
    money,
    paging,
    reply,
    reply_page,
    require,
    stamp,
)
from .tables import audit, counters, payments, pupils

METHODS = ("cash", "card", "transfer", "voucher")


def wanted_payments(user):
    pupil_ids = arg_int_list("pupil")
    start = arg_date("from")
    end = arg_date("to")
    methods = arg_list("method")
    min_amount = arg_decimal("min")
    max_amount = arg_decimal("max")
    zone = settings.zone()
    first = None if start is None else datetime.combine(start, time.min, zone)
    last = None if end is None else datetime.combine(end + timedelta(days=1), time.min, zone)
    guardian_id = user.id if user.role == "guardian" else None
    return repo.search_payments(guardian_id, pupil_ids, first, last, methods, min_amount, max_amount)


def list_payments():
    user = require("admin", "guardian")
    page, size = paging()
    rows = wanted_payments(user)
    start = (page - 1) * size
    items = []
    for row in rows[start:start + size]:
        item = {
            "id": row.id,
            "pupil_id": row.pupil_id,
            "pupil": row.pupil,
            "amount": money(row.amount),
            "method": row.method,
            "paid_at": stamp(row.paid_at),
            "refund": row.amount < 0,
        }
        if row.reference is not None:
            item["reference"] = row.reference
        items.append(item)
    paid = sum((row.amount for row in rows), Decimal(0))
    return reply_page(items, len(rows), page, size, sum=money(paid))


def export_payments():
    user = require("admin")
    rows = wanted_payments(user)
    zone = settings.zone()
    out = io.StringIO()
    writer = csv.writer(out, delimiter=";")
    writer.writerow(["id", "day", "pupil", "amount", "method", "reference", "receipt"])
    for row in rows:
        writer.writerow(
            [
                row.id,
                row.paid_at.astimezone(zone).date(),
                row.pupil,
                money(row.amount).replace(".", ","),
                row.method or "",
                row.reference or "",
                "" if row.receipt is None else row.receipt,
            ]
        )
    response = Response(out.getvalue(), content_type="text/csv; charset=utf-8")
    response.headers["Content-Disposition"] = f"attachment; filename=payments-{settings.today()}.csv"
    response.headers["X-Total-Count"] = str(len(rows))
    return response


def body_amount(data):
    value = data.get("amount")
    if not isinstance(value, str):
        raise ApiError(422, "amount must be a decimal string")
    try:
        amount = Decimal(value)
    except InvalidOperation:
        raise ApiError(422, "amount must be a decimal string")
    if not amount.is_finite() or amount == 0 or abs(amount) > 10000 or amount != round(amount, 2):
        raise ApiError(422, "amount is out of range")
    return amount


def take_payment():
    user = require("admin")
    data = body()
    pupil_id = body_id(data, "pupil_id")
    amount = body_amount(data)
    method = data.get("method")
    if method is not None and method not in METHODS:
        raise ApiError(422, f"method must be one of {', '.join(METHODS)}")
    reference = data.get("reference")
    if reference is not None and not isinstance(reference, str):
        raise ApiError(422, "reference must be text")
    with get_engine().begin() as connection:
        pupil = connection.execute(select(pupils).where(pupils.c.id == pupil_id).with_for_update()).first()
        if pupil is None:
            raise ApiError(422, "no such pupil")
        if reference is not None:
            same = select(payments.c.id).where(payments.c.pupil_id == pupil_id, payments.c.reference == reference)
            earlier = connection.execute(same.order_by(payments.c.id)).first()
            if earlier is not None:
                raise ApiError(409, "the reference was used", payment_id=earlier.id)
        receipt = None
        if amount > 0:
            receipt = connection.execute(
                update(counters)
                .where(counters.c.name == "receipt")
                .values(value=counters.c.value + 1)
                .returning(counters.c.value)
            ).scalar()
        payment_id = connection.execute(
            insert(payments)
            .values(
                pupil_id=pupil_id,
                amount=amount,
                method=method,
                paid_at=settings.now(),
                reference=reference,
                receipt=receipt,
            )
            .returning(payments.c.id)
        ).scalar()
        balance = connection.execute(
            update(pupils)
            .where(pupils.c.id == pupil_id)
            .values(balance=pupils.c.balance + amount)
            .returning(pupils.c.balance)
        ).scalar()
        connection.execute(
            insert(audit).values(
                user_id=user.id, action="pay", entity="payment", entity_id=payment_id, detail=f"{amount:.2f}"
            )
        )
    answer = {"id": payment_id, "pupil_id": pupil_id, "amount": money(amount), "balance": money(balance)}
    if receipt is not None:
        answer["receipt"] = receipt
    return reply(answer, 201, headers={"Location": f"/payments?pupil={pupil_id}"})
