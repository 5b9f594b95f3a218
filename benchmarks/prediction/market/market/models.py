"""Tables, their data, the engine."""

from __future__ import annotations

import datetime as dt
import os

from sqlalchemy import ForeignKey, String, Text, create_engine, insert
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column, relationship, sessionmaker

PATH = os.environ.get("MARKET_DB", "market.db")
engine = create_engine(f"sqlite:///{PATH}")
Database = sessionmaker(engine)
FIRST_DAY = dt.date(2026, 1, 5)


class Base(DeclarativeBase):
    pass


class Region(Base):
    __tablename__ = "regions"
    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(40))


class Customer(Base):
    __tablename__ = "customers"
    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(40))
    region_id: Mapped[int] = mapped_column(ForeignKey("regions.id"))
    terms: Mapped[str] = mapped_column(Text)
    region: Mapped[Region] = relationship()


class Supplier(Base):
    __tablename__ = "suppliers"
    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(40))
    city: Mapped[str] = mapped_column(String(40))


class Product(Base):
    __tablename__ = "products"
    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(40))
    cents: Mapped[int]
    supplier_id: Mapped[int] = mapped_column(ForeignKey("suppliers.id"))
    description: Mapped[str] = mapped_column(Text)
    supplier: Mapped[Supplier] = relationship()
    reviews: Mapped[list[Review]] = relationship(order_by="Review.id")


class Review(Base):
    __tablename__ = "reviews"
    id: Mapped[int] = mapped_column(primary_key=True)
    product_id: Mapped[int] = mapped_column(ForeignKey("products.id"), index=True)
    stars: Mapped[int]
    text: Mapped[str] = mapped_column(Text)


class Order(Base):
    __tablename__ = "orders"
    id: Mapped[int] = mapped_column(primary_key=True)
    customer_id: Mapped[int] = mapped_column(ForeignKey("customers.id"))
    day: Mapped[dt.date]
    state: Mapped[str] = mapped_column(String(10))
    customer: Mapped[Customer] = relationship()
    lines: Mapped[list[Line]] = relationship(order_by="Line.id")


class Line(Base):
    __tablename__ = "lines"
    id: Mapped[int] = mapped_column(primary_key=True)
    order_id: Mapped[int] = mapped_column(ForeignKey("orders.id"), index=True)
    product_id: Mapped[int] = mapped_column(ForeignKey("products.id"))
    pieces: Mapped[int]
    product: Mapped[Product] = relationship()


class Rate(Base):
    __tablename__ = "rates"
    currency: Mapped[str] = mapped_column(String(3), primary_key=True)
    per_mille: Mapped[int]


class Rule(Base):
    """Rules of the house: read often, changed once a year."""

    __tablename__ = "rules"
    id: Mapped[int] = mapped_column(primary_key=True)
    key: Mapped[str] = mapped_column(String(20))
    value: Mapped[int]


TEXT = "Delivered in crates, to be returned within the month; weights are net. "


def seed() -> None:
    """The same data each time; nothing where it is there already."""
    Base.metadata.create_all(engine)
    with Database() as session:
        if session.get(Region, 1) is None:
            for model, rows in _rows():
                session.execute(insert(model), rows)
            session.commit()


def _rows() -> list[tuple[type[Base], list[dict[str, object]]]]:
    return [
        (Region, [{"id": n, "name": f"region {n}"} for n in range(1, 41)]),
        (
            Customer,
            [{"id": n, "name": f"customer {n}", "region_id": n % 40 + 1, "terms": TEXT * 3} for n in range(1, 1201)],
        ),
        (Supplier, [{"id": n, "name": f"supplier {n}", "city": f"city {n % 9}"} for n in range(1, 181)]),
        (
            Product,
            [
                {
                    "id": n,
                    "name": f"product {n * 37 % 1500}",
                    "cents": n * 13 % 9700 + 100,
                    "supplier_id": n * 7 % 180 + 1,
                    "description": TEXT * 6,
                }
                for n in range(1, 1501)
            ],
        ),
        (
            Review,
            [{"product_id": n % 1500 + 1, "stars": n * 3 % 5 + 1, "text": TEXT * (n % 3 + 1)} for n in range(9000)],
        ),
        (
            Order,
            [
                {
                    "id": n,
                    "customer_id": n * 11 % 1200 + 1,
                    "day": FIRST_DAY + dt.timedelta(days=n // 100),
                    "state": ("open", "sent", "paid")[n % 3],
                }
                for n in range(1, 24001)
            ],
        ),
        (
            Line,
            [{"order_id": n // 4 + 1, "product_id": n * 31 % 1500 + 1, "pieces": n % 9 + 1} for n in range(96000)],
        ),
        (Rate, [{"currency": name, "per_mille": n} for name, n in (("EUR", 1000), ("USD", 1090), ("CHF", 960))]),
        (Rule, [{"id": n, "key": f"rule.{n}", "value": n * 7 % 100} for n in range(1, 121)]),
    ]


def rules(session: Session) -> dict[str, int]:
    """All rules by their key."""
    return {rule.key: rule.value for rule in session.query(Rule).order_by(Rule.id)}
