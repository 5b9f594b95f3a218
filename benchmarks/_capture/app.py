"""The application that is observed: one list query, then one lazy load a row, as a hurried team writes it."""

from __future__ import annotations

import logging
import os
from typing import Any

import flask
import sqlalchemy
from sqlalchemy import ForeignKey
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column, relationship

ROWS = 600
"""More than any request asks for; each item has an owner of its own, so each lazy load sends a statement."""
log = logging.getLogger("benchmark.app")


class Base(DeclarativeBase):
    """Base of the two tables."""


class Owner(Base):
    """Whom an item belongs to."""

    __tablename__ = "owners"
    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str]
    city: Mapped[str]
    rating: Mapped[float]


class Item(Base):
    """What the endpoint lists."""

    __tablename__ = "items"
    id: Mapped[int] = mapped_column(primary_key=True)
    title: Mapped[str]
    price: Mapped[float]
    owner_id: Mapped[int] = mapped_column(ForeignKey("owners.id"))
    owner: Mapped[Owner] = relationship()


def fill(url: str) -> None:
    """Make the tables and their rows."""
    engine = sqlalchemy.create_engine(url)
    Base.metadata.create_all(engine)
    with Session(engine) as session:
        for number in range(1, ROWS + 1):
            session.add(Owner(id=number, name=f"owner {number}", city=f"city {number % 40}", rating=number % 5 + 0.5))
            session.add(Item(id=number, title=f"item {number}", price=number * 1.25, owner_id=number))
        session.commit()
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(sqlalchemy.text("VACUUM ANALYZE"))
    engine.dispose()


def owner_of(item: Item) -> dict[str, Any]:
    """The item's owner: this attribute access is the lazy load."""
    return {"name": item.owner.name, "city": item.owner.city, "rating": item.owner.rating}


def present(item: Item) -> dict[str, Any]:
    """One row of the answer."""
    return {"id": item.id, "title": item.title, "price": item.price, "owner": owner_of(item)}


def write_logs(lines: int) -> None:
    """Log records through a formatter and a real file descriptor, which keeps nothing."""
    for number in range(lines):
        log.info("listing items, step %d of %d", number, lines)


def create_app(url: str) -> flask.Flask:
    """`/items?queries=N&logs=K` sends N statements (one list, N - 1 lazy loads) and writes K log lines."""
    handler = logging.StreamHandler(open(os.devnull, "w"))  # noqa: SIM115 - for the life of the process
    handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(name)s %(filename)s:%(lineno)d %(message)s"))
    log.addHandler(handler)
    log.setLevel(logging.INFO)
    engine = sqlalchemy.create_engine(url)
    app = flask.Flask("benchmark")

    @app.get("/items")
    def items() -> flask.Response:
        queries = int(flask.request.args["queries"])
        write_logs(int(flask.request.args.get("logs", 0)))
        with Session(engine) as session:
            rows = session.scalars(sqlalchemy.select(Item).order_by(Item.id).limit(queries - 1)).all()
            return flask.jsonify([present(item) for item in rows])

    return app
