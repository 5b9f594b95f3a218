"""Writes, related objects, other services."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

from flask import Blueprint, Response, jsonify, request
from sqlalchemy import insert, select, update
from sqlalchemy.orm import Session, joinedload

from desk.models import Database, Owner, Room, Visit, rooms
from desk.service import ask

pages = Blueprint("further", __name__)


@pages.get("/n-plus-one-write/planted")
def raised_one_by_one() -> Response:
    with Database() as session:
        for number in range(1, 13):
            session.execute(update(Room).where(Room.id == number).values(x=Room.x))
        session.commit()
    return jsonify("raised")


@pages.get("/n-plus-one-write/near")
def raised_at_once() -> Response:
    """One statement for all of them, and one with many rows."""
    with Database() as session:
        session.execute(update(Room).where(Room.id <= 12).values(x=Room.x))
        session.execute(insert(Visit), [{"page": f"page {number}"} for number in range(12)])
        session.commit()
    return jsonify("raised")


@pages.get("/commit-per-row/planted")
def kept_one_by_one() -> Response:
    with Database() as session:
        for number in range(6):
            session.add(Visit(page=f"page {number}"))
            session.commit()
    return jsonify("kept")


@pages.get("/commit-per-row/near")
def kept_at_once() -> Response:
    with Database() as session:
        for number in range(6):
            session.add(Visit(page=f"page {number}"))
        session.commit()
    return jsonify("kept")


@pages.get("/growth/planted")
def owner_of_each() -> Response:
    with Database() as session:
        found = rooms(session, int(request.args.get("size", 20)))
        return jsonify([name_of(session, room.owner_id) for room in found])


def name_of(session: Session, number: int) -> str:
    return session.execute(select(Owner.name).where(Owner.id == number)).scalar_one()


@pages.get("/unused-eager-load/planted")
def rooms_with_owners() -> Response:
    with Database() as session:
        found = session.scalars(select(Room).options(joinedload(Room.owner)).order_by(Room.id)).all()
        return jsonify([room.name for room in found])


@pages.get("/unused-eager-load/near")
def rooms_and_owners() -> Response:
    with Database() as session:
        found = session.scalars(select(Room).options(joinedload(Room.owner)).order_by(Room.id)).all()
        return jsonify([[room.name, room.owner.name] for room in found])


@pages.get("/n-plus-one-http/planted")
def asked_for_each() -> Response:
    with Database() as session:
        numbers = [room.id for room in rooms(session, 6)]
    return jsonify([ask(f"room/{number}") for number in numbers])


@pages.get("/n-plus-one-http/near")
def asked_for_all() -> Response:
    with Database() as session:
        numbers = [str(room.id) for room in rooms(session, 6)]
    return jsonify(ask("rooms/" + ",".join(numbers)))


@pages.get("/serial-external-calls/planted")
def one_after_the_other() -> Response:
    weather = ask("weather")
    traffic = ask("traffic")
    return jsonify([weather, traffic])


@pages.get("/serial-external-calls/near")
def at_the_same_time() -> Response:
    with ThreadPoolExecutor(2) as pool:
        return jsonify(list(pool.map(ask, ["weather", "traffic"])))


@pages.get("/n-plus-one-query/planted")
def read_after_expiry() -> Response:
    with Database() as session:
        found = rooms(session, 20)
        session.expire_all()
        names = []
        for room in found:
            names.append(room.name)
        return jsonify(names)


@pages.get("/n-plus-one-query/near")
def expired_after_reading() -> Response:
    with Database() as session:
        names = [room.name for room in rooms(session, 20)]
        session.expire_all()
        return jsonify(names)
