"""The gates that compare answers and counts: a small shop over SQLite, changed rightly and wrongly."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest

from tests.prove.conftest import Prove, git

SHOP = """\
import os
from flask import Flask, jsonify, request
from sqlalchemy import ForeignKey, create_engine, select
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column, relationship, selectinload

app = Flask(__name__)
engine = create_engine("sqlite:///" + os.environ["SHOP_DATABASE"])


class Base(DeclarativeBase):
    pass


class Room(Base):
    __tablename__ = "rooms"
    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str]
    seats: Mapped[int]
    price: Mapped[float]
    photos: Mapped[list["Photo"]] = relationship(order_by="Photo.id")


class Photo(Base):
    __tablename__ = "photos"
    id: Mapped[int] = mapped_column(primary_key=True)
    room_id: Mapped[int] = mapped_column(ForeignKey("rooms.id"))
    url: Mapped[str]


@app.get("/rooms")
def rooms():
    seats = request.args.get("seats", type=int)
    name = request.args.get("name", "")
    with Session(engine) as session:
        found = session.scalars(select(Room).order_by(Room.price, Room.id)).all()
        kept = [r for r in found if (not seats or r.seats >= seats) and name.lower() in r.name.lower()]
        return jsonify([
            {"id": r.id, "name": r.name, "seats": r.seats, "price": r.price, "photos": [p.url for p in r.photos]}
            for r in kept
        ])


@app.get("/rooms/<int:room_id>")
def room(room_id):
    with Session(engine) as session:
        found = session.get(Room, room_id)
        return (jsonify({"id": found.id, "name": found.name}), 200) if found else (jsonify({"error": "none"}), 404)
"""
EAGER = ("select(Room).order_by(", "select(Room).options(selectinload(Room.photos)).order_by(")


@pytest.fixture
def shop(repository: Path, tmp_path: Path) -> tuple[Path, dict[str, object]]:
    """The repository with the shop committed, and the target's options."""
    database = tmp_path / "shop.db"
    with sqlite3.connect(database) as connection:
        connection.execute("CREATE TABLE rooms (id INTEGER PRIMARY KEY, name TEXT, seats INTEGER, price REAL)")
        connection.execute("CREATE TABLE photos (id INTEGER PRIMARY KEY, room_id INTEGER, url TEXT)")
        names = ["Alfama", "Baixa", "alvor", "Chiado 100%", "Estrela_2", "Graça"]
        rows = [(n, names[n % 6], n % 8, [10.5, 10.5, 9.0][n % 3]) for n in range(1, 13)]
        connection.executemany("INSERT INTO rooms VALUES (?, ?, ?, ?)", rows)
        connection.executemany("INSERT INTO photos VALUES (?, ?, ?)", [(n, n % 12 + 1, f"p{n}") for n in range(30)])
    connection.close()
    (repository / "shop.py").write_text(SHOP)
    git(repository, "add", "-A")
    git(repository, "commit", "-q", "-m", "shop")
    return repository, {"env": [f"SHOP_DATABASE={database}"], "get": ["/rooms?seats=3&name=a", "/rooms/2"]}


def change(folder: Path, *replacements: tuple[str, str]) -> None:
    text = SHOP
    for old, new in replacements:
        assert old in text
        text = text.replace(old, new)
    (folder / "shop.py").write_text(text)


@pytest.mark.long
def test_an_eager_load_passes_with_fewer_statements(shop: tuple[Path, dict[str, object]], prove: Prove) -> None:
    change(shop[0], EAGER)
    options = {**shop[1], "get": ["/rooms?seats=0&name=", "/rooms/2"]}
    proof = prove("contract", "budget", "edge", **options)
    assert [one.verdict for one in proof.gates] == ["passed"] * 3, proof.gates
    assert "13 → 2 queries" in proof.gates[1].evidence[0], proof.gates[1].evidence
    assert not list((shop[0] / ".subsecond").glob("tree-*")) and not list((shop[0] / ".subsecond").glob("arm-*"))


