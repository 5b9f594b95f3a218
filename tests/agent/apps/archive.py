"""An archive with one defect an endpoint; `?fixed=1` answers the same without it, as a person would have mended it.

Runs on Python 3.9 and SQLAlchemy 1.4 as well. `python archive.py` fills the database that ARCHIVE_DB names.
"""

import logging
import os
import time
from functools import lru_cache

import archive_helpers
from archive_helpers import Labels, author_in_own_session, counted, each_price, price_of, row_in_own_session, tags_of
from flask import Flask, Response, jsonify, request
from sqlalchemy import Column, DateTime, ForeignKey, Integer, String, Table, create_engine, func, select, text, update
from sqlalchemy.orm import (
    Session,
    aliased,
    declarative_base,
    joinedload,
    lazyload,
    load_only,
    relationship,
    selectinload,
    sessionmaker,
)
from sqlalchemy.pool import QueuePool

Base = declarative_base()
log = logging.getLogger("archive.rows")
AUTHORS, BOOKS = 12, 3

tagged = Table(
    "tagged",
    Base.metadata,
    Column("book_id", ForeignKey("books.id"), primary_key=True),
    Column("tag_id", ForeignKey("tags.id"), primary_key=True),
)


class Country(Base):
    __tablename__ = "countries"
    id = Column(Integer, primary_key=True)
    name = Column(String(50))


class Author(Base):
    __tablename__ = "authors"
    id = Column(Integer, primary_key=True)
    name = Column(String(50))
    biography = Column(String(5000))
    country_id = Column(ForeignKey("countries.id"))
    country = relationship("Country", lazy="joined")
    books = relationship("Book", back_populates="author", order_by="Book.id")
    partner_id = Column(ForeignKey("authors.id"))
    partner = relationship("Author", remote_side="Author.id")


class Book(Base):
    __tablename__ = "books"
    id = Column(Integer, primary_key=True)
    title = Column(String(50))
    pages = Column(Integer)
    author_id = Column(Integer, ForeignKey("authors.id"))
    author = relationship("Author", back_populates="books")
    tags = relationship("Tag", secondary=tagged, order_by="Tag.id")


class Tag(Base):
    __tablename__ = "tags"
    id = Column(Integer, primary_key=True)
    name = Column(String(50))


class Loan(Base):
    __tablename__ = "loans"
    book_id = Column(ForeignKey("books.id"), primary_key=True)
    number = Column(Integer, primary_key=True)
    reader = Column(String(50))
    at = Column(DateTime)


DATABASE = os.environ["ARCHIVE_DB"]
arguments = {"check_same_thread": False, "timeout": 5} if DATABASE.startswith("sqlite") else {}
pool = {"poolclass": QueuePool, "pool_size": int(os.environ.get("ARCHIVE_POOL", "5")), "max_overflow": 3}
engine = create_engine(DATABASE, future=True, connect_args=arguments, **pool)
NewSession = sessionmaker(bind=engine, future=True)
archive_helpers.NewSession, archive_helpers.Author = NewSession, Author
app = Flask(__name__)


def fixed():
    return "fixed" in request.args


@app.get("/ready")
def ready():
    return "yes"


# relationships


@app.get("/books")
def books():
    wanted = select(Book).order_by(Book.id)
    if fixed():
        wanted = wanted.options(selectinload(Book.author))
    with NewSession() as session:
        return jsonify([[book.title, book.author.name] for book in session.execute(wanted).scalars()])


@app.get("/authors")
def authors():
    wanted = select(Author).order_by(Author.id)
    if fixed():
        wanted = wanted.options(selectinload(Author.books))
    with NewSession() as session:
        found = session.execute(wanted).scalars().all()
        return jsonify([[author.name, [book.title for book in author.books]] for author in found])


@app.get("/first-authors")
def first_authors():
    """All authors, cut in Python; the fix loads for the three that are shown."""
    with NewSession() as session:
        found = session.execute(select(Author).order_by(Author.id)).scalars().all()
        page = (
            session.execute(
                select(Author)
                .where(Author.id.in_([one.id for one in found[:3]]))
                .order_by(Author.id)
                .options(selectinload(Author.books))
                .execution_options(populate_existing=True)
            )
            .scalars()
            .all()
            if fixed()
            else found[:3]
        )
        return jsonify([len(found), [[author.name, [book.title for book in author.books]] for author in page]])


