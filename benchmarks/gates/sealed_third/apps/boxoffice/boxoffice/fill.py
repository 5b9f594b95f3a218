"""Create the tables in an empty database and fill them, always with the same rows."""
import random
from datetime import date, datetime, timedelta, timezone
from decimal import Decimal

from sqlalchemy import insert, text

from .db import engine
from .models import (
    AuditEntry, Base, Category, CheckIn, Event, Order, OrderLine, Organiser, Payout, PromoCode, Section,
    Setting, Ticket, User, Venue,
)
from .money import cents, percent_of

TODAY = date(2024, 7, 15)
NOW = datetime(2024, 7, 15, 12, 0, tzinfo=timezone.utc)

VENUES = [
    ("Stadthalle", "Köln", 1200, 120), ("Alte Fabrik", "Köln", 400, 120), ("Club Rößle", "Stuttgart", None, 120),
    ("The Garden", "London", 800, 60), ("The Garden", "Leeds", 800, 60), ("Århus Scene", "Aarhus", 250, 120),
    ("Open Air", "Stuttgart", 5000, 120), ("Kellerbühne", "Köln", 60, 120), ("Pier 9", "New York", 900, -240),
    ("annex", "London", 0, 60), ("Zeltplatz", "Ulm", None, 120), ("Kino am Markt", "Ulm", 250, 120),
]
TITLES = [
    ("Summer Jam", "Sommer-Jam"), ("Äther & Ohr", None), ("Night Shift", "Nachtschicht"), ("100% Blues", ""),
    ("Große Straße", None), ("<Quiet> Hours", "<Stille> Stunden"), ("under_score", None), ("Ode to Joy", "Ode an die Freude"),
    ("ÄTHER live", "Äther live"), ("night shift", None), ("Poetry Slam", "Dichterwettstreit"), ("Zeitgeist", None),
    ("Family Day", "Familientag"), ("Élan Vital", None), ("Jam & Bread", "Jam & Brot"), ("Late Night Blues", None),
]
GENRES = ["rock", "blues", "jazz", "Jazz", "theatre", "kids", None, ""]
CATEGORY_NAMES = ["Standard", "Balcony", "Concession", "VIP", "Gäste"]
PRICES = ["0.00", "5.00", "9.99", "12.50", "15.00", "19.95", "20.00", "25.00", "33.33", "49.90", "80.00"]


def reset_sequences(conn):
    for table in Base.metadata.sorted_tables:
        if "id" in table.c:
            conn.execute(text(
                f"SELECT setval(pg_get_serial_sequence('{table.name}', 'id'), (SELECT max(id) FROM {table.name}))"
            ))


def fixed_places(rng):
    venues = [
        dict(id=i, name=n, city=c, capacity=cap, utc_offset=off) for i, (n, c, cap, off) in enumerate(VENUES, start=1)
    ]
    sections = []
    for venue in venues:
        if venue["id"] in (10, 11):
            continue
        for number in range(rng.randint(1, 5)):
            sections.append(dict(
                id=len(sections) + 1, venue_id=venue["id"], name=f"Block {'ABCDE'[number]}",
                seats=rng.choice([None, 0, 40, 80, 120]), position=number // 2,
            ))
    organisers = [
        dict(id=i, name=f"{rng.choice(['Ton', 'Klang', 'Stage', 'Bühne'])}werk {i}",
             email=rng.choice([None, "", f"office{i}@example.org"]),
             fee_percent=Decimal(rng.choice(["0.00", "5.00", "7.50", "12.25"])))
        for i in range(1, 16)
    ]
    users = []
    for i in range(1, 301):
        role, organiser = "customer", None
        if i <= 3:
            role = "staff"
        elif i <= 5:
            role = "finance"
        elif i <= 17:
            role, organiser = "organiser", i - 5
        elif i == 18:
            role = "organiser"
        first = rng.choice(["Ada", "Björn", "Chloé", "Deniz", "Émile", "Zoë", "İpek", "Mia"])
        users.append(dict(
            id=i, name=f"{first} {rng.choice(['Weiß', 'Otto', 'Nguyễn', 'Smith', 'smith'])}",
            email=rng.choice([None, "", f"user{i}@example.org", f"user{i}@example.org"]),
            role=role, organiser_id=organiser, orders_count=0,
        ))
    return venues, sections, organisers, users


