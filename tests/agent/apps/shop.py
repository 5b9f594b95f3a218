"""A small shop on SQLite (or PostgreSQL): each endpoint does one thing that the agent must see rightly.

Runs on Python 3.9 and SQLAlchemy 1.4 as well. `python shop.py` fills the database that SHOP_DB names.
"""

import json
import logging
import os
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor

from flask import Flask, Response, jsonify, request, send_file, stream_with_context
from sqlalchemy import Column, ForeignKey, Integer, String, create_engine, event, select, text
from sqlalchemy.orm import Session, declarative_base, deferred, relationship, selectinload, sessionmaker
from sqlalchemy.pool import QueuePool

Base = declarative_base()
log = logging.getLogger("shop")


class Author(Base):
    __tablename__ = "authors"
    id = Column(Integer, primary_key=True)
    name = Column(String(50))
    biography = deferred(Column(String(500)))
    books = relationship("Book", back_populates="author", order_by="Book.id")


class Book(Base):
    __tablename__ = "books"
    id = Column(Integer, primary_key=True)
    title = Column(String(50))
    author_id = Column(Integer, ForeignKey("authors.id"))
    author = relationship("Author", back_populates="books")


DATABASE = os.environ["SHOP_DB"]
pool_size = int(os.environ.get("SHOP_POOL", "5"))
arguments = {"check_same_thread": False} if DATABASE.startswith("sqlite") else {}
of_engine = {"echo": False, "hide_parameters": False, "execution_options": {"shop": True}, "query_cache_size": 400}
of_pool = {"poolclass": QueuePool, "pool_size": pool_size, "max_overflow": 0}
engine = create_engine(DATABASE, future=True, connect_args=arguments, **of_engine, **of_pool)
NewSession = sessionmaker(bind=engine, future=True)
app = Flask(__name__)

if "SHOP_SENTRY" in os.environ:
    import sentry_sdk

    sentry_sdk.init("http://key@127.0.0.1:9/1", traces_sample_rate=1.0, max_request_body_size="always")

if "SHOP_OTEL" in os.environ:
    from opentelemetry import trace
    from opentelemetry.instrumentation.flask import FlaskInstrumentor
    from opentelemetry.instrumentation.sqlalchemy import SQLAlchemyInstrumentor
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.sdk.trace.export import SimpleSpanProcessor
    from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

    exported = InMemorySpanExporter()
    provider = TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(exported))
    trace.set_tracer_provider(provider)
    SQLAlchemyInstrumentor().instrument(engine=engine, skip_dep_check=True)
    FlaskInstrumentor().instrument_app(app)

    @app.get("/exported")
    def names_exported():
        return jsonify([span.name.partition(" ")[0] for span in exported.get_finished_spans()])


SEEN_BY_LISTENER = []
if "SHOP_LISTENER" in os.environ:

    @event.listens_for(engine, "before_cursor_execute", retval=True)
    def before(connection, cursor, statement, parameters, context, executemany):
        SEEN_BY_LISTENER.append(statement)
        return statement + " /* shop */", parameters


@app.get("/ready")
def ready():
    return "yes"


@app.get("/books/<int:count>")
def books(count):
    with NewSession() as session:
        found = session.execute(select(Book).order_by(Book.id).limit(count)).scalars().all()
        return jsonify([{"title": book.title, "author": author_of(book)} for book in found])


def author_of(book):
    return book.author.name  # LAZY


@app.get("/eager/<int:count>")
def eager(count):
    with NewSession() as session:
        wanted = select(Author).options(selectinload(Author.books)).order_by(Author.id).limit(count)
        return jsonify([len(author.books) for author in session.execute(wanted).scalars()])


@app.get("/columns")
def columns():
    with NewSession() as session:
        author = session.get(Author, 1)
        biography = author.biography
        session.expire(author)
        return jsonify([biography, author.name])


@app.get("/nested")
def nested():
    with NewSession() as outer:
        first = outer.get(Author, 1).name
        with NewSession() as inner:
            second = inner.get(Author, 2).name
        return jsonify([first, second, outer.get(Author, 3).name])


@app.get("/apart")
def apart():
    names = []
    for key in (1, 2, 3):
        with NewSession() as session:
            names.append(session.get(Author, key).name)
    return jsonify(names)


@app.get("/core")
def core():
    with engine.connect() as connection:
        return jsonify([row[0] for row in connection.execute(text("SELECT name FROM authors WHERE id < 4"))])


@app.get("/rows")
def rows():
    with NewSession() as session:
        everything = session.execute(select(Book.id).order_by(Book.id))
        one = everything.fetchone()
        few = everything.fetchmany(4)
        return jsonify([one[0], [row[0] for row in few], len(everything.fetchall())])


