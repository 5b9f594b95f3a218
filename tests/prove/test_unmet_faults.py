"""Faults that the gates let through when they first met them (benchmarks/gates), each in a small app."""

from __future__ import annotations

import http.server
import sqlite3
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from subsecond.harness.clones import Connection
from subsecond.prove.shuffled import rotation, unique_texts
from tests.prove.conftest import Prove, git

YARD = """\
import os
import sqlite3
import urllib.request
from flask import Flask, jsonify, request
from sqlalchemy import ForeignKey, create_engine, func, insert, select
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column

app = Flask(__name__)
PATH = os.environ["YARD_DATABASE"]
engine = create_engine("sqlite:///" + PATH)
archive = create_engine("sqlite:///" + PATH + ".old")


class Base(DeclarativeBase):
    pass


class Van(Base):
    __tablename__ = "vans"
    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str]


class Trip(Base):
    __tablename__ = "trips"
    id: Mapped[int] = mapped_column(primary_key=True)
    van_id: Mapped[int] = mapped_column(ForeignKey("vans.id"))
    metres: Mapped[int]


class Toll(Base):
    __tablename__ = "tolls"
    id: Mapped[int] = mapped_column(primary_key=True)
    road: Mapped[str]
    cents: Mapped[int]


def tolls(session):
    return {toll.road: toll.cents for toll in session.scalars(select(Toll))}


@app.get("/vans/<int:van_id>")
def van(van_id):
    with Session(engine) as session:
        found = session.get(Van, van_id)
        if found is None:
            return jsonify({"error": "none"}), 404
        metres = session.scalar(select(func.sum(Trip.metres)).where(Trip.van_id == van_id)) or 0
        return jsonify({"name": found.name, "metres": metres})


@app.get("/names")
def names():
    with Session(engine) as session:
        return jsonify([[v.name, v.id] for v in session.scalars(select(Van).order_by(Van.name, Van.id))])


@app.get("/toll")
def toll():
    roads = request.args["roads"].split(",")
    with Session(engine) as session, archive.connect() as old:
        known = tolls(session)
        return jsonify(sum(known[road] for road in roads) + old.scalar(select(func.count()).select_from(Toll)))


@app.get("/far")
def far():
    with Session(engine) as session:
        name = session.get(Van, 1).name
    return jsonify([name, urllib.request.urlopen(os.environ["YARD_SERVICE"]).status])


@app.post("/trips")
def trips():
    with Session(engine) as session:
        session.execute(insert(Trip), [{"van_id": 1, "metres": metres} for metres in (1, 2)])
        session.commit()
    return jsonify("kept")
"""
REMEMBERED = """\
kept = {}


def tolls(session):
    if not kept:
        kept.update({toll.road: toll.cents for toll in session.scalars(select(Toll))})
    return kept
"""
PAST = "session.get(Van, van_id)\n        sqlite3.connect(PATH).execute('SELECT count(*) FROM trips').fetchone()"


class _Quiet(http.server.BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.send_response(204)
        self.end_headers()

    def log_message(self, *words: object) -> None:
        pass


@pytest.fixture
def yard(repository: Path, tmp_path: Path) -> Iterator[tuple[Path, dict[str, object]]]:
    """The repository with the app committed, and the target's options; its service runs."""
    database = tmp_path / "yard.db"
    for path in (database, database.with_name("yard.db.old")):
        with sqlite3.connect(path) as connection:
            connection.execute("CREATE TABLE vans (id INTEGER PRIMARY KEY, name TEXT)")
            connection.execute("CREATE TABLE trips (id INTEGER PRIMARY KEY, van_id INTEGER, metres INTEGER)")
            connection.execute("CREATE TABLE tolls (id INTEGER PRIMARY KEY, road TEXT, cents INTEGER)")
            connection.executemany("INSERT INTO vans VALUES (?, ?)", [(n, f"van {n % 3}") for n in range(1, 41)])
            rows = [(n, 1 + n % 36, n) for n in range(1, 200)]  # the last four vans have never left
            connection.executemany("INSERT INTO trips VALUES (?, ?, ?)", rows)
            connection.executemany("INSERT INTO tolls VALUES (?, ?, ?)", [(n, f"A{n}", 10 * n) for n in range(1, 9)])
        connection.close()
    (repository / "shop.py").write_text(YARD)
    git(repository, "add", "-A")
    git(repository, "commit", "-q", "-m", "yard")
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), _Quiet) as service:
        threading.Thread(target=service.serve_forever, daemon=True).start()
        env = [f"YARD_DATABASE={database}", f"YARD_SERVICE=http://127.0.0.1:{service.server_port}/"]
        yield repository, {"env": env, "get": [], "code": ["."]}
        service.shutdown()


