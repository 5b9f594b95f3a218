"""Tables, their data, engines."""

from __future__ import annotations

import os
import sqlite3
import time

from sqlalchemy import ForeignKey, String, create_engine, event, insert
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column, relationship, sessionmaker
from sqlalchemy.pool import NullPool, QueuePool

PATH = os.environ.get("DESK_DB", "desk.db")
engine = create_engine(f"sqlite:///{PATH}", poolclass=QueuePool, connect_args={"check_same_thread": False})
Database = sessionmaker(engine)


def connect_far_away() -> sqlite3.Connection:
    """A server that takes its time to let somebody in."""
    time.sleep(0.004)
    return sqlite3.connect(PATH, check_same_thread=False)


Unpooled = sessionmaker(create_engine("sqlite://", creator=connect_far_away, poolclass=NullPool))


class Base(DeclarativeBase):
    pass


class Owner(Base):
    __tablename__ = "owners"
    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(40))


class Room(Base):
    __tablename__ = "rooms"
    id: Mapped[int] = mapped_column(primary_key=True)
    owner_id: Mapped[int] = mapped_column(ForeignKey("owners.id"))
    name: Mapped[str] = mapped_column(String(40))
    capacity: Mapped[int]
    price: Mapped[int]
    x: Mapped[int]
    y: Mapped[int]
    note: Mapped[str]
    owner: Mapped[Owner] = relationship()


class Booking(Base):
    __tablename__ = "bookings"
    id: Mapped[int] = mapped_column(primary_key=True)
    room_id: Mapped[int]
    hour: Mapped[int]


class Setting(Base):
    __tablename__ = "settings"
    id: Mapped[int] = mapped_column(primary_key=True)
    key: Mapped[str] = mapped_column(String(20))
    value: Mapped[str] = mapped_column(String(20))


class Rate(Base):
    __tablename__ = "rates"
    code: Mapped[str] = mapped_column(String(3), primary_key=True)
    factor: Mapped[int]


class Visit(Base):
    __tablename__ = "visits"
    id: Mapped[int] = mapped_column(primary_key=True)
    page: Mapped[str] = mapped_column(String(20))


class Entry(Base):
    """A journal: the one table of some length."""

    __tablename__ = "entries"
    id: Mapped[int] = mapped_column(primary_key=True)
    amount: Mapped[int]
    note: Mapped[str]


def seed() -> None:
    """The same data each time; nothing where it is there already."""
    Base.metadata.create_all(engine)
    with Database() as session:
        if session.get(Owner, 1) is not None:
            return
        session.add_all(Owner(id=number, name=f"owner {number}") for number in range(1, 21))
        session.add_all(
            Room(
                id=number, owner_id=number % 20 + 1, name=f"room {number * 37 % 400}", capacity=number % 10 + 1,
                price=number * 13 % 97, x=number % 17, y=number % 23, note=f"a long note about room {number}" * 5,
            )
            for number in range(1, 401)
        )  # fmt: skip
        session.add_all(Booking(id=number, room_id=number % 400 + 1, hour=number % 12) for number in range(1, 801))
        session.add_all(Setting(id=number, key=f"k{number}", value=f"v{number}") for number in range(1, 301))
        session.add_all(Rate(code=code, factor=number) for number, code in enumerate(("EUR", "USD", "CHF"), 1))
        entries = ({"id": n, "amount": n * 7 % 1000, "note": f"entry {n} of the journal, " * 4} for n in range(1, 6001))
        session.execute(insert(Entry), list(entries))
        session.commit()


@event.listens_for(engine, "connect")
def settle(connection: sqlite3.Connection, record: object) -> None:
    """Readers and the one writer do not wait for each other."""
    connection.execute("PRAGMA journal_mode=WAL")


def rooms(session: Session, limit: int | None = None) -> list[Room]:
    """All rooms by their number, or the first ones."""
    return list(session.query(Room).order_by(Room.id).limit(limit))
