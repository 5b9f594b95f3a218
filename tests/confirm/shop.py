"""A library for trials: each endpoint has one thing to confirm, or a near miss. `python shop.py` fills SHOP_DB."""

import os
import time

from flask import Flask, jsonify
from sqlalchemy import ForeignKey, String, create_engine, insert, select
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column, relationship


class Base(DeclarativeBase):
    pass


class Author(Base):
    __tablename__ = "authors"
    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(50))
    books: Mapped[list["Book"]] = relationship(back_populates="author", order_by="Book.id")


class Book(Base):
    __tablename__ = "books"
    id: Mapped[int] = mapped_column(primary_key=True)
    title: Mapped[str] = mapped_column(String(50))
    author_id: Mapped[int] = mapped_column(ForeignKey("authors.id"))
    author: Mapped[Author] = relationship(back_populates="books")


class Loan(Base):
    __tablename__ = "loans"
    id: Mapped[int] = mapped_column(primary_key=True)
    reader: Mapped[int]
    day: Mapped[int]


engine = create_engine(os.environ["SHOP_DB"])
app = Flask(__name__)


@app.get("/books")
def books():
    """An N+1: the author of each of 60 books."""
    with Session(engine) as session:
        found = session.scalars(select(Book).order_by(Book.id).limit(60)).all()
        return jsonify([{"title": book.title, "author": book.author.name} for book in found])


@app.get("/apart")
def apart():
    """A near miss: three lazy loads, each in a session of its own, so that no eager load can save one."""
    names = []
    for number in (1, 2, 3):
        with Session(engine) as session:
            names.append(session.get(Book, number).author.name)
    return jsonify(names)


@app.get("/told")
def told():
    """Its response tells which authors were there before they were asked for: an eager load changes it."""
    with Session(engine) as session:
        found = session.scalars(select(Book).order_by(Book.id).limit(30)).all()
        return jsonify([["author" in book.__dict__, book.author.name] for book in found])


@app.get("/clock")
def clock():
    """Another response each time."""
    with Session(engine) as session:
        found = session.scalars(select(Book).limit(20)).all()
        return jsonify({"now": time.time_ns(), "authors": [book.author.name for book in found]})


@app.get("/loans")
def loans():
    """An index on `reader` serves it, one on `day` does not."""
    with Session(engine) as session:
        return jsonify(list(session.scalars(select(Loan.day).where(Loan.reader == 7).order_by(Loan.id))))


def fill():
    Base.metadata.drop_all(engine)
    Base.metadata.create_all(engine)
    with Session(engine) as session:
        session.add_all(Author(id=number, name=f"author {number}") for number in range(1, 201))
        session.flush()
        session.add_all(Book(id=number, title=f"book {number}", author_id=number % 200 + 1) for number in range(1, 301))
        rows = [{"reader": number % 26_000, "day": number % 365} for number in range(400_000)]  # a scan takes 10 ms
        session.execute(insert(Loan), rows)
        session.commit()


if __name__ == "__main__":
    fill()
