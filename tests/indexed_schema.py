"""A schema with planted missing indexes and near misses, the statements that meet them, as SQLAlchemy sends them."""

from __future__ import annotations

import datetime
import random
from typing import Any

from sqlalchemy import (
    Boolean,
    DateTime,
    Engine,
    ForeignKey,
    Index,
    Integer,
    Select,
    String,
    event,
    func,
    insert,
    select,
)
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from subsecond.model.database import RecordedStatement
from subsecond.sql.fingerprint import fingerprint
from subsecond_agent.line import names_in, shown_value

ROWS = 20_000
NOW = datetime.datetime(2026, 5, 1)


class Base(DeclarativeBase):
    pass


class Kind(Base):
    __tablename__ = "kinds"
    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(40))


class Item(Base):
    __tablename__ = "items"
    id: Mapped[int] = mapped_column(primary_key=True)
    kind_id: Mapped[int] = mapped_column(ForeignKey("kinds.id"))
    name: Mapped[str] = mapped_column(String(40), index=True)


class Addon(Base):
    __tablename__ = "addons"
    id: Mapped[int] = mapped_column(primary_key=True)
    booking_id: Mapped[int] = mapped_column(Integer)
    name: Mapped[str] = mapped_column(String(40))


class Booking(Base):
    __tablename__ = "bookings"
    __table_args__ = (Index("ix_bookings_room_day", "room", "day"), Index("ix_bookings_common", "common"))
    id: Mapped[int] = mapped_column(primary_key=True)
    item_id: Mapped[int] = mapped_column(Integer)
    status: Mapped[str] = mapped_column(String(20))
    common: Mapped[str] = mapped_column(String(20))
    room: Mapped[int] = mapped_column(Integer)
    day: Mapped[int] = mapped_column(Integer)
    email: Mapped[str] = mapped_column(String(60))
    title: Mapped[str] = mapped_column(String(60))
    starts_at: Mapped[datetime.datetime] = mapped_column(DateTime)
    enabled: Mapped[bool] = mapped_column(Boolean)
    price: Mapped[int] = mapped_column(Integer)
    note: Mapped[str] = mapped_column(String(200))


def fill(engine: Engine) -> None:
    """Make the tables and their rows, the same ones each time."""
    Base.metadata.create_all(engine)
    draw = random.Random(7)
    with engine.begin() as connection:
        connection.execute(insert(Kind), [{"id": n, "name": f"kind {n}"} for n in range(1, 13)])
        connection.execute(
            insert(Item), [{"id": n, "kind_id": n % 12 + 1, "name": f"item {n}"} for n in range(1, 3001)]
        )
        rows = [
            {
                "item_id": draw.randint(1, 3000),
                "status": "pending" if draw.random() < 0.04 else draw.choice(["confirmed", "cancelled"]),
                "common": "yes" if draw.random() < 0.7 else "no",
                "room": draw.randint(1, 300),
                "day": draw.randint(1, 365),
                "email": f"Person{draw.randint(1, 20_000)}@example.org",
                "title": f"{draw.choice('abcdefghijklmnopqrstuvwxyz')}{draw.choice('aeiou')} title {n}",
                "starts_at": NOW + datetime.timedelta(minutes=draw.randint(0, 525_600)),
                "enabled": draw.random() < 0.5,
                "price": draw.randint(1, 500),
                "note": "n" * 120,
            }
            for n in range(ROWS)
        ]
        connection.execute(insert(Booking), rows)
        addons = [{"booking_id": draw.randint(1, ROWS), "name": f"addon {n % 7}"} for n in range(ROWS)]
        connection.execute(insert(Addon), addons)


DAY = datetime.timedelta(days=1)
PLANTED: dict[str, tuple[Select[Any], str]] = {
    "equality": (select(Booking).where(Booking.item_id == 7), "bookings (item_id)"),
    "in-list": (select(Booking).where(Booking.item_id.in_([7, 8, 9])), "bookings (item_id)"),
    "range and sort": (
        select(Booking).where(Booking.starts_at >= NOW, Booking.starts_at < NOW + DAY).order_by(Booking.starts_at),
        "bookings (starts_at)",
    ),
    "newest first": (select(Booking).order_by(Booking.starts_at.desc()).limit(20), "bookings (starts_at)"),
    "equality and range": (
        select(Booking.id).where(Booking.status == "pending", Booking.starts_at.between(NOW, NOW + 20 * DAY)),
        "bookings (status, starts_at)",
    ),
    "join key": (
        select(Addon.name).join(Booking, Booking.id == Addon.booking_id).where(Booking.room == 5, Booking.day == 7),
        "addons (booking_id)",
    ),
    "exists": (
        select(Booking.id)
        .where(Booking.room == 5, Booking.day == 7)
        .where(select(Addon.id).where(Addon.booking_id == Booking.id, Addon.name == "addon 3").exists()),
        "addons (booking_id)",
    ),
    "page of one state": (
        select(Booking).where(Booking.status == "pending").order_by(Booking.price).limit(10),
        "bookings (status, price)",
    ),
    "aggregate": (select(func.sum(Booking.price)).where(Booking.item_id == 9), "bookings (item_id)"),
}
WRAPPED: dict[str, tuple[Select[Any], str]] = {
    "date of": (select(Booking).where(func.date(Booking.starts_at) == datetime.date(2026, 5, 4)), "DATE(starts_at)"),
    "lower": (select(Booking).where(func.lower(Booking.email) == "person7@example.org"), "LOWER(email)"),
}
PREFIX = select(Booking).where(Booking.title.like("ba title 1%"))
OPEN_PATTERN = select(Booking).where(Booking.title.like("%title 77"))
SILENT: dict[str, Select[Any]] = {
    "small table": select(Kind).where(Kind.name == "kind 3"),
    "low selectivity": select(Booking).where(Booking.common == "yes"),
    "half of all": select(Booking).where(Booking.enabled.is_(True)),
    "index in another order": select(Booking).where(Booking.day == 5, Booking.room == 7),
    "primary key": select(Booking).where(Booking.id == 5),
    "everything": select(Booking.id, Booking.price),
    "all of a join": select(Item.id, Kind.name).join(Kind, Kind.id == Item.kind_id),
    "indexed name": select(Item).where(Item.name == "item 5"),
}


def recorded(engine: Engine, statement: Select[Any], *more: Select[Any]) -> RecordedStatement:
    """The statement as it is sent, and as the agent would record it."""
    examples: list[tuple[str, tuple[str, ...]]] = []

    def note(connection: Any, cursor: Any, text: str, values: Any, context: Any, many: bool) -> None:
        in_order = [values[name] for name in names_in(text)] if isinstance(values, dict) else values
        examples.append((text, tuple(shown_value(value) for value in in_order)))

    event.listen(engine, "before_cursor_execute", note)
    try:
        with engine.connect() as connection:
            for one in (statement, *more):
                connection.execute(one).fetchmany(1)
    finally:
        event.remove(engine, "before_cursor_execute", note)
    return RecordedStatement(
        fingerprint=fingerprint(examples[0][0]),
        text=examples[0][0],
        examples=tuple(dict.fromkeys(examples)),
        count=len(examples),
        seconds=0.1,
        requests=("list",),
    )
