"""Creates the tables and deterministic data: python -m courier.fill"""
import datetime as dt
import random
from decimal import Decimal

from sqlalchemy import insert, text

from courier.db import Base, engine
from courier import models as m

TODAY = dt.date(2024, 6, 15)
NOW = dt.datetime(2024, 6, 15, 10, 0, tzinfo=dt.timezone.utc)
CITIES = ["Wien", "Graz", "Linz", "Győr", "Köln", "Ödenburg", "wien", "São Paulo", "Århus", ""]
FIRST = ["Anna", "Émile", "Björn", "Zoë", "anna", "Łukasz", "Ottó", "Mia", "O'Neil", "ÖZGE"]
LAST = ["Huber", "Nagy", "Müller", "Ångström", "de Vries", "Smith", "100% Bio", "Kiss_Kft", "huber", "Özdemir"]
REMARKS = ["", "", "", "left with neighbour", "Adresse unklar", "50% damaged", "späte Übergabe"]
TAGS = ["fragile", "Fragile", "gift", "cold", "überbreit", "b2b", ""]


def money(rng, low, high):
    return Decimal(rng.randint(int(low * 100), int(high * 100))) / 100


def customers(rng):
    rows = []
    for i in range(1, 181):
        rows.append(dict(
            id=i, name=f"{rng.choice(FIRST)} {rng.choice(LAST)}",
            email=rng.choice([None, "", f"shop{i}@example.com", f"Shop{i % 40}@Example.com"]),
            city=rng.choice(CITIES), language=rng.choice(["en", "de", "de", "hu"]),
            vip=rng.random() < 0.2,
            credit_limit=rng.choice([None, None, Decimal(0), Decimal(500), Decimal("1250.50"), Decimal(20000)]),
            discount=rng.choice([0, 0, 0, 5, 10, 15]),
            joined_on=dt.date(2021, 1, 1) + dt.timedelta(days=rng.randint(0, 60) * 20),
            memo=rng.choice([None, "", "pays late", "Kühlware", "VIP since 2020"])))
    return rows


