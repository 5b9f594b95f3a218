import datetime as dt
import time

from flask import Blueprint, jsonify, request
from sqlalchemy import func, insert, select
from sqlalchemy.exc import IntegrityError

from .db import session
from .models import Insurer, Invoice, Journal, Reading, Recall, Tariff

bp = Blueprint("billing", __name__)

_price_list: tuple[float, dict] = (0.0, {})


@bp.get("/invoices/find")
def find():
    invoice = session().scalars(select(Invoice).where(Invoice.reference == request.args["reference"])).first()
    if invoice is None:
        return jsonify({})
    return jsonify({"id": invoice.id, "cents": invoice.cents, "status": invoice.status})


@bp.get("/insurers/<code>")
def insurer(code: str):
    found = session().scalars(select(Insurer).where(Insurer.code == code)).one()
    return jsonify({"id": found.id, "name": found.name, "plan": found.plan})


@bp.get("/invoices/balance")
def balance():
    total, number = (
        session()
        .execute(
            select(func.sum(Invoice.cents), func.count()).where(Invoice.status != request.args.get("without", "void"))
        )
        .one()
    )
    return jsonify({"cents": total, "invoices": number})


def price_list() -> dict[str, int]:
    global _price_list  # noqa: PLW0603
    read_at, prices = _price_list
    if time.monotonic() - read_at > 300 or not prices:
        found = session().scalars(select(Tariff).order_by(Tariff.practice_id, Tariff.minutes))
        prices = {f"{tariff.practice_id}/{tariff.minutes}": tariff.cents for tariff in found}
        _price_list = (time.monotonic(), prices)
    return prices


@bp.get("/prices/<int:minutes>")
def prices(minutes: int):
    practice = request.args.get("practice", 1, type=int)
    name = session().scalar(select(Insurer.name).where(Insurer.id == request.args.get("insurer", 1, type=int)))
    return jsonify({"insurer": name, "cents": price_list()[f"{practice}/{minutes}"]})


def in_run(run: int) -> list[Invoice]:
    return list(session().scalars(select(Invoice).where(Invoice.run == run, Invoice.status == "open").limit(40)))


def mark(invoice: Invoice, day: dt.date) -> int:
    invoice.reminded_on = day
    invoice.cents = invoice.cents // 100 * 100 + (invoice.cents + 1) % 100
    session().commit()
    return invoice.id


@bp.post("/invoices/remind")
def remind():
    day = dt.date.fromisoformat(request.args["day"])
    return jsonify({"reminded": [mark(invoice, day) for invoice in in_run(request.args.get("run", 1, type=int))]})


@bp.post("/invoices/settle")
def settle():
    settled, refused = 0, 0
    run = request.args.get("run", 1, type=int)
    session().execute(insert(Journal).values(entity="run", entity_id=run, what="settled"))
    for invoice in in_run(run):
        try:
            with session().begin_nested():
                invoice.reminded_on = None if invoice.reminded_on else dt.date(2026, 3, 2)
            settled += 1
        except IntegrityError:
            refused += 1
    session().commit()
    return jsonify({"settled": settled, "refused": refused})


@bp.post("/recalls/<int:campaign>/postpone")
def postpone(campaign: int):
    affected = session().scalars(select(Recall).where(Recall.campaign == campaign)).all()
    for recall in affected:
        recall.tries += 1
        recall.due += dt.timedelta(days=7)
    session().commit()
    return jsonify({"postponed": len(affected)})


@bp.post("/readings/import")
def import_readings():
    rows = [
        {"patient_id": patient, "kind": kind, "value": value, "taken_on": dt.date(2026, 11, 1)}
        for patient, kind, value in request.get_json()["readings"]
    ]
    session().execute(insert(Reading), rows)
    session().commit()
    return jsonify({"imported": len(rows)})
