"""A small hall-booking app over PostgreSQL: the base whose changes the gates speed, migration and budget judge."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.postgres import USER, connect, postgres

HALL = """\
import os
from flask import Flask, jsonify, request
from sqlalchemy import ForeignKey, create_engine, select, text
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column, relationship, selectinload

app = Flask(__name__)
engine = create_engine(os.environ["HALL_DATABASE"], pool_size=5, max_overflow=0)


class Base(DeclarativeBase):
    pass


class Hall(Base):
    __tablename__ = "halls"
    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str]
    seats: Mapped[int]
    photos: Mapped[list["Photo"]] = relationship(order_by="Photo.id")


class Photo(Base):
    __tablename__ = "photos"
    id: Mapped[int] = mapped_column(primary_key=True)
    hall_id: Mapped[int] = mapped_column(ForeignKey("halls.id"))
    url: Mapped[str]


def weight(number):
    return sum(value * value % 7 for value in range(number))


@app.get("/halls")
def halls():
    seats = request.args.get("seats", 0, type=int)
    with Session(engine) as session:
        found = session.scalars(select(Hall).where(Hall.seats >= seats).order_by(Hall.id)).all()
        return jsonify([{"id": h.id, "name": h.name, "photos": [p.url for p in h.photos]} for h in found])


@app.get("/halls/<int:hall_id>")
def hall(hall_id):
    with Session(engine) as session:
        found = session.get(Hall, hall_id)
        return (jsonify({"id": found.id, "name": found.name}), 200) if found else (jsonify({"error": "none"}), 404)


@app.get("/weight/<int:size>")
def weighed(size):
    return {"weight": weight(100_000 + size)}
"""
EAGER = ("select(Hall).where", "select(Hall).options(selectinload(Hall.photos)).where")


@contextmanager
def database(folder: Path, name: str) -> Iterator[tuple[int, str]]:
    """Port and URL of a PostgreSQL with forty halls, four photos each."""
    with postgres(folder, name) as port:
        with connect(port) as connection:
            connection.execute("CREATE DATABASE hall")
        with connect(port, "hall") as connection:
            connection.execute("CREATE TABLE halls (id int PRIMARY KEY, name text NOT NULL, seats int NOT NULL)")
            connection.execute(
                "CREATE TABLE photos (id int PRIMARY KEY, hall_id int NOT NULL REFERENCES halls, url text NOT NULL)"
            )
            connection.execute("INSERT INTO halls SELECT n, 'hall ' || n, n % 9 FROM generate_series(1, 40) n")
            connection.execute("INSERT INTO photos SELECT n, n % 40 + 1, 'p' || n FROM generate_series(1, 160) n")
            connection.execute("ANALYZE")
        yield port, f"postgresql+psycopg://{USER}@127.0.0.1:{port}/hall"


def changed(folder: Path, *replacements: tuple[str, str]) -> None:
    """Write the app with these changes."""
    text = HALL
    for old, new in replacements:
        assert old in text
        text = text.replace(old, new)
    (folder / "shop.py").write_text(text)