@pytest.mark.parametrize(
    ("old", "new", "path"),
    [
        ("order_by(Room.price, Room.id)", "order_by(Room.price, Room.id.desc())", "$"),
        ('"price": r.price', '"price": str(r.price)', "$[0].price"),
    ],
)
def test_a_changed_answer_is_named_at_its_field(
    shop: tuple[Path, dict[str, object]], prove: Prove, old: str, new: str, path: str
) -> None:
    change(shop[0], (old, new))
    gate = prove("contract", **shop[1]).gates[0]
    assert gate.verdict == "failed"
    assert f"{path}: " in gate.why
    assert gate.evidence[-1].startswith("curl")


@pytest.mark.parametrize(
    ("old", "new", "named"),
    [
        ("(not seats or r.seats >= seats)", "(seats is None or r.seats >= max(seats, 1))", "seats=0"),
        ('jsonify({"error": "none"}), 404', "jsonify({}), 200", "/2=0"),
    ],
)
def test_an_edge_value_that_means_something_else_is_found_and_made_small(
    shop: tuple[Path, dict[str, object]], prove: Prove, old: str, new: str, named: str
) -> None:
    change(shop[0], (old, new))
    gate = prove("edge", **shop[1]).gates[0]
    assert gate.verdict == "failed", gate
    assert named in gate.why
    assert "name=" not in gate.evidence[-1]


def test_a_parameter_that_no_request_gives_is_tried_where_the_app_asks_for_it(
    shop: tuple[Path, dict[str, object]], prove: Prove
) -> None:
    """It is read in a view that the change leaves alone, and means something in a function that it changes."""
    folder, options = shop
    helper = 'def seated(room, seats):\n    return not seats or room.seats >= seats\n\n\n@app.get("/rooms")'
    change(folder, ('@app.get("/rooms")', helper), ("(not seats or r.seats >= seats)", "seated(r, seats)"))
    git(folder, "commit", "-qam", "a helper")
    other = (folder / "shop.py").read_text().replace("not seats or room", "seats is None or room")
    (folder / "shop.py").write_text(other.replace(">= seats\n", ">= max(seats, 1)\n"))
    gate = prove("edge", **{**options, "get": ["/rooms"]}).gates[0]
    assert gate.verdict == "failed", gate
    assert "seats=0" in gate.why


def test_more_rows_than_before_fail_the_budget(shop: tuple[Path, dict[str, object]], prove: Prove) -> None:
    change(shop[0], EAGER)  # photos also of the rooms that the filter leaves out
    gate = prove("budget", **shop[1]).gates[0]
    assert gate.verdict == "failed"
    assert "rows" in gate.why


def test_more_statements_on_another_route_fail_the_budget(shop: tuple[Path, dict[str, object]], prove: Prove) -> None:
    more = "found = session.get(Room, room_id)"
    change(shop[0], (more, f"{more}\n        session.execute(select(Room.id))"))
    gate = prove("budget", **shop[1]).gates[0]
    assert gate.verdict == "failed"
    assert "/rooms/2" in gate.why and "queries" in gate.why


def test_answers_that_are_random_are_no_verdict_with_the_field_named(
    shop: tuple[Path, dict[str, object]], prove: Prove
) -> None:
    change(shop[0], ('"name": r.name', '"name": __import__("random").random()'))
    git(shop[0], "commit", "-q", "-am", "random")
    gate = prove("contract", **shop[1]).gates[0]
    assert gate.verdict == "no verdict"
    assert gate.evidence == ("$[*].name",)


def test_a_base_that_answers_with_an_error_is_no_verdict(shop: tuple[Path, dict[str, object]], prove: Prove) -> None:
    gate = prove("contract", **{**shop[1], "get": ["/rooms/99"]}).gates[0]
    assert gate.verdict == "no verdict"
    assert "404" in gate.why


@pytest.mark.long
def test_an_order_that_only_chance_still_keeps_is_told_and_one_that_never_was_promised_is_not(
    shop: tuple[Path, dict[str, object]], prove: Prove
) -> None:
    repository, options = shop
    path, ordered = repository / "shop.py", 'relationship(order_by="Photo.id")'
    path.write_text(path.read_text().replace(ordered, "relationship()"))
    [gate] = prove("contract", **options).gates
    assert gate.verdict == "failed", gate
    assert "where rows lie otherwise in the database: $[0].photos" in gate.why and "order" in gate.why, gate.why
    git(repository, "commit", "-q", "-am", "photos in no order")
    path.write_text(path.read_text().replace(*EAGER))
    [gate] = prove("contract", **options).gates
    assert gate.verdict == "passed", gate
