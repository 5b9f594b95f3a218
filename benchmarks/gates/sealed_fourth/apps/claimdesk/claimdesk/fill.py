"""python -m claimdesk.fill: tables and demonstration data in an empty database."""
import os
import random
from datetime import date, datetime, timedelta, timezone
from decimal import Decimal

from sqlalchemy import insert

from .db import make_engine
from .models import (PAYMENT_KINDS, AuditEntry, Base, Branch, Claim, ClaimTag, Customer, Handler, HandlerStat, Note,
                     Payment, Policy, Product, ProductName, Setting, Tag)

TODAY = date(2024, 6, 30)
CITIES = ["Köln", "Aachen", "Łódź", "Bonn", "", None, "bonn", "Zürich", "Düren"]
FIRST = ["Anna", "Émile", "Jürgen", "Øyvind", "Maria", "Zoë", "anna", "Peter", "Łukasz", "Ida", "Åsa", "Tom"]
LAST = ["Groß", "Müller", "Schmidt", "García", "de Vries", "O'Neil", "Weiß", "Çelik", "Novák", "Smith", "STRASSE"]
THINGS = ["Rear-end collision", "Wasserschaden", "water damage", "Broken Window", "broken window", "Straße: Glatteis",
          "STRASSE gesperrt", "Sturmschaden", "Theft of bicycle", "Brand in der Küche", "Hail 100% roof", "dog_bite",
          "Éboulement", "élévateur", "Lost luggage"]
PAYEES = ["Autohaus Groß", "Glas & Co", "glas & co", "Roof; Repair", 'The "Works"', "Dr. Müller", "Klinik Süd",
          "Hotel Zur Post", "Smith Legal", "Çelik Bau", "Sanierung Nord", ""]


def cents(rng, low, high):
    return Decimal(rng.randint(low, high)) / 100