@pytest.mark.long
@pytest.mark.parametrize(
    ("request_", "old", "new", "gate", "why"),
    [
        ("/vans/1", " or 0", "", "contract", "metres: type: integer 0 became null"),
        ("/names", "order_by(Van.name, Van.id)", "order_by(Van.name)", "contract", "where rows lie otherwise"),
        ("/toll?roads=A1,A5", "for road in roads)", "for road in set(roads))", "contract", "roads=A1,A5,A1"),
        ("/toll?roads=A1,A5", YARD[YARD.index("def tolls") : YARD.index("\n\n@app")], REMEMBERED, "edge", "an old one"),
        ("/far", "    return jsonify([name", "        return jsonify([name", "budget", "1 calls of other services"),
        ("/vans/1", "session.get(Van, van_id)", PAST, "budget", "1 raw_statements instead of 0"),
    ],
    ids=["null-for-none", "ties", "twice", "remembered", "held", "past"],
)
def test_it_fails_where_it_has_to(
    yard: tuple[Path, dict[str, object]], prove: Prove, request_: str, old: str, new: str, gate: str, why: str
) -> None:
    assert old in YARD
    (yard[0] / "shop.py").write_text(YARD.replace(old, new))
    [found] = prove(gate, **{**yard[1], "get": [request_]}).gates
    assert found.verdict == "failed", found
    assert why in found.why, found.why


@pytest.mark.long
def test_a_write_that_is_lost_shows_though_the_boot_gate_has_sent_it(
    yard: tuple[Path, dict[str, object]], prove: Prove
) -> None:
    repository, options = yard
    (repository / "yard.http").write_text("### trips\nPOST /trips\n")
    (repository / "shop.py").write_text(YARD.replace("session.commit()", "session.flush()"))
    given_ = {**options, "requests": ["yard.http"], "allow": ["POST /trips"]}
    del given_["get"]
    proof = prove("boot", "contract", get=[], **given_)
    assert [one.verdict for one in proof.gates] == ["passed", "failed"], proof.gates
    assert "rows in table trips" in proof.gates[1].why, proof.gates[1].why


@given(keys=st.sets(st.integers(-99, 99), max_size=12), apart=st.booleans())
def test_each_row_keeps_its_key_gets_what_another_said_and_its_own_back(keys: set[int], apart: bool) -> None:
    before = [(key, f"hall {key}", key + 100) for key in sorted(keys)]
    columns = [['"name"'], ['"seats"']] if apart else [['"name"', '"seats"']]
    with sqlite3.connect(":memory:") as connection:
        connection.execute("CREATE TABLE halls (id INTEGER PRIMARY KEY, name TEXT, seats INT CHECK (seats > 0))")
        connection.executemany("INSERT INTO halls VALUES (?, ?, ?)", before)
        for part in columns:
            connection.execute(rotation('"halls"', ['"id"'], part))
        moved = connection.execute("SELECT * FROM halls ORDER BY id").fetchall()
        for part in columns[::-1]:
            connection.execute(rotation('"halls"', ['"id"'], part, " DESC"))
        back = connection.execute("SELECT * FROM halls ORDER BY id").fetchall()
    connection.close()
    assert back == before
    assert [row[0] for row in moved] == sorted(keys)
    assert len(keys) < 2 or all(one != other for one, other in zip(moved, before, strict=True))


@given(codes=st.sets(st.text("ab~C1", min_size=1, max_size=4), max_size=12))
def test_what_is_unique_stands_the_other_way_round_and_comes_back(codes: set[str]) -> None:
    before = list(enumerate(sorted(codes), 1))
    move = unique_texts(Connection(driver="sqlite3", path=":memory:"), '"promos"', ['"id"'], '"code"')
    with sqlite3.connect(":memory:") as connection:
        connection.execute("CREATE TABLE promos (id INTEGER PRIMARY KEY, code TEXT UNIQUE)")
        connection.executemany("INSERT INTO promos VALUES (?, ?)", before)
        for statement in move.there:
            connection.execute(statement)
        moved = connection.execute("SELECT * FROM promos ORDER BY id").fetchall()
        for statement in move.back:
            connection.execute(statement)
        back = connection.execute("SELECT * FROM promos ORDER BY id").fetchall()
    connection.close()
    assert back == before
    assert [code for _, code in moved] == sorted(codes, reverse=True)
