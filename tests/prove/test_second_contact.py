"""Faults that the gates let through or had no verdict on when they met the second sealed corpus (benchmarks/gates)."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest

from tests.prove.conftest import Prove, git

POST = """\
import os
import time
from flask import Flask, jsonify, request
from sqlalchemy import ForeignKey, create_engine, func, or_, select
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column

app = Flask(__name__)
engine = create_engine("sqlite:///" + os.environ["POST_DATABASE"])


class Base(DeclarativeBase):
    pass


class Parcel(Base):
    __tablename__ = "parcels"
    id: Mapped[int] = mapped_column(primary_key=True)
    city: Mapped[str | None]
    rating: Mapped[int | None]
    state: Mapped[str]


class Event(Base):
    __tablename__ = "events"
    id: Mapped[int] = mapped_column(primary_key=True)
    parcel_id: Mapped[int] = mapped_column(ForeignKey("parcels.id"))
    at: Mapped[int]


def in_cities(cities, without):
    choices = [Parcel.city.in_(cities)]
    if without:
        choices.append(Parcel.city.is_(None))
    return or_(*choices)


def first(parcel):
    return (parcel.rating is None, -(parcel.rating or 0), parcel.id)


@app.get("/parcels")
def parcels():
    statement = select(Parcel)
    if cities := request.args.get("city", "").split(",") if request.args.get("city") else []:
        statement = statement.where(in_cities([city for city in cities if city != "none"], "none" in cities))
    with Session(engine) as session:
        found = list(session.scalars(statement.order_by(Parcel.id)))
    if request.args.get("sort") == "rating":
        found = sorted(found, key=first)
    size = request.args.get("page_size", "")
    return jsonify([one.id for one in found[: int(size) if size.isdecimal() and 0 < int(size) <= 100 else 5]])


@app.get("/parcels/<int:parcel_id>")
def parcel(parcel_id):
    with Session(engine) as session:
        events = session.scalars(select(Event).where(Event.parcel_id == parcel_id).order_by(Event.at, Event.id))
        return jsonify([one.id for one in events])


known = {}


def kept(session, parcel_id):
    return known.setdefault(parcel_id, events_of(session, parcel_id))


def events_of(session, parcel_id):
    return session.scalar(select(func.count()).where(Event.parcel_id == parcel_id))


@app.get("/counts")
def counts():
    with Session(engine) as session:
        return jsonify([events_of(session, parcel_id) for parcel_id in range(1, 6)])


SORTS = {"city": Parcel.city.desc(), "rating": Parcel.rating.asc()}


@app.get("/sorted")
def in_order():
    with Session(engine) as session:
        order = SORTS.get(request.args.get("by"), Parcel.id)
        return jsonify([one.id for one in session.scalars(select(Parcel).order_by(order, Parcel.id))])


@app.delete("/events/<int:event_id>")
def withdraw(event_id):
    with Session(engine) as session:
        found = session.get(Event, event_id)
        if found is None:
            return jsonify({"error": "none"}), 404
        time.sleep(0.3)
        session.delete(found)
        session.commit()
    return jsonify("gone")


@app.get("/note")
def note():
    response = jsonify("note")
    response.add_etag()
    return response.make_conditional(request)


@app.post("/parcels/<int:parcel_id>/deliver")
def deliver(parcel_id):
    seats = request.json["left_with"]
    if isinstance(seats, bool) or not isinstance(seats, int):
        return jsonify({"error": "a number"}), 422
    with Session(engine) as session:
        found = session.get(Parcel, parcel_id)
        if found.state == "delivered":
            return jsonify({"error": "delivered"}), 409
        found.state = "delivered"
        session.add(Event(parcel_id=parcel_id, at=seats))
        session.commit()
    return jsonify("thanks")