def build():
    rng = random.Random(20240630)
    rows = {}
    rows[Setting] = [{"key": "business_date", "value": TODAY.isoformat()}, {"key": "motto", "value": ""}]
    branches = [("AAC", "Aachen", "Aachen"), ("BON", "Bonn", "Bonn"), ("CGN", "Köln Mitte", "Köln"),
                ("EMP", "Empty Desk", None), ("LOD", "Łódź", "Łódź"), ("ZRH", "Zürich", "")]
    order = [3, 1, 2, 5, 6, 4]
    rows[Branch] = [{"id": i, "code": c, "name": n, "city": t} for i, (c, n, t) in zip(order, branches)]
    busy = [3, 1, 2, 5, 6]
    handlers = []
    for i in range(1, 41):
        role = "supervisor" if i in (1, 2) else "auditor" if i in (3, 4) else "handler"
        handlers.append({"id": i, "name": f"{FIRST[i % 12]} {LAST[(i * 7) % 11]}" if i != 20 else handlers[7]["name"],
                         "email": None if i % 9 == 0 else f"h{i}@claimdesk.example", "branch_id": busy[i % 5],
                         "role": role, "language": [None, "de", "fr", "", "en"][(i * 3) % 5 if i > 2 else i % 2],
                         "active": i % 13 != 0})
    rows[Handler] = handlers
    rows[Customer] = [{"id": i, "name": f"{rng.choice(FIRST)} {rng.choice(LAST)}",
                       "email": rng.choice([None, "", f"c{i}@example.org", f"c{i}@example.org"]),
                       "city": rng.choice(CITIES), "vip": rng.random() < 0.1} for i in range(1, 601)]
    products = [("MOT-1", "150.00", False), ("MOT-2", "0.00", False), ("HSE-1", "300.00", False),
                ("HSE-OLD", "50.00", True), ("LIA-1", "99.50", False), ("TRV-1", "0.00", True)]
    rows[Product] = [{"id": i, "code": c, "excess": Decimal(e), "discontinued": d}
                     for i, (c, e, d) in enumerate(products, 1)]
    names = {1: ("Motor basic", "Kfz Basis", "Auto base"), 2: ("Motor plus", "Kfz Plus", None),
             3: ("Household", "Hausrat", "Ménage"), 4: ("Household", "", "Ménage ancien"),
             5: ("Liability", "Haftpflicht", ""), 6: (None, "Reise", None)}
    rows[ProductName] = [{"product_id": p, "language": lang, "name": n} for p, ns in names.items()
                         for lang, n in zip(("en", "de", "fr"), ns) if n is not None]
    policies = []
    for i in range(1, 1101):
        start = date(2019, 1, 1) + timedelta(days=rng.randrange(0, 1900))
        end = rng.choice([None, start + timedelta(days=365), start + timedelta(days=730), TODAY, TODAY - timedelta(1)])
        if end is not None and end < start:
            end = None
        policies.append({"id": i, "number": f"P{2019 + i % 5}-{i:05d}", "customer_id": rng.randrange(1, 541),
                         "product_id": rng.choice([1, 1, 1, 2, 2, 3, 4, 5, 5]), "starts_on": start, "ends_on": end,
                         "premium": Decimal("0.00") if i % 50 == 0 else cents(rng, 5000, 200000),
                         "cover_limit": rng.choice([None, Decimal("0.00") if i % 4 == 0 else Decimal("5000.00"),
                                                    Decimal("10000.00"), Decimal("50000.00")])})
    rows[Policy] = policies
    rows[Tag] = [{"id": i, "name": n} for i, n in enumerate(["fraud?", "Legal", "VIP", "legal", "ärger", "photo"], 1)]
    claims, payments, notes, claim_tags, audits = [], [], [], [], []
    midnight = datetime(2024, 1, 1, tzinfo=timezone.utc)
    for i in range(1, 2501):
        policy = policies[rng.randrange(0, 950)]
        reported = midnight + timedelta(days=rng.randrange(-500, 181), minutes=rng.randrange(0, 1440))
        if i % 7 == 0:
            reported = reported.replace(hour=0, minute=0)
        elif i % 11 == 0:
            reported = reported.replace(hour=23, minute=30)
        if i % 97 == 0:
            reported = datetime(2023, 12, 31, 23, 30, tzinfo=timezone.utc)
        handler = None if i % 8 == 0 else rng.randrange(1, 37)
        status = rng.choice(["new", "open", "open", "waiting", "closed", "closed", "closed", "rejected"])
        claims.append({"id": i, "reference": f"C-{i:06d}", "policy_id": policy["id"],
                       "branch_id": handlers[handler - 1]["branch_id"] if handler else rng.choice(busy),
                       "handler_id": handler, "status": status,
                       "priority": rng.choice([None, 0, 1, 3, 5, 5, 6, 9]),
                       "title": rng.choice(THINGS) + (f" {i}" if i % 3 == 0 else ""),
                       "description": rng.choice([None, "", "See attachment", "Rückfrage nötig"]),
                       "occurred_on": reported.date() - timedelta(days=rng.randrange(0, 20)), "reported_at": reported,
                       "closed_at": reported + timedelta(days=9) if status in ("closed", "rejected") else None,
                       "reserve": rng.choice([Decimal("0.00"), Decimal("1000.00"), Decimal("5000.00"),
                                              cents(rng, 100, 900000), cents(rng, 100, 900000)]),
                       "paid_total": Decimal("0.00"), "version": rng.randrange(1, 6)})
        for t in rng.sample(range(1, 7), rng.choice([0, 0, 1, 1, 2, 3])):
            claim_tags.append({"claim_id": i, "tag_id": t})
    for i in range(1, 7001):
        claim = claims[rng.randrange(0, 2200)]
        kind = rng.choice(["indemnity", "indemnity", "indemnity", "expense", "recovery"])
        amount = rng.choice([cents(rng, 1000, 150000), Decimal("100.00"), Decimal("0.01")])
        amount = -amount if kind == "recovery" else amount
        claim["paid_total"] += amount
        payments.append({"id": i, "claim_id": claim["id"], "kind": kind, "payee": rng.choice(PAYEES), "amount": amount,
                         "paid_on": min(TODAY, claim["reported_at"].date() + timedelta(days=rng.randrange(0, 60))),
                         "reference": rng.choice([None, "", f"INV {i}"])})
    for i in range(1, 5001):
        claim = claims[rng.randrange(0, 2400) if i > 120 else 41]
        notes.append({"id": i, "claim_id": claim["id"], "author_id": rng.randrange(1, 41),
                      "body": rng.choice(["called back", "Foto fehlt", "", "wait & see", "Prüfen: <Gutachten>"]),
                      "private": rng.random() < 0.3,
                      "created_at": claim["reported_at"] + timedelta(hours=rng.choice([1, 1, 24, 100]))})
    for i in range(1, 1501):
        claim = claims[rng.randrange(0, 2500)]
        audits.append({"id": i, "actor_id": rng.randrange(1, 41), "action": rng.choice(["change", "assign", "pay"]),
                       "claim_id": claim["id"], "detail": rng.choice([None, "", "title", "reserve"]),
                       "at": claim["reported_at"] + timedelta(days=1)})
    rows.update({Claim: claims, ClaimTag: claim_tags, Payment: payments, Note: notes, AuditEntry: audits})
    rows[HandlerStat] = [
        {"handler_id": h, "open_count": sum(1 for c in claims if c["handler_id"] == h and c["closed_at"] is None),
         "closed_count": sum(1 for c in claims if c["handler_id"] == h and c["closed_at"] is not None)}
        for h in range(1, 35)]
    return rows


def main():
    engine = make_engine(os.environ["CLAIMDESK_DATABASE_URL"])
    Base.metadata.create_all(engine)
    rows = build()
    assert {p["kind"] for p in rows[Payment]} == set(PAYMENT_KINDS)
    with engine.begin() as connection:
        for table in Base.metadata.sorted_tables:
            model = next(m for m in rows if m.__table__ is table)
            for start in range(0, len(rows[model]), 1000):
                connection.execute(insert(table), rows[model][start:start + 1000])
        for table in ("audit_entries", "claims", "notes", "payments"):
            connection.exec_driver_sql(f"SELECT setval('{table}_id_seq', (SELECT max(id) FROM {table}))")
    print({m.__tablename__: len(r) for m, r in rows.items()})


if __name__ == "__main__":
    main()