def some_events(rng, sections):
    by_venue = {}
    for section in sections:
        by_venue.setdefault(section["venue_id"], []).append(section["id"])
    events, categories = [], []
    for i in range(1, 171):
        title, title_de = TITLES[(i * 7 + rng.randint(0, 2)) % len(TITLES)]
        day = date(2024, 5, 1) + timedelta(days=rng.randint(0, 150))
        if i % 17 == 0:
            day = TODAY
        hour, minute = rng.choice([(0, 0), (2, 30), (10, 0), (18, 0), (19, 30), (19, 30), (20, 0), (22, 30), (23, 59)])
        starts = datetime(day.year, day.month, day.day, hour, minute, tzinfo=timezone.utc)
        status = rng.choices(["published", "draft", "cancelled"], [80, 8, 12])[0]
        if status == "published" and day < date(2024, 6, 10):
            status = "archived"
        venue_id = rng.choice([1, 1, 2, 2, 3, 4, 5, 6, 7, 8, 9, 12])
        events.append(dict(
            id=i, organiser_id=rng.randint(1, 13), venue_id=venue_id,
            title=title, title_de=title_de, genre=rng.choice(GENRES), status=status, starts_at=starts,
            doors_at=rng.choice([None, starts - timedelta(minutes=60), starts]),
            min_age=rng.choice([None, None, 0, 6, 16, 18]),
        ))
        for position in range(rng.choice([0, 1, 2, 3, 3, 4, 5])):
            categories.append(dict(
                id=len(categories) + 1, event_id=i, section_id=rng.choice(by_venue[venue_id] + [None]),
                name=CATEGORY_NAMES[position], price=Decimal(rng.choice(PRICES)),
                quota=rng.choice([None, 0, 10, 30, 60, 100]), sold=0, position=position // 2,
            ))
    return events, categories


def some_promos(rng):
    promos = []
    for i in range(1, 61):
        percent = rng.choice([None, Decimal("10.00"), Decimal("12.50"), Decimal("0.00"), Decimal("100.00"), Decimal("33.33")])
        amount = Decimal(rng.choice(["5.00", "10.00", "0.00", "50.00"])) if percent is None else None
        start = rng.choice([date(2024, 1, 1), date(2024, 6, 1), TODAY, TODAY + timedelta(days=1)])
        promos.append(dict(
            id=i, code=f"{rng.choice(['SUMMER', 'FRIEND', 'Ä', 'VIP'])}{i:02d}",
            event_id=rng.choice([None, None, None, rng.randint(1, 170)]), percent=percent, amount=amount,
            min_total=rng.choice([None, Decimal("0.00"), Decimal("50.00"), Decimal("20.00")]),
            valid_from=start, valid_until=rng.choice([None, TODAY, TODAY - timedelta(days=1), date(2024, 12, 31)]),
            max_uses=rng.choice([None, None, 0, 5, 500]), used=0,
        ))
    # a few that the docs mention
    promos[0].update(code="WELCOME", event_id=None, percent=Decimal("12.50"), amount=None, min_total=Decimal("20.00"),
                     valid_from=TODAY, valid_until=TODAY, max_uses=None)
    promos[1].update(code="TENNER", event_id=None, percent=None, amount=Decimal("10.00"), min_total=None,
                     valid_from=date(2024, 1, 1), valid_until=None, max_uses=1000)
    promos[2].update(code="UNUSED", max_uses=None)
    promos[4].update(code="LASTONE", event_id=None, percent=Decimal("10.00"), amount=None, min_total=None,
                     valid_from=date(2024, 1, 1), valid_until=None, max_uses=None)
    return promos


def some_orders(rng, users, events, categories, promos):
    by_event = {}
    for category in categories:
        by_event.setdefault(category["event_id"], []).append(category)
    sellable = [e for e in events if e["status"] != "draft" and by_event.get(e["id"])]
    customers = [u for u in users if u["role"] == "customer"][:-12]
    usable = [p for p in promos if p["code"] != "UNUSED" and p["max_uses"] != 0]
    orders, lines, tickets = [], [], []
    for i in range(1, 2801):
        user = rng.choice(customers[:40] if i % 3 == 0 else customers)
        event = rng.choice(sellable)
        status = rng.choices(["paid", "reserved", "cancelled", "refunded"], [70, 10, 14, 6])[0]
        placed = datetime(2024, 3, 1, tzinfo=timezone.utc) + timedelta(
            days=rng.randint(0, 135), minutes=rng.choice([0, 0, 600, 720, 725, 1439]))
        subtotal = Decimal(0)
        for category in rng.sample(by_event[event["id"]], min(len(by_event[event["id"]]), rng.choice([1, 1, 2, 3]))):
            quantity = rng.choice([1, 1, 2, 2, 3, 4])
            live = status in ("paid", "reserved")
            if live and category["quota"] is not None:
                quantity = min(quantity, category["quota"] - category["sold"])
            if quantity <= 0:
                continue
            if live:
                category["sold"] += quantity
            subtotal += category["price"] * quantity
            lines.append(dict(id=len(lines) + 1, order_id=i, category_id=category["id"], quantity=quantity,
                              unit_price=category["price"]))
            for _ in range(quantity):
                tickets.append(dict(
                    id=len(tickets) + 1, line_id=len(lines), code=f"T{i:06d}-{len(tickets) % 1000:03d}",
                    seat=rng.choice([None, None, "", f"{rng.choice('ABCD')}{rng.randint(1, 30)}"]),
                    status="valid" if live else "void", _order=i, _event=event,
                ))
        promo = rng.choice(usable) if rng.random() < 0.25 else None
        discount = Decimal("0.00")
        if promo is not None:
            if promo["max_uses"] is not None and promo["used"] >= promo["max_uses"]:
                promo = None
            else:
                discount = percent_of(subtotal, promo["percent"]) if promo["percent"] is not None else min(promo["amount"], subtotal)
                promo["used"] += 1
        total = cents(subtotal - discount)
        if status == "refunded" and i % 2:
            total = -total
        if i % 97 == 0:
            total = Decimal("100.00")
        user["orders_count"] += 1
        orders.append(dict(
            id=i, user_id=user["id"], event_id=event["id"], promo_id=promo["id"] if promo else None, status=status,
            channel=rng.choice(["web", "web", "desk", "api", "phone"]), total=total, discount=discount, placed_at=placed,
            note=rng.choice([None, None, None, "", "call back", "50% group_rate", "Größe  beachten\nbitte", "VIP; \"aisle\""]),
        ))
    promos[4]["max_uses"] = promos[4]["used"] + 1
    return orders, lines, tickets