@app.get("/tags")
def tags():
    wanted = select(Author).order_by(Author.id)
    if fixed():
        wanted = wanted.options(selectinload(Author.books).selectinload(Book.tags))
    with NewSession() as session:
        found = session.execute(wanted).scalars().all()
        return jsonify([[[tag.name for tag in book.tags] for book in author.books] for author in found])


@app.get("/partners")
def partners():
    with NewSession() as session:
        found = session.query(Author).order_by(Author.id).all()
        return jsonify([author.partner and author.partner.name for author in found])


@app.get("/titles")
def titles():
    """Only columns, an aggregate beside an entity, an alias, a count: an option must not break any of them."""
    other = aliased(Book)
    with NewSession() as session:
        return jsonify(
            [
                session.execute(select(Book.title).order_by(Book.id).limit(3)).scalars().all(),
                [[b.title, n, b.author.name] for b, n in session.execute(with_numbers())],
                [b.author.name for b in session.execute(select(other).order_by(other.id).limit(4)).scalars()],
                session.query(Book).count(),
                session.execute(select(func.count()).select_from(Book)).scalar(),
                session.execute(text("SELECT count(*) FROM tags")).scalar(),
            ]
        )


def with_numbers():
    numbers = select(tagged.c.book_id, func.count().label("n")).group_by(tagged.c.book_id).subquery()
    return select(Book, numbers.c.n).join(numbers, numbers.c.book_id == Book.id).order_by(Book.id).limit(5)


@app.get("/one-by-one")
def one_by_one():
    """Parents that come from `get` in a loop: there is nobody to load along."""
    with NewSession() as session:
        return jsonify([len(session.get(Author, key).books) for key in range(1, AUTHORS + 1)])


@app.get("/pending")
def pending():
    """A change that is not flushed yet: the lazy load has to see it."""
    with NewSession() as session:
        found = session.execute(select(Author).order_by(Author.id)).scalars().all()
        session.execute(select(Book).order_by(Book.id)).scalars().all()[0].author_id = 2
        numbers = [len(author.books) for author in found]
        session.rollback()
        return jsonify(numbers)


@app.get("/countries")
def countries():
    """`Author.country` is loaded by a join of its own, and nobody reads it."""
    author = joinedload(Book.author)
    wanted = select(Book).options(author.lazyload(Author.country) if fixed() else author).order_by(Book.id)
    with NewSession() as session:
        return jsonify([book.author.name for book in session.execute(wanted).scalars()])


@app.get("/plain-authors")
def plain_authors():
    wanted = select(Author).order_by(Author.id)
    with NewSession() as session:
        found = session.execute(wanted.options(lazyload(Author.country)) if fixed() else wanted)
        return jsonify([author.name for author in found.scalars()])


@app.get("/unneeded-books")
def unneeded_books():
    """An option of the statement's own, and a read of one of them after all."""
    wanted = select(Author).order_by(Author.id)
    with NewSession() as session:
        found = session.execute(wanted if fixed() else wanted.options(selectinload(Author.books))).scalars().all()
        return jsonify([author.name for author in found] + [len(found[0].books)])


# the same again


@app.get("/again")
def again():
    """Entities, five times in one session."""
    with NewSession() as session:
        names, found = [], None
        for _ in range(5):
            if not (fixed() and found):
                found = session.execute(select(Author).where(Author.id < 9).order_by(Author.id)).scalars().all()
            names += [author.name for author in found]
        return jsonify(names)


@app.get("/again-apart")
def again_apart():
    """Entities and columns, each time in a session of its own; objects are used when their session is gone."""
    found, titles = [], []
    for _ in range(1 if fixed() else 4):
        with NewSession() as session:
            found += session.execute(select(Author).where(Author.id < 4).order_by(Author.id)).scalars().all()
            titles += session.execute(select(Book.title).where(Book.pages > 101).order_by(Book.id)).scalars().all()
    return jsonify([[author.name for author in found], titles] if not fixed() else [
        [author.name for author in found] * 4, titles * 4])  # fmt: skip