@app.get("/write")
def write():
    with NewSession() as session:
        session.execute(text("INSERT INTO authors (name) VALUES (:name)"), [{"name": "a"}, {"name": "b"}])
        session.commit()
        session.execute(text("DELETE FROM authors WHERE id > 1000000"))
        session.rollback()
        session.execute(text("DELETE FROM authors WHERE name = :name"), {"name": "a"})
        session.execute(text("DELETE FROM authors WHERE name = :name"), {"name": "b" + "x" * 1000})
        session.execute(text("DELETE FROM authors WHERE name = 'b'"))
        session.commit()
    return "done"


@app.get("/wrong")
def wrong():
    with engine.connect() as connection:
        try:
            connection.execute(text("SELECT * FROM nowhere"))
        except Exception as error:
            return type(error).__name__


@app.get("/unclosed")
def unclosed():
    app.config["kept"] = NewSession()
    return app.config["kept"].get(Author, 1).name


@app.get("/close")
def close():
    app.config.pop("kept").close()
    return "closed"


def one_name(key):
    with NewSession() as session:
        return session.get(Author, key).name


@app.get("/pool")
def pool():
    with ThreadPoolExecutor(3) as threads:
        return jsonify(list(threads.map(one_name, (1, 2, 3))))


@app.get("/thread")
def thread():
    names = []
    threads = [threading.Thread(target=lambda key=key: names.append(one_name(key))) for key in (1, 2)]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    return jsonify(sorted(names))


@app.get("/late")
def late():
    def afterwards():
        time.sleep(0.3)
        one_name(1)

    threading.Thread(target=afterwards).start()
    return "soon"


@app.get("/spawn")
def spawn():
    import gevent

    def child(key):
        return gevent.spawn(one_name, key).get()

    return jsonify([job.get() for job in [gevent.spawn(child, key) for key in (1, 2, 3)]])


@app.get("/busy/<int:number>")
def work(number):
    with NewSession() as session:
        for _ in range(number):
            session.execute(text("SELECT :number AS number"), {"number": number}).all()
            time.sleep(0.002)
    return jsonify(number)


@app.get("/stream")
def stream():
    def lines():
        for key in (1, 2, 3):
            yield one_name(key) + "\n"

    return Response(stream_with_context(lines()), mimetype="text/plain")


@app.get("/broken-stream")
def broken_stream():
    def lines():
        yield "one\n"
        raise LookupError("in the middle")

    return Response(lines(), mimetype="text/plain")


@app.get("/error")
def error():
    one_name(1)
    raise ValueError("not to be answered")


@app.get("/logs")
def logs():
    stream = logging.StreamHandler(sys.stderr)
    lines = []
    stream.emit = lambda record: lines.append(stream.format(record))
    stream.setFormatter(logging.Formatter("%(filename)s %(funcName)s %(levelname)s %(message)s"))
    log.addHandler(stream)
    log.warning("number %d of %s", 1, "two")
    log.debug("never made")
    log.removeHandler(stream)
    return jsonify(lines)


@app.get("/file")
def file():
    return send_file(__file__, mimetype="text/plain")


@app.get("/headers")
def headers():
    return jsonify(
        sorted(name for name, _ in request.headers) + sorted(key for key in request.environ if "SUBS" in key)
    )


@app.get("/listener")
def listener():
    return jsonify(len(SEEN_BY_LISTENER))


@app.get("/modules")
def modules():
    return jsonify(sorted(sys.modules))


@app.get("/play")
def play():
    """Do what `script` says: a list of [verb, number of a session]."""
    sessions = {}
    for verb, number in json.loads(request.args["script"]):
        session = sessions.get(number)
        if verb == "open" and session is None:
            sessions[number] = Session(engine, future=True)
        elif verb == "query" and session is not None:
            session.execute(text("SELECT 1")).all()
        elif verb == "lazy" and session is not None:
            session.get(Book, number + 1).author  # noqa: B018
        elif verb == "commit" and session is not None:
            session.commit()
        elif verb == "rollback" and session is not None:
            session.rollback()
        elif verb == "log":
            log.warning("played")
        elif verb == "close" and session is not None:
            sessions.pop(number).close()
        elif verb == "core":
            with engine.connect() as connection:
                connection.execute(text("SELECT 2")).all()
    for session in sessions.values():
        session.close()
    return "played"


def fill():
    Base.metadata.drop_all(engine)
    Base.metadata.create_all(engine)
    with Session(engine, future=True) as session:
        for number in range(1, 31):
            author = Author(name=f"author {number}", biography="born")
            session.add_all([author, Book(title=f"book {number}", author=author)])
        session.commit()


if __name__ == "__main__":
    fill()
