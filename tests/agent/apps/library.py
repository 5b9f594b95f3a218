"""Books by the thousand: what deep runs must see of reading, calling, asking. Runs on SQLAlchemy 1.4 as well."""

import datetime
import hashlib
import json
import time

from flask import Flask, jsonify, request
from sqlalchemy import Column, Date, ForeignKey, Integer, String, create_engine, select, text
from sqlalchemy.orm import Session, declarative_base, joinedload, relationship, selectinload
from sqlalchemy.pool import StaticPool
from werkzeug.urls import iri_to_uri

Base = declarative_base()
engine = create_engine("sqlite://", future=True, poolclass=StaticPool, connect_args={"check_same_thread": False})
app = Flask(__name__)


class Author(Base):
    __tablename__ = "authors"
    id = Column(Integer, primary_key=True)
    name = Column(String(50), nullable=False)
    code = Column(String(10), unique=True)
    books = relationship("Book", back_populates="author", order_by="Book.id", lazy="select")


class Book(Base):
    __tablename__ = "books"
    id = Column(Integer, primary_key=True)
    title = Column(String(50), nullable=False)
    price = Column(Integer)
    published = Column(Date, index=True)
    author_id = Column(Integer, ForeignKey("authors.id"))
    author = relationship("Author", back_populates="books", lazy="joined", innerjoin=False)


@app.get("/ready")
def ready():
    return "yes"


@app.get("/of/<int:author>")
def of_author(author):
    """All books are loaded, those of one author are shown."""
    with Session(engine, future=True) as session:
        books = session.execute(select(Book).options(selectinload(Book.author))).scalars().all()
        found = [book for book in books if book.author_id == author]  # FILTER
        return jsonify([{"id": book.id, "title": book.title} for book in found])


@app.get("/dear/<int:price>")
def dear(price):
    with Session(engine, future=True) as session:
        books = session.execute(select(Book)).unique().scalars().all()
        return jsonify([book.published.isoformat() for book in books if book.price >= price])


@app.get("/rows")
def rows():
    with engine.connect() as connection:
        found = connection.execute(text("SELECT id, title, price FROM books ORDER BY id")).all()
    return jsonify([row.title for row in found if row[2] == 3])


@app.get("/pairs")
def pairs():
    with Session(engine, future=True) as session:
        found = session.execute(select(Book.id, Book.title, Book.price).order_by(Book.id)).all()
        return jsonify([[number, row.title] for row in found[:2] for number in row if number == row.id])


@app.get("/mappings")
def mappings():
    with Session(engine, future=True) as session:
        found = session.execute(select(Book.id, Book.title).limit(3)).mappings().all()
        return jsonify([dict(row) for row in found])


@app.get("/relations")
def relations():
    with Session(engine, future=True) as session:
        authors = session.execute(select(Author).options(joinedload(Author.books))).unique().scalars().all()
        return jsonify([author.name for author in authors] + [len(authors[0].books)])


@app.get("/twice")
def twice():
    with Session(engine, future=True) as session:
        first = session.execute(select(Author)).scalars().all()
        second = session.execute(select(Author).order_by(Author.name)).scalars().all()
        return jsonify([first[0].name, second[0].name])


def setting(name, *more, fallback=None):
    if name == "nothing":
        return None
    return {"name": name, "more": more, "fallback": fallback}


def name_of(session, author):
    return session.get(Author, author.id).name


class Service:
    def __init__(self, session):
        self.session = session

    def count(self, low):
        return self.session.execute(select(Book.id).where(Book.price >= low)).all()


def each(numbers):
    yield from numbers


def same(value):
    if value < 0:
        value = -value
        value += 0
    return value


@app.get("/calls")
def calls():
    with Session(engine, future=True) as session:
        settings = [setting("a", 1, fallback={"x": [1, 2]}) for _ in range(5)] + [setting("b")]
        author = session.get(Author, 3)
        names = [name_of(session, author) for _ in range(4)]
        service = Service(session)
        counts = [len(service.count(3)), len(service.count(3)), len(service.count(4)), len(Service(session).count(3))]
        return jsonify([len(settings), names[0], counts, [same(n) for n in each([1, 2, 2])]])


@app.get("/often")
def often():
    total = 0
    for number in range(10_000):
        total += number % 3
        if number == 9_999:
            total += 1
    return jsonify(total)


@app.get("/hot")
def hot():
    return jsonify(cold_part() + hot_part() % 2)


def cold_part():
    time.sleep(0.3)
    return 1


def hot_part():
    end = time.process_time() + 0.3
    total = 0
    while time.process_time() < end:
        total += sum(range(200))  # HOT
    return total


@app.get("/before-a-call")
def before_a_call():
    known, total = list(range(20_000)), 0
    end = time.process_time() + 0.3
    while time.process_time() < end:
        if -1 not in known:  # SEARCHED
            total += small(1)  # CALLED
    return jsonify(total)


def small(number):  # SMALL
    return number + 1


@app.get("/dumps")
def dumps():
    end = time.process_time() + 0.2
    while time.process_time() < end:
        json.dumps([{"a": number} for number in range(300)], indent=1)  # DUMPS
    return "done"


@app.get("/hashed")
def hashed():
    hashlib.pbkdf2_hmac("sha512", b"secret", b"salt", 300_000)  # HASHED
    begin = time.process_time()
    while time.process_time() < begin + 0.1:
        iri_to_uri("/some/4711/café?of=4711")  # LIBRARY
    return "done"


@app.route("/asked", methods=["GET", "POST"])
def asked():
    day = request.args.get("day")  # DAY
    sizes = request.args.getlist("size")
    known = [name in request.args for name in ("day", "page")]
    both = request.values.get("page", 1, type=int)
    everything = request.args.to_dict()
    body = request.get_json(silent=True) or {}
    named = body.get("name", request.json["other"] if body else None)
    if day == "holiday":
        return jsonify("closed")  # HOLIDAY
    return jsonify([day, sizes, known, both, everything, named])


def fill():
    Base.metadata.create_all(engine)
    with Session(engine, future=True) as session:
        for number in range(1, 11):
            session.add(Author(id=number, name=f"author {number}", code=str(number)))
            for book in range(20):
                day = datetime.date(2026, 1, 1) + datetime.timedelta(days=book)
                session.add(Book(title=f"b{number}.{book}", price=book % 5, published=day, author_id=number))
        session.commit()


fill()