@app.get("/again-core")
def again_core():
    with engine.connect() as connection:
        asked = [connection.execute(text("SELECT name FROM authors WHERE id < :id ORDER BY id"), {"id": 5}).fetchall()
                 for _ in range(1 if fixed() else 6)]  # fmt: skip
        return jsonify([[row[0] for row in rows] for rows in (asked * 6 if fixed() else asked)])


@app.get("/same/<how>")
def same(how):
    """The same read twice with something in between that makes the second one differ, or might."""
    wanted = select(Author.name, Author.biography).where(Author.id == 1)
    whole = select(Author).where(Author.id.in_([1, 2])).order_by(Author.id)
    answer = []

    def read(session):
        answer.append(session.execute(wanted).first()[0])
        answer.extend(author.name for author in session.execute(whole).scalars().all())

    with NewSession() as session:
        read(session)
        author = session.get(Author, 1)
        name = author.name
        if how == "update":
            session.execute(update(Author).where(Author.id == 1).values(name="changed").execution_options(
                synchronize_session=False))  # fmt: skip
        elif how == "text":
            session.execute(text("UPDATE authors SET name = 'changed' WHERE id = 1"))
        elif how == "flush":
            author.name = "changed"
            session.flush()
        elif how == "autoflush":
            author.name = "changed"
        elif how == "rollback":
            author.name = "changed"
            session.flush()
            read(session)
            session.rollback()
        elif how == "commit":
            author.name = "changed"
            session.commit()
        elif how == "elsewhere":
            session.commit()
            with NewSession() as other:
                other.get(Author, 1).name = "changed"
                other.commit()
        elif how == "core":
            session.rollback()
            with engine.begin() as connection:
                connection.execute(text("UPDATE authors SET name = 'changed' WHERE id = 1"))
        read(session)
        session.rollback()
    with NewSession() as session:
        session.get(Author, 1).name = name
        session.commit()
    return jsonify(answer)


@app.get("/locked")
def locked():
    with NewSession() as session:
        wanted = select(Tag).where(Tag.id == 1).with_for_update()
        return jsonify([session.execute(wanted).scalars().one().name for _ in range(3)])


@app.get("/volatile")
def volatile():
    with NewSession() as session:
        drawn = [session.execute(select(func.random())).scalar() for _ in range(3)]
        return jsonify(len(set(drawn)))


@app.get("/streamed")
def streamed():
    with NewSession() as session:
        wanted = select(Book.title).order_by(Book.id).execution_options(yield_per=10)
        return jsonify([[title for (title,) in session.execute(wanted)] for _ in range(2)])


# a statement a row


@app.get("/gets")
def gets():
    keys = [int(key) for key in request.args.get("keys", "3,1,4,5,9,2,6,77").split(",")]
    with NewSession() as session:
        if fixed():
            found = {a.id: a for a in session.execute(select(Author).where(Author.id.in_(keys))).scalars()}
        else:
            found = {key: session.get(Author, key) for key in keys}
        return jsonify([[key, found[key].name if found.get(key) else None] for key in keys])


@app.get("/loans")
def loans():
    """Keys of two columns."""
    with NewSession() as session:
        return jsonify([session.get(Loan, (key, 1)).reader for key in (10, 11, 12, 20)])


@app.get("/gets-apart")
def gets_apart():
    names = []
    for key in (1, 2, 3):
        with NewSession() as session:
            names.append(session.get(Author, key).name)
    return jsonify(names)


@app.get("/equal")
def equal():
    keys = (2, 5, 1, 7, 3)
    with NewSession() as session:
        if fixed():
            of = {key: [] for key in keys}
            wanted = select(Book.author_id, Book.title, Book.pages).where(Book.author_id.in_(keys)).order_by(Book.id)
            for key, title, pages in session.execute(wanted):
                of[key].append([title, pages])
            return jsonify([of[key] for key in keys])
        return jsonify([[[row.title, row.pages] for row in session.execute(of_author(key))] for key in keys])


@app.get("/equal-paged")
def equal_paged():
    """A paging helper that was asked for no page."""
    with NewSession() as session:
        rows = {key: session.execute(of_author(key).limit(None).offset(0)) for key in (2, 5, 1, 7, 3)}
        return jsonify([[[row.title, row.pages] for row in found] for found in rows.values()])


