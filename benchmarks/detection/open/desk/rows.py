"""Rows and columns that the database could have left where they were, and some that it could not."""

from __future__ import annotations

from operator import attrgetter

from flask import Blueprint, Response, jsonify, request
from sqlalchemy import func, select

from desk.models import Booking, Database, Room, rooms

pages = Blueprint("rows", __name__)


@pages.get("/filter-in-app/planted")
def large_rooms() -> Response:
    with Database() as session:
        return jsonify([shown(room) for room in large_ones(rooms(session))])


def large_ones(found: list[Room]) -> list[Room]:
    kept = []
    for room in found:
        if room.capacity < 9:
            continue
        kept.append(room)
    return kept


def shown(room: Room) -> dict[str, object]:
    return {"id": room.id, "name": room.name, "price": room.price, "note": room.note, "capacity": room.capacity}


@pages.get("/filter-in-app/near")
def rooms_with_a_mark() -> Response:
    """The condition decides how a room is shown; all of them are."""
    with Database() as session:
        answer = []
        for room in rooms(session):
            data = shown(room)
            if room.capacity >= 9:
                data["mark"] = "large"
            answer.append(data)
        return jsonify(answer)


@pages.get("/filter-in-app/asked")
def free_at_all() -> Response:
    with Database() as session:
        taken = session.query(Booking).filter(Booking.room_id < 10).order_by(Booking.id).all()
        return jsonify(is_taken(taken, 3))


def is_taken(bookings: list[Booking], hour: int) -> bool:
    return any(booking.hour == hour for booking in bookings)


@pages.get("/filter-in-app/near-asked")
def free_and_shown() -> Response:
    """The same question, of rows that are shown as well."""
    with Database() as session:
        taken = session.query(Booking).filter(Booking.room_id < 10).order_by(Booking.id).all()
        return jsonify([is_taken(taken, 3), [[booking.room_id, booking.hour] for booking in taken]])


@pages.get("/sort-in-app/planted")
def by_price() -> Response:
    with Database() as session:
        found = session.query(Room).all()
        ordered = sorted(found, key=lambda room: (room.price, room.id))
        return jsonify([shown(room) for room in ordered])


BY_CAPACITY = attrgetter("capacity", "id")


@pages.get("/sort-in-app/named")
def by_capacity() -> Response:
    """The key is made elsewhere, and no Python of ours runs between the sort and the columns."""
    with Database() as session:
        found = session.query(Room).all()
        found.sort(key=BY_CAPACITY)
        return jsonify([shown(room) for room in found])


def name_and_id(room: Room) -> tuple[str, int]:
    return room.name, room.id


def nearness(room: Room) -> tuple[float, int]:
    return distance(room, 3, 4), room.id


ORDERS = {"name": name_and_id, "near": nearness}


@pages.get("/sort-in-app/chosen")
def in_an_order() -> Response:
    with Database() as session:
        order = ORDERS[request.args["by"]]
        return jsonify([[room.id, room.name] for room in sorted(session.query(Room), key=order)])


@pages.get("/sort-in-app/near")
def nearest() -> Response:
    """The order is one that only Python knows."""
    with Database() as session:
        found = session.query(Room).all()
        found.sort(key=lambda room: (distance(room, 3, 4), room.id))
        return jsonify([shown(room) for room in found])


def distance(room: Room, x: int, y: int) -> int:
    return abs(room.x - x) + abs(room.y - y)


@pages.get("/paginate-in-app/planted")
def page_of_all() -> Response:
    page, size = int(request.args.get("page", 1)), int(request.args.get("size", 20))
    with Database() as session:
        found = session.query(Room).all()
        found.sort(key=lambda room: (room.price, room.id))
        first = (page - 1) * size
        return jsonify([shown(room) for room in found[first : first + size]])


@pages.get("/paginate-in-app/late")
def page_of_all_shown() -> Response:
    page, size = int(request.args.get("page", 1)), int(request.args.get("size", 20))
    with Database() as session:
        answer = [shown(room) for room in session.query(Room).order_by(Room.id)]
    first = (page - 1) * size
    return jsonify(answer[first : first + size])


@pages.get("/paginate-in-app/computed")
def page_of_the_nearest() -> Response:
    page, size = int(request.args.get("page", 1)), int(request.args.get("size", 20))
    with Database() as session:
        found = session.query(Room).all()
        found.sort(key=lambda room: (distance(room, 3, 4), room.id))
        first = (page - 1) * size
        return jsonify([shown(room) for room in found[first : first + size]])


@pages.get("/paginate-in-app/near")
def notes_cut_short() -> Response:
    """Texts are cut, not the list; and the list has its LIMIT."""
    width = int(request.args.get("width", 12))
    with Database() as session:
        cut = [room.note[:width] for room in session.query(Room).order_by(Room.id)]
        shown_first = [shown(room) for room in session.query(Room).order_by(Room.price, Room.id).limit(20)]
        return jsonify([cut, shown_first])


@pages.get("/over-fetched-columns/planted")
def names_alone() -> Response:
    with Database() as session:
        return jsonify([room.name for room in session.query(Room)])


@pages.get("/over-fetched-columns/near")
def names_selected() -> Response:
    with Database() as session:
        total = session.scalar(select(func.count()).select_from(Room))
        return jsonify([[row.id, row.name] for row in session.execute(select(Room.id, Room.name))] + [total])