def some_check_ins(rng, tickets):
    rows = []
    for ticket in tickets:
        event = ticket.pop("_event")
        ticket.pop("_order")
        if event["starts_at"] < NOW and ticket["status"] == "valid" and event["status"] != "cancelled" and rng.random() < 0.8:
            ticket["status"] = "used"
            scanned = event["starts_at"] - timedelta(minutes=rng.randint(0, 50))
            results = ["admitted"] + ["duplicate"] * rng.choice([0, 0, 0, 0, 1, 2])
            if rng.random() < 0.05:
                results.append("admitted")  # let in again by hand
            for step, result in enumerate(results):
                rows.append(dict(id=len(rows) + 1, ticket_id=ticket["id"], gate=rng.choice(["A", "B", "main"]),
                                 result=result, scanned_at=scanned + timedelta(minutes=step)))
        elif ticket["status"] == "void" and rng.random() < 0.03:
            rows.append(dict(id=len(rows) + 1, ticket_id=ticket["id"], gate="A", result="refused",
                             scanned_at=event["starts_at"]))
    return rows


def some_payouts(rng):
    payouts = []
    for organiser in range(1, 15):
        for month in range(1, 16):
            start = date(2023 + (month + 5) // 12, (month + 5) % 12 + 1, 1)
            end = (start + timedelta(days=32)).replace(day=1) - timedelta(days=1)
            gross = Decimal(rng.choice(["0.00", "100.00", "-45.50", "1234.56", "880.05", "2500.00"]))
            status = rng.choice(["open", "paid", "paid", "held"])
            payouts.append(dict(
                id=len(payouts) + 1, organiser_id=organiser, period_start=start, period_end=end, gross=gross,
                fees=cents(abs(gross) * rng.choice([0, 5, 7, 12]) / 100), status=status,
                paid_on=end + timedelta(days=10) if status == "paid" and rng.random() < 0.9 else None,
            ))
    return payouts


def main():
    rng = random.Random(20240715)
    venues, sections, organisers, users = fixed_places(rng)
    events, categories = some_events(rng, sections)
    promos = some_promos(rng)
    orders, lines, tickets = some_orders(rng, users, events, categories, promos)
    check_ins = some_check_ins(rng, tickets)
    audit = [
        dict(id=i, user_id=rng.randint(1, 5), action="order.placed", entity="order", entity_id=rng.randint(1, 2800),
             detail=rng.choice([None, "", "import"]))
        for i in range(1, 201)
    ]
    settings = [dict(key="business_day", value=TODAY.isoformat()), dict(key="business_time", value=NOW.isoformat())]
    Base.metadata.create_all(engine)
    with engine.begin() as conn:
        for model, rows in (
            (Setting, settings), (Organiser, organisers), (Venue, venues), (Section, sections), (User, users),
            (Event, events), (Category, categories), (PromoCode, promos), (Order, orders), (OrderLine, lines),
            (Ticket, tickets), (CheckIn, check_ins), (Payout, some_payouts(rng)), (AuditEntry, audit),
        ):
            conn.execute(insert(model), rows)
        reset_sequences(conn)
    with engine.connect() as conn:
        conn.execution_options(isolation_level="AUTOCOMMIT").execute(text("ANALYZE"))


if __name__ == "__main__":
    main()
