"""Fill a database with the same rows every time: `python -m shop.seed PATH` writes PATH and PATH.snapshot."""

import random
import shutil
import sys
from datetime import date, timedelta
from pathlib import Path

from sqlalchemy import create_engine, insert
from sqlalchemy.orm import Session

from shop import models as m

COUNTRIES = ("DE", "FR", "IT", "ES", "NL")
REGIONS = ("north", "south", None)
STATUSES = ("new", "paid", "sent")
AUTHORS, PUBLISHERS, BOOKS, TAGS, CUSTOMERS, ORDERS, WAREHOUSES, SUPPLIERS = 12, 6, 240, 10, 30, 60, 4, 6


def main(arguments: list[str]) -> int:
    """Seed the file named by the only argument; 0 when done, 2 for a wrong call."""
    if len(arguments) != 1:
        print("usage: python -m shop.seed PATH", file=sys.stderr)
        return 2
    path = Path(arguments[0])
    if not path.parent.is_dir():
        print(f"shop.seed: no folder {path.parent}; make it first", file=sys.stderr)
        return 2
    fresh = path.with_name(f"{path.name}.fresh")
    fresh.unlink(missing_ok=True)
    engine = create_engine(f"sqlite:///{fresh}")
    m.Base.metadata.create_all(engine)
    with Session(engine) as session:
        fill(session, random.Random(20))
        session.commit()
    engine.dispose()
    shutil.copy(fresh, f"{path}.snapshot")
    fresh.replace(path)
    return 0


def fill(session: Session, chance: random.Random) -> None:
    """Add all rows, parents before children."""
    add_people(session)
    add_catalogue(session, chance)
    session.flush()
    add_details_of_books(session, chance)
    add_orders(session, chance)
    add_records(session)


def add_people(session: Session) -> None:
    """Customers, suppliers and all that hangs on them."""
    for number in range(1, CUSTOMERS + 1):
        country, tier = COUNTRIES[number % len(COUNTRIES)], ("plain", "gold", "clerk")[number % 3]
        session.add(m.Customer(id=number, name=f"Customer {number}", country=country, tier=tier))
        session.add(m.Address(customer_id=number, city=f"City {number % 7}"))
        for turn in range(number % 4 + 1):
            session.add(m.Visit(customer_id=number, day=date(2026, 1, 1) + timedelta(days=number + turn)))
            session.add(m.Note(customer_id=number, text=f"note {turn} on {number}"))
    for number in range(1, SUPPLIERS + 1):
        session.add(m.Supplier(id=number, name=f"Supplier {number}"))
        session.add(m.Contact(supplier_id=number, email=f"desk{number}@example.org"))


def add_catalogue(session: Session, chance: random.Random) -> None:
    """Authors, publishers, tags, books and the tree of categories."""
    for number in range(1, AUTHORS + 1):
        session.add(m.Author(id=number, name=f"Author {number}", region=REGIONS[number % len(REGIONS)]))
    for number in range(1, PUBLISHERS + 1):
        session.add(m.Publisher(id=number, name=f"Publisher {number}"))
    session.add_all(m.Tag(id=number, label=f"tag{number}") for number in range(1, TAGS + 1))
    for number in range(1, BOOKS + 1):
        book = m.Book(id=number, isbn=f"978-{number:06}", title=f"Book {number}", blurb=f"About book {number}.")
        book.price_cents = chance.randrange(500, 5000)
        book.author_id, book.publisher_id = number % AUTHORS + 1, number % PUBLISHERS + 1
        session.add(book)
    for number in range(1, 3 + 9 + 27 + 1):
        parent = None if number <= 3 else (number - 1) // 3
        session.add(m.Category(id=number, name=f"Category {number}", parent_id=parent))


def add_details_of_books(session: Session, chance: random.Random) -> None:
    """Reviews for every second book, two tags and two warehouses for each."""
    for number in range(1, BOOKS + 1):
        tags = [{"book_id": number, "tag_id": tag} for tag in chance.sample(range(1, TAGS + 1), 2)]
        session.execute(insert(m.book_tags), tags)
        for turn in range(2 if number % 2 else 0):
            session.add(m.Review(book_id=number, customer_id=(number + turn) % CUSTOMERS + 1, stars=turn + 3))
        for turn in range(2):
            where = (number + turn) % WAREHOUSES + 1
            session.add(m.Stock(book_id=number, warehouse_id=where, quantity=chance.randrange(1, 40)))
    for number in range(1, WAREHOUSES + 1):
        session.add(m.Warehouse(id=number, name=f"Warehouse {number}"))
        session.add_all(m.Shelf(warehouse_id=number, label=f"{number}-{turn}") for turn in range(3))


def add_orders(session: Session, chance: random.Random) -> None:
    """Two orders for each customer, with one to four lines."""
    session.add(m.Coupon(id=1, code="SPRING", percent=10))
    for number in range(1, ORDERS + 1):
        customer = (number - 1) % CUSTOMERS + 1
        order = m.Order(id=number, customer_id=customer, country=COUNTRIES[customer % len(COUNTRIES)])
        order.status, order.placed_on = STATUSES[number % 3], date(2026, 1, 1) + timedelta(days=number)
        order.coupon_id = 1 if number == ORDERS else None
        session.add(order)
        for book in chance.sample(range(1, BOOKS + 1), number % 4 + 1):
            session.add(m.OrderLine(order_id=number, book_id=book, quantity=chance.randrange(1, 4), unit_cents=990))
        session.add(m.Payment(order_id=number, cents=990))


def add_records(session: Session) -> None:
    """Settings, taxes and counters."""
    for key, value in (("currency", "EUR"), ("decimals", "2"), ("shop_name", "The Corpus"), ("theme", "plain")):
        session.add(m.Setting(key=key, value=value))
    for number, country in enumerate(COUNTRIES):
        session.add(m.TaxRate(country=country, percent=19 + number))
    session.add_all(m.PageView(book_id=number, views=0) for number in range(1, BOOKS + 1))


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