def of_author(key):
    return select(Book.title, Book.pages).where(Book.author_id == key).order_by(Book.id)


# functions called a row


@app.get("/prices")
def prices():
    archive_helpers.calls.clear()
    with NewSession() as session:
        found = session.execute(select(Book.pages).order_by(Book.id)).scalars().all()
    answer = [price_of(pages) for pages in found]
    return jsonify(answer)


@app.get("/calls")
def calls():
    return jsonify(archive_helpers.calls)


@app.get("/own-sessions")
def own_sessions():
    known = {}
    with NewSession() as session:
        found = session.execute(select(Book.author_id).order_by(Book.id)).scalars().all()
    if fixed():
        for key in found:
            known[key] = known.get(key) or author_in_own_session(key)
    return jsonify([known[key] if fixed() else author_in_own_session(key) for key in found])


@app.get("/detached")
def detached():
    return jsonify([row_in_own_session(1 + number % 2).name for number in range(6)])


@app.get("/methods")
def methods():
    archive_helpers.calls.clear()
    labels = Labels()
    answer = [[labels.of("a"), labels.of("b"), labels.of("a"), Labels.short("long"), labels.kind] for _ in range(3)]
    return jsonify([answer, labels.of.__name__])


@app.get("/generator")
def generator():
    return jsonify([list(each_price(1)) for _ in range(3)])


@app.get("/changed-lists")
def changed_lists():
    """The caller changes what it was given."""
    with NewSession() as session:
        book = session.execute(select(Book).order_by(Book.id).limit(1)).scalars().one()
        answer = []
        for _ in range(3):
            given = tags_of(book, prefix="p")
            given.append("more")
            answer.append(given)
        book.pages += 1
        answer.append(tags_of(book, prefix="p"))
        session.rollback()
        return jsonify(answer)


@app.get("/impure/<what>")
def impure(what):
    if what == "arguments":
        seen = []
        return jsonify([[counted(1, seen) for _ in range(3)], seen])
    return jsonify([{"writes": writing, "logs": logging_one, "cached": cached}[what](1) for _ in range(3)])


def writing(key):
    with NewSession() as session:
        session.execute(text("UPDATE loans SET number = number WHERE book_id = 10"))
        session.commit()
    return key


def logging_one(key):
    log.warning("asked for %d", key)
    return key


@lru_cache(maxsize=10)
def cached(key):
    return key + int(request.args.get("add", 0))


@app.get("/deep/<int:number>")
def deep(number):
    return jsonify(recursive(number))


def recursive(number):
    return 0 if number == 0 else 1 + recursive(number - 1)


# rows and columns


@app.get("/filtered")
def filtered():
    wanted = select(Book).order_by(Book.id)
    with NewSession() as session:
        if fixed():
            wanted = wanted.where(Book.author_id.in_([2, 3]))
        return jsonify([b.title for b in all_of(session, wanted) if b.author_id in (2, 3)])


def all_of(session, wanted):
    return session.execute(wanted).scalars().all()


@app.get("/equal-and-more")
def equal_and_more():
    """The same loop with other conditions beside, of which one is an equality too, then with others of them."""
    keys = (2, 5, 1, 7, 3)
    of: dict = {}
    with NewSession() as session:
        for pages in (10, 40):
            wanted = select(Book.author_id, Book.title).where(Book.pages > pages, func.lower("A") == "a")
            wanted = wanted.order_by(Book.id)
            if fixed():
                rows = session.execute(wanted.where(Book.author_id.in_(keys))).all()
            else:
                rows = [row for key in keys for row in session.execute(wanted.where(Book.author_id == key))]
            for key, title in rows:
                of.setdefault(f"{pages} {key}", []).append(title)
    return jsonify(of)


@app.get("/equal-among-gets")
def equal_among_gets():
    """The same loop with a look-up by key in it, which comes with parameters of its own."""
    keys = (2, 5, 1, 7, 3)
    with NewSession() as session:
        of = {key: [] for key in keys}
        if fixed():
            wanted = select(Book.author_id, Book.title, Book.pages).where(Book.author_id.in_(keys)).order_by(Book.id)
            for key, title, pages in session.execute(wanted):
                of[key].append([title, pages])
        found = []
        for key in keys:
            author = session.get(Author, key)
            rows = of[key] if fixed() else [[row.title, row.pages] for row in session.execute(of_author(key))]
            found.append([author.name, rows])
        return jsonify(found)