"""
NO_BOOLEAN = "isinstance(seats, bool) or not isinstance"
LEFT = 'found.state = "delivered"\n        session.add(Event(parcel_id=parcel_id, at=seats))'
RIGHT = 'session.add(Event(parcel_id=parcel_id, at=seats))\n        found.state = "delivered"'


@pytest.fixture
def post(repository: Path, tmp_path: Path) -> tuple[Path, dict[str, object]]:
    """The repository with the app committed, and the target's options."""
    database = tmp_path / "post.db"
    with sqlite3.connect(database) as connection:
        connection.execute("CREATE TABLE parcels (id INTEGER PRIMARY KEY, city TEXT, rating INT, state TEXT NOT NULL)")
        connection.execute("CREATE TABLE events (id INTEGER PRIMARY KEY, parcel_id INT NOT NULL, at INT NOT NULL)")
        rows = [(n, ["Graz", "", None][n % 3], [7, None, 0, 9][n % 4], "sent") for n in range(1, 31)]
        connection.executemany("INSERT INTO parcels VALUES (?, ?, ?, ?)", rows)
        connection.executemany("INSERT INTO events VALUES (?, ?, ?)", [(n, 1 + n % 30, n) for n in range(1, 181)])
    connection.close()
    (repository / "shop.py").write_text(POST)
    (repository / "post.http").write_text(
        '### deliver\nPOST /parcels/3/deliver\nContent-Type: application/json\n\n{"left_with": 4}\n'
    )
    git(repository, "add", "-A")
    git(repository, "commit", "-q", "-m", "post")
    return repository, {"env": [f"POST_DATABASE={database}"], "code": ["."]}


@pytest.mark.long
@pytest.mark.parametrize(
    ("request_", "old", "new", "why"),
    [
        ("/counts", "events_of(session, parcel_id) for", "kept(session, parcel_id) for", "an old one"),
        (
            "/sorted",
            "order_by(order, ",
            "order_by(order.nulls_last() if order is SORTS['rating'] else order, ",
            "rating",
        ),
        ("/note", "response.make_conditional(request)", "response", "If-None-Match"),
        ("/parcels?city=Graz", "Parcel.city.is_(None)", 'func.coalesce(Parcel.city, "") == ""', "city=none"),
        ("/parcels?sort=rating&city=Graz", "(parcel.rating is None, -", "(-", "page_size=100"),
        ("/parcels/3", "order_by(Event.at, Event.id)", "order_by(Event.id)", "values in other rows"),
    ],
    ids=[
        "a-number-remembered",
        "a-word-of-a-table",
        "conditional",
        "word-of-the-caller",
        "long-page",
        "keys-in-the-order-of-time",
    ],
)
def test_it_fails_where_it_has_to(
    post: tuple[Path, dict[str, object]], prove: Prove, request_: str, old: str, new: str, why: str
) -> None:
    assert old in POST
    (post[0] / "shop.py").write_text(POST.replace(old, new))
    [found] = prove("edge", **{**post[1], "get": [request_]}).gates
    assert found.verdict == "failed", found
    assert why in found.why, found.why


@pytest.mark.long
@pytest.mark.parametrize(
    ("old", "new", "verdict", "why"),
    [
        (NO_BOOLEAN, "not isinstance", "failed", "422 became 200"),
        (LEFT, RIGHT, "passed", "edge values, all equal"),
        (", at=seats", ", at=seats or 1", "failed", "rows in table events are not as the base leaves them"),
    ],
    ids=["type", "right", "rows"],
)
def test_what_can_be_done_once_is_asked_again_and_again_of_fresh_data(
    post: tuple[Path, dict[str, object]], prove: Prove, old: str, new: str, verdict: str, why: str
) -> None:
    """The contract gate has delivered the parcel; the edge gate finds it undelivered all the same."""
    repository, options = post
    assert old in POST
    (repository / "shop.py").write_text(POST.replace(old, new))
    given = {**options, "requests": ["post.http"], "allow": ["POST /parcels/3/deliver"], "get": ["/parcels"]}
    proof = prove("contract", "edge", reveal=True, **given)
    assert proof.gates[0].verdict == "passed", proof.gates
    assert proof.gates[-1].verdict == verdict, proof.gates
    assert why in proof.gates[-1].why, proof.gates[-1].why


@pytest.mark.long
@pytest.mark.parametrize(
    ("old", "new", "verdict"),
    [("time.sleep(0.3)", "time.sleep(0.31)", "passed"), ("session.delete(found)", "1 / 0", "failed")],
    ids=["as-the-base", "always"],
)
def test_a_race_that_the_base_loses_as_well_is_no_fault_of_the_change(
    post: tuple[Path, dict[str, object]], prove: Prove, old: str, new: str, verdict: str
) -> None:
    """Of overlapping deletions of one row all but the first find nothing to delete, which SQLAlchemy raises."""
    repository, options = post
    (repository / "post.http").write_text("### withdraw\nDELETE /events/7\n")
    (repository / "shop.py").write_text(POST.replace(old, new))
    [found] = prove(
        "boot", **{**options, "requests": ["post.http"], "allow": ["DELETE /events/7"], "get": ["/parcels"]}
    ).gates
    assert found.verdict == verdict, found
