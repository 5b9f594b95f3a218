"""Too much of something: pages far back, totals, answers, text, objects."""

from __future__ import annotations

import json

from flask import Blueprint, Response, jsonify, request
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from desk.models import Database, Entry, Room, rooms

pages = Blueprint("bulk", __name__)


@pages.get("/deep-offset/planted")
@pages.get("/deep-offset/near")
def page_of_entries() -> Response:
    """The same statement: the last pages, and the second one."""
    skipped = int(request.args.get("skip", 0))
    with Database() as session:
        found = session.execute(select(Entry.id, Entry.amount).order_by(Entry.id).offset(skipped).limit(20))
        return jsonify([[row.id, row.amount] for row in found])


@pages.get("/count-all/planted")
def page_with_a_total() -> Response:
    with Database() as session:
        return jsonify([first_entries(session), count_of(session)])


def first_entries(session: Session) -> list[int]:
    return list(session.scalars(select(Entry.id).where(Entry.note.contains("0")).order_by(Entry.id).limit(20)))


def count_of(session: Session) -> int:
    return session.query(Entry).filter(Entry.note.contains("0")).count()


@pages.get("/count-all/near")
def page_with_a_small_total() -> Response:
    """What is counted are the twenty rows that are shown, and rooms by capacity, which is the answer."""
    with Database() as session:
        shown = session.scalar(select(func.count()).select_from(Entry).where(Entry.id <= 20))
        by_capacity = session.execute(select(Room.capacity, func.count()).group_by(Room.capacity))
        return jsonify([first_entries(session), shown, [list(row) for row in by_capacity]])


@pages.get("/large-payload/planted")
def all_entries() -> Response:
    with Database() as session:
        return jsonify([list(row) for row in session.execute(select(Entry.id, Entry.amount, Entry.note))])


@pages.get("/large-payload/near")
def some_entries() -> Response:
    """All of them without the long text."""
    with Database() as session:
        return jsonify([list(row) for row in session.execute(select(Entry.id, Entry.amount))])


@pages.get("/slow-serialisation/planted")
def rooms_prettily() -> Response:
    with Database() as session:
        return Response(prettily([with_hours(room) for room in rooms(session)]), mimetype="application/json")


@pages.get("/slow-serialisation/near")
def rooms_plainly() -> Response:
    """As many rooms with what a list shows, by the encoder that is written in C."""
    with Database() as session:
        return jsonify([told(room) for room in rooms(session)])


def told(room: Room) -> dict[str, object]:
    return {"id": room.id, "name": room.name, "at": [room.x, room.y], "price": room.price}


def with_hours(room: Room) -> dict[str, object]:
    return {**told(room), "hours": [[day, "08:00", "18:00"] for day in range(7)]}


def prettily(value: object) -> str:
    return json.dumps(value, indent=2)


@pages.get("/garbage-collection/planted")
def grid_of_objects() -> Response:
    with Database() as session:
        prices = [room.price for room in rooms(session, 50)]
    cells = grid(prices)
    return jsonify(len(cells))


def grid(prices: list[int]) -> list[dict[str, list[int]]]:
    """Keeps them all until the end."""
    return [{"at": [price, number]} for price in prices for number in range(600)]


@pages.get("/garbage-collection/near")
def grid_of_numbers() -> Response:
    """As many cells, none of which the collector has to look at."""
    with Database() as session:
        prices = [room.price for room in rooms(session, 50)]
    cells = [price * 10_000 + number for price in prices for number in range(600)]
    return jsonify(len(cells))