def drivers(rng):
    return [dict(id=i, name=f"{rng.choice(FIRST)} {rng.choice(LAST)}",
                 phone=rng.choice([None, "", f"+43 {1000 + i}"]),
                 active=i % 5 != 0, hired_on=dt.date(2019, 3, 1) + dt.timedelta(days=30 * (i // 2)))
            for i in range(1, 25)]


def users(rng):
    rows = [dict(id=1, name="Root", role="admin", language="en", customer_id=None, driver_id=None),
            dict(id=2, name="Klára", role="clerk", language="de", customer_id=None, driver_id=None),
            dict(id=3, name="Sam", role="clerk", language=None, customer_id=None, driver_id=None)]
    rows += [dict(id=10 + i, name=f"driver {i}", role="driver", language=rng.choice([None, "en", "de", "hu"]),
                  customer_id=None, driver_id=i) for i in range(1, 25)]
    rows += [dict(id=100 + i, name=f"shop {i}", role="customer", language=rng.choice([None, "en", "de", "hu", ""]),
                  customer_id=i, driver_id=None) for i in range(1, 181)]
    return rows


def tariffs():
    rows = []
    for z, zone in enumerate(["A", "B", "C"]):
        for k, (code, limit) in enumerate([("S", 2000), ("M", 10000), ("L", 31500)]):
            for old in (True, False):
                rows.append(dict(
                    id=len(rows) + 1, code=f"{code}{zone}", zone=zone,
                    name_en=f"{'Small Medium Large'.split()[k]} to zone {zone}",
                    name_de=None if zone == "C" and code != "S" else ("" if zone == "B" and code == "L" else
                            f"{'Klein Mittel Groß'.split()[k]} in Zone {zone}"),
                    max_weight_g=limit,
                    base_price=Decimal("3.45") + z * 2 + k - (Decimal("0.40") if old else 0),
                    per_kg=Decimal("0.35") + Decimal("0.15") * z,
                    valid_from=dt.date(2022, 1, 1) if old else dt.date(2024, 4, 1),
                    valid_to=dt.date(2024, 3, 31) if old else None))
    rows.append(dict(id=19, code="X", zone="B", name_en="Letter", name_de="Brief", max_weight_g=500,
                     base_price=Decimal(0), per_kg=Decimal("0.00"), valid_from=dt.date(2023, 6, 1),
                     valid_to=dt.date(2024, 6, 15)))
    return rows


def routes(rng):
    rows = []
    for i in range(1, 161):
        day = TODAY - dt.timedelta(days=(160 - i) // 2)
        rows.append(dict(id=i, driver_id=None if i % 17 == 0 else rng.randint(1, 22), name=f"Tour {i % 12}",
                         day=day, status="done" if day < TODAY - dt.timedelta(days=3) else rng.choice(["open", "running"]),
                         km=rng.choice([None, Decimal(0), money(rng, 5, 180), money(rng, 5, 180)])))
    return rows


CHAIN = ["created", "picked_up", "in_transit", "out_for_delivery"]


def parcels(rng, tariff_rows):
    rows, events, tags = [], [], []
    for i in range(1, 2601):
        created = dt.datetime(2024, 1, 20, tzinfo=dt.timezone.utc) + dt.timedelta(
            days=rng.randint(0, 146), hours=rng.choice([0, 0, 6, 12, 23]), minutes=rng.choice([0, 0, 30, 59]))
        tariff = rng.choice(tariff_rows)
        status = rng.choice(["delivered"] * 8 + ["returned", "lost", "failed", "created", "picked_up",
                                                 "in_transit", "out_for_delivery"])
        on_route = rng.random() < (0.5 if status != "created" else 0.1)
        steps = CHAIN[:CHAIN.index(status) + 1] if status in CHAIN else CHAIN + (
            [] if rng.random() < .8 else ["failed", "out_for_delivery"]) + [status]
        at, delivered = created, None
        if i % 97 == 0:
            steps = []
        for kind in steps:
            events.append(dict(id=len(events) + 1, parcel_id=i, kind=kind, at=at,
                               place=rng.choice([None, "", "Wien Hub", "Győr", "hub 7"]), remark=rng.choice(REMARKS)))
            delivered = at
            at = at + dt.timedelta(hours=rng.choice([0, 0, 1, 5, 12, 24, 31]), minutes=rng.choice([0, 0, 15, 20, 45]))
        rows.append(dict(
            id=i, code=f"C{i:06d}", customer_id=min(rng.randint(1, 175), rng.randint(1, 178)), tariff_id=tariff["id"],
            route_id=rng.randint(1, 157) if on_route else None,
            stop_no=rng.choice([None, 1, 2, 2, 3, 4, 5, 10]) if on_route else None,
            recipient=f"{rng.choice(FIRST)} {rng.choice(LAST)}", city=rng.choice(CITIES),
            weight_g=rng.choice([0, 500, 1000, 2000, rng.randint(1, tariff["max_weight_g"]), tariff["max_weight_g"]]),
            declared_value=rng.choice([None, None, Decimal(0), Decimal(100), money(rng, 1, 900)]),
            price=rng.choice([Decimal(0), money(rng, 3, 40), money(rng, 3, 40), Decimal("4.45")]),
            status=status, priority=rng.choice([None, None, 0, 1, 2, 3, 10]),
            note=rng.choice([None, None, "", "ring twice", "Hinterhof, 2. Stock", "100% cotton", "Tür Öffnen"]),
            created_at=created,
            deliver_by=rng.choice([None, created.date() + dt.timedelta(days=rng.randint(0, 4))]) if i % 41 else TODAY,
            delivered_at=delivered if status == "delivered" else None))
        for tag in rng.sample(TAGS, rng.choice([0, 0, 0, 1, 2, 3])):
            tags.append(dict(id=len(tags) + 1, parcel_id=i, tag=tag))
        if i % 50 == 0:
            tags.append(dict(id=len(tags) + 1, parcel_id=i, tag="gift"))
    return rows, events, tags


def invoices(rng, parcel_rows):
    rows, lines, refunds = [], [], []
    by_customer = {}
    for p in parcel_rows:
        by_customer.setdefault(p["customer_id"], []).append(p)
    for i in range(1, 481):
        customer = rng.randint(1, 176)
        issued = dt.date(2024, 1, 31) + dt.timedelta(days=rng.randint(0, 27) * 5)
        total = Decimal(0)
        for pos in range(rng.choice([0, 1, 2, 3, 4, 6])):
            own = by_customer.get(customer)
            p = rng.choice(own) if own and rng.random() < 0.85 else None
            amount = p["price"] if p else rng.choice([Decimal("-5.00"), Decimal(0), Decimal("12.34"), money(rng, 1, 90)])
            lines.append(dict(id=len(lines) + 1, invoice_id=i, parcel_id=p["id"] if p else None,
                              position=rng.choice([pos + 1, pos + 1, 1]), amount=amount,
                              text=f"Parcel {p['code']}" if p else rng.choice(["Pickup fee", "Gutschrift", "", "Überlänge"])))
            total += amount
        status = rng.choice(["open", "open", "open", "settled", "draft", "void"])
        rows.append(dict(id=i, number=f"{issued:%Y}-{rng.randint(1, 400):04d}", customer_id=customer, issued_on=issued,
                         due_on=issued + dt.timedelta(days=rng.choice([0, 14, 15, 30])), status=status, total=total))
        if status in ("open", "settled") and total > 0 and rng.random() < 0.6:
            for _ in range(rng.choice([1, 1, 2, 3])):
                refunds.append(dict(id=len(refunds) + 1, invoice_id=i, amount=(total / rng.choice([4, 5, 8])).quantize(Decimal("0.01")),
                                    reason=rng.choice([None, "", "damaged", "verspätet"]),
                                    status=rng.choice(["approved", "approved", "pending", "rejected"]),
                                    created_at=NOW - dt.timedelta(days=rng.randint(1, 90)),
                                    created_by=rng.choice([None, 2, 3, 100 + customer])))
    return rows, lines, refunds


def main():
    rng = random.Random(20240615)
    tariff_rows = tariffs()
    parcel_rows, events, tags = parcels(rng, tariff_rows)
    invoice_rows, lines, refunds = invoices(rng, parcel_rows)
    tables = [
        (m.Setting, [dict(key="today", value=TODAY.isoformat()), dict(key="now", value=NOW.isoformat()),
                     dict(key="auto_refund", value="25.00")]),
        (m.Counter, [dict(name="parcel", value=2600), dict(name="scans", value=0), dict(name="refunds", value=len(refunds))]),
        (m.Customer, customers(rng)), (m.Driver, drivers(rng)), (m.User, users(rng)), (m.Tariff, tariff_rows),
        (m.Route, routes(rng)), (m.Parcel, parcel_rows), (m.Tag, tags), (m.Event, events),
        (m.Invoice, invoice_rows), (m.Line, lines), (m.Refund, refunds),
        (m.Audit, [dict(id=1, user_id=1, action="import", entity="system", entity_id=0, detail="{}", at=NOW)]),
    ]
    Base.metadata.create_all(engine)
    with engine.begin() as conn:
        for model, rows in tables:
            conn.execute(insert(model), rows)
            table = model.__tablename__
            if "id" in model.__table__.columns:
                conn.execute(text(f"SELECT setval(pg_get_serial_sequence('{table}', 'id'), (SELECT max(id) FROM {table}))"))
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as conn:
        conn.execute(text("ANALYZE"))


if __name__ == "__main__":
    main()
