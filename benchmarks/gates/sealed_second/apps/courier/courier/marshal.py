"""Hand-written marshalling of models to JSON-ready values."""
from decimal import ROUND_HALF_UP, Decimal

from courier.models import FINAL

LABELS = {
    "en": {"created": "Created", "picked_up": "Picked up", "in_transit": "In transit",
           "out_for_delivery": "Out for delivery", "failed": "Delivery failed",
           "delivered": "Delivered", "returned": "Returned", "lost": "Lost",
           "draft": "Draft", "open": "Open", "settled": "Settled", "void": "Void"},
    "de": {"created": "Erfasst", "picked_up": "Abgeholt", "in_transit": "Unterwegs",
           "out_for_delivery": "In Zustellung", "failed": "Zustellung gescheitert",
           "delivered": "Zugestellt", "returned": "Zurückgesandt", "lost": "Verloren",
           "draft": "Entwurf", "open": "Offen", "settled": "Beglichen", "void": "Storniert"},
    "hu": {"created": "Létrehozva", "picked_up": "Felvéve", "delivered": "Kézbesítve",
           "open": "Nyitott"},
}

CENT = Decimal("0.01")


def label(status, lang):
    return LABELS.get(lang, {}).get(status) or LABELS["en"][status]


def money(value):
    return None if value is None else f"{value:.2f}"


def stamp(value):
    return None if value is None else value.strftime("%Y-%m-%dT%H:%M:%SZ")


def day(value):
    return None if value is None else value.isoformat()


def kilograms(grams):
    return str((Decimal(grams) / 1000).quantize(CENT, ROUND_HALF_UP))


def is_late(parcel, today):
    if parcel.deliver_by is None:
        return False
    if parcel.delivered_at is not None:
        return parcel.delivered_at.date() > parcel.deliver_by
    return parcel.status not in FINAL and parcel.deliver_by < today


def event(e):
    row = {"kind": e.kind, "at": stamp(e.at), "place": e.place}
    if e.remark:
        row["remark"] = e.remark
    return row


def parcel_row(p, lang, role, today):
    last = p.events[-1] if p.events else None
    row = {
        "code": p.code,
        "customer": {"id": p.customer.id, "name": p.customer.name},
        "tariff": p.tariff.code,
        "recipient": p.recipient,
        "city": p.city,
        "weight_kg": kilograms(p.weight_g),
        "status": p.status,
        "status_label": label(p.status, lang),
        "priority": p.priority,
        "created_at": stamp(p.created_at),
        "deliver_by": day(p.deliver_by),
        "late": is_late(p, today),
        "last_event": event(last) if last else None,
        "tags": [t.tag for t in p.tags],
    }
    if p.note is not None:
        row["note"] = p.note
    if role != "driver":
        row["price"] = money(p.price)
        row["declared_value"] = money(p.declared_value)
    return row


def parcel_detail(p, lang, role, today):
    row = parcel_row(p, lang, role, today)
    row["id"] = p.id
    row["delivered_at"] = stamp(p.delivered_at)
    row["events"] = [event(e) for e in p.events]
    if p.route is not None:
        row["route"] = {"id": p.route.id, "day": day(p.route.day),
                        "driver": p.route.driver.name if p.route.driver else None}
    return row


def customer_row(c):
    return {
        "id": c.id, "name": c.name, "email": c.email, "city": c.city, "vip": c.vip,
        "credit_limit": money(c.credit_limit), "discount": c.discount,
        "joined_on": day(c.joined_on),
    }


def invoice_row(i, lang, outstanding):
    return {
        "id": i.id, "number": i.number, "customer": i.customer.name,
        "issued_on": day(i.issued_on), "due_on": day(i.due_on),
        "status": i.status, "status_label": label(i.status, lang),
        "total": money(i.total), "outstanding": money(outstanding),
    }


def refund(r):
    return {"id": r.id, "amount": money(r.amount), "reason": r.reason,
            "status": r.status, "created_at": stamp(r.created_at)}


def line(entry):
    row = {"position": entry.position, "text": entry.text, "amount": money(entry.amount)}
    if entry.parcel is not None:
        row["parcel"] = entry.parcel.code
    return row


def tariff(t, lang):
    name = t.name_de if lang == "de" else t.name_en
    return {"code": t.code, "zone": t.zone, "name": t.name_en if name is None else name,
            "max_weight_g": t.max_weight_g, "base_price": money(t.base_price),
            "per_kg": money(t.per_kg), "valid_from": day(t.valid_from),
            "valid_to": day(t.valid_to)}


def driver(d):
    row = {"id": d.id, "name": d.name, "active": d.active, "hired_on": day(d.hired_on)}
    if d.phone is not None:
        row["phone"] = d.phone
    return row


def stop(p, lang):
    return {"stop": p.stop_no, "code": p.code, "recipient": p.recipient, "city": p.city,
            "weight_g": p.weight_g, "status_label": label(p.status, lang),
            "customer": p.customer.name}