@app.get("/equal-first-joined")
def equal_first_joined():
    """The same with a join that brings the row once for each of its books: the LIMIT leaves the others out."""
    keys = (2, 5, 1, 7, 3)
    with NewSession() as session:
        asked = session.query(Author.id, Author.name).join(Book, Book.author_id == Author.id).order_by(Book.id)
        if fixed():
            of = dict(tuple(row) for row in reversed(asked.filter(Author.id.in_(keys)).all()))
            return jsonify([of.get(key) for key in keys])
        return jsonify([row and row.name for row in (asked.filter(Author.id == key).first() for key in keys)])


@app.get("/equal-first")
def equal_first():
    """One row by its key, as the older Query has it: with a LIMIT that leaves nothing out."""
    keys = (2, 5, 1, 7, 3)
    with NewSession() as session:
        if fixed():
            of = {one.id: one for one in session.query(Author).filter(Author.id.in_(keys))}
            return jsonify([of[key].name for key in keys])
        return jsonify([session.query(Author).filter_by(id=key).first().name for key in keys])


COUNTED = {
    "select": lambda session, key: session.scalar(select(func.count()).select_from(Book).where(Book.author_id == key)),
    "query": lambda session, key: session.query(Book).filter(Book.author_id == key, Book.pages > 20).count(),
    "sum": lambda session, key: session.query(func.sum(Book.pages)).filter_by(author_id=key).scalar(),
    "two": lambda session, key: list(
        session.execute(select(func.max(Book.pages), func.count(Book.id)).where(Book.author_id == key)).one()
    ),
}
AT_ONCE = {
    "select": (select(func.count()), 0), "query": (select(func.count()).where(Book.pages > 20), 0),
    "sum": (select(func.sum(Book.pages)), None), "two": (select(func.max(Book.pages), func.count(Book.id)), [None, 0]),
}  # fmt: skip


@app.get("/counted/<how>")
def made_of_rows(how):
    """What is made of each parent's rows; key 99 has none."""
    keys = (2, 5, 1, 7, 99)
    with NewSession() as session:
        if not fixed():
            return jsonify([COUNTED[how](session, key) for key in keys])
        wanted, nothing = AT_ONCE[how]
        wanted = wanted.add_columns(Book.author_id).where(Book.author_id.in_(keys)).group_by(Book.author_id)
        of = {row[-1]: list(row[:-1]) if how == "two" else row[0] for row in session.execute(wanted)}
        return jsonify([of.get(key, nothing) for key in keys])


@app.get("/equal-any-first")
def equal_any_first():
    """The first of many: here the LIMIT does leave rows out."""
    with NewSession() as session:
        found = [session.query(Book).filter_by(author_id=key).first() for key in (2, 5, 1)]
        return jsonify([one and one.title for one in found])


@app.get("/first-page")
def first_page():
    with NewSession() as session:
        wanted = select(Book).order_by(Book.id).limit(10)
        return jsonify([b.title for b in all_of(session, wanted) if b.author_id in (2, 3)])


@app.get("/wide")
def wide():
    wanted = select(Author).order_by(Author.id)
    with NewSession() as session:
        found = all_of(session, wanted.options(load_only(Author.name)) if fixed() else wanted)
        return jsonify([author.name for author in found])


@app.get("/used")
def used():
    """A maximum that is read by `one` and never used, and a count that is."""
    with NewSession() as session:
        session.execute(select(func.max(Book.pages))).one()
        unused = session.execute(select(Book.id, Book.pages, Book.title).order_by(Book.id).limit(3)).all()
        number = session.execute(select(func.count()).select_from(Author)).scalar()
        return jsonify([number, [row.id for row in unused]])


@app.get("/cached-name")
def cached_name():
    return jsonify(name_of(1))


@lru_cache(maxsize=10)
def name_of(key):
    with NewSession() as session:
        found = session.execute(select(Author.name).where(Author.id == key)).first()
        return found and found[0]


# connections


@app.get("/apart")
def apart():
    names = []
    for key in range(1, 7):
        with NewSession() as session:
            names.append(session.get(Author, key).name)
    return jsonify(names)


@app.get("/own-engine")
def own_engine():
    """An engine a request, as applications with a registry of their own make one."""
    mine = create_engine(DATABASE, future=True, connect_args=arguments)
    try:
        with mine.connect() as connection:
            first = connection.execute(text("SELECT count(*) FROM authors")).scalar()
        with mine.begin() as connection:
            return jsonify([first, connection.execute(text("SELECT min(id) FROM authors")).scalar()])
    finally:
        mine.dispose()


@app.get("/nested")
def nested():
    with NewSession() as outer:
        first = outer.get(Author, 1).name
        with NewSession() as inner:
            second = inner.get(Author, 2).name
            inner.rollback()
        return jsonify([first, second, outer.get(Author, 3).name])


@app.get("/nested-write")
def nested_write():
    with NewSession() as outer:
        first = outer.get(Author, 1).name
        with NewSession() as inner:
            inner.execute(text("UPDATE loans SET reader = 'somebody' WHERE book_id = 12"))
            inner.commit()
        with NewSession() as later:
            return jsonify([first, later.get(Loan, (12, 1)).reader])


@app.get("/broken-statement")
def broken_statement():
    answer = []
    for statement in ("SELECT nothing FROM nowhere", "SELECT count(*) FROM authors"):
        with NewSession() as session:
            try:
                answer.append(session.execute(text(statement)).scalar())
            except Exception as error:
                answer.append(type(error).__name__)
    return jsonify(answer)


@app.get("/held")
def held():
    with NewSession() as session:
        name = session.get(Author, 1).name
        time.sleep(0.05)
        return jsonify(name)


@app.get("/where")
def where():
    """Which database this is."""
    with engine.connect() as connection:
        if engine.dialect.name == "sqlite":
            return jsonify(connection.execute(text("PRAGMA database_list")).fetchall()[0][2])
        return jsonify(connection.execute(text("SELECT current_database()")).scalar())


# logs and answers


class Kept(logging.Handler):
    records = []

    def emit(self, record):
        self.records.append(f"{record.filename} {record.funcName} {record.getMessage()}")


log.addHandler(Kept())
log.setLevel(logging.DEBUG)


@app.get("/noise")
def noise():
    Kept.records.clear()
    for number in range(5):
        log.info("row %d", number)
    logging.LoggerAdapter(log, {}).info("through an adapter")
    quiet_place()
    return jsonify("done")


def quiet_place():
    log.info("from elsewhere")


@app.get("/records")
def records():
    return jsonify(Kept.records)


@app.get("/clock")
def clock():
    answer = jsonify([time.time_ns(), request.headers.get("Authorization")])
    answer.headers["X-Own"] = "kept"
    return answer


@app.get("/cookie")
def cookie():
    answer = jsonify(time.time_ns())
    answer.set_cookie("seen", "1")
    return answer


@app.get("/streamed-answer")
def streamed_answer():
    return Response((f"{time.time_ns()}\n" for _ in range(3)), mimetype="text/plain")


@app.post("/post")
def post():
    return jsonify("posted")


def fill():
    Base.metadata.drop_all(engine)
    Base.metadata.create_all(engine)
    with Session(engine, future=True) as session:
        session.add_all([Country(id=1, name="Here"), Country(id=2, name="There")])
        session.add_all([Tag(id=number, name=f"tag {number}") for number in range(1, 6)])
        session.flush()
        for number in range(1, AUTHORS + 1):
            author = Author(id=number, name=f"author {number}", biography="b" * 3000, country_id=1 + number % 2)
            author.partner_id = number - 1 if number % 3 == 0 else None
            session.add(author)
            session.flush()
            for copy in range(BOOKS if number != 5 else 0):
                key = 10 * number + copy
                session.add(Book(id=key, title=f"book {key}", author_id=number, pages=100 + key % 7))
                session.flush()
                for tag in range(1, 1 + key % 4):
                    session.execute(tagged.insert().values(book_id=key, tag_id=tag))
                session.add(Loan(book_id=key, number=1, reader=f"reader {key % 3}"))
        session.commit()


if __name__ == "__main__":
    fill()
