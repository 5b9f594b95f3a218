"""Statements that need not be sent, and some that look like them."""

from __future__ import annotations

import time

from flask import Blueprint, Response, jsonify
from sqlalchemy import select
from sqlalchemy.orm import Session

from desk.models import Booking, Database, Owner, Rate, Room, Unpooled, Visit, rooms

pages = Blueprint("statements", __name__)


@pages.get("/loop-invariant-query/planted")
def converted_one_by_one() -> Response:
    with Database() as session:
        return jsonify([room.price * factor_of(session, "USD") for room in rooms(session, 12)])


def factor_of(session: Session, code: str) -> int:
    return session.execute(select(Rate.factor).where(Rate.code == code)).scalar_one()


@pages.get("/loop-invariant-query/near")
def converted_to_each() -> Response:
    """The loop's own values differ: another kind's business, and here three are all there ever will be."""
    with Database() as session:
        return jsonify([factor_of(session, code) for code in ("EUR", "USD", "CHF")])


@pages.get("/reordered-query/planted")
def listed_and_ranked() -> Response:
    with Database() as session:
        query = session.query(Room).filter(Room.capacity > 2)
        by_name = query.order_by(Room.name, Room.id).all()
        ranks = {room.id: rank for rank, room in enumerate(query.order_by(Room.price, Room.id).all())}
        return jsonify([[room.name, ranks[room.id]] for room in by_name])


@pages.get("/reordered-query/near")
def cheapest_and_dearest() -> Response:
    """The first rows of two orders are different rows."""
    with Database() as session:
        query = session.query(Room).filter(Room.capacity > 2)
        cheap = query.order_by(Room.price, Room.id).limit(5).all()
        dear = query.order_by(Room.price.desc(), Room.id).limit(5).all()
        return jsonify([room.name for room in [*cheap, *dear]])


@pages.get("/derivable-query/planted")
def owners_and_their_names() -> Response:
    with Database() as session:
        owners = session.query(Owner).order_by(Owner.id).all()
        names = names_of(session, [owner.id for owner in owners])
        return jsonify([[owner.id, names[owner.id]] for owner in owners])


def names_of(session: Session, ids: list[int]) -> dict[int, str]:
    found = session.execute(select(Owner.id, Owner.name).where(Owner.id.in_(ids)))
    return {row.id: row.name for row in found}


@pages.get("/derivable-query/near")
def rooms_and_their_owners() -> Response:
    """Only the owners' numbers are at hand."""
    with Database() as session:
        found = rooms(session, 30)
        names = names_of(session, [room.owner_id for room in found])
        return jsonify([[room.name, names[room.owner_id]] for room in found])


@pages.get("/derivable-query/again")
def allowed_and_greeted() -> Response:
    may = may_enter(3)
    with Database() as session:
        owner = session.scalars(select(Owner).where(Owner.id == 3)).one()
        return jsonify([owner.id, owner.name, may])


def may_enter(number: int) -> bool:
    """Fetches the whole row in a session of its own, and tells a yes or no."""
    with Database() as session:
        owner = session.scalars(select(Owner).where(Owner.id == number).limit(1)).first()
        return owner is not None and owner.id == number


@pages.get("/derivable-query/near-again")
def another_one_greeted() -> Response:
    """Two texts of one table, as before, for two rows."""
    may = may_enter(4)
    with Database() as session:
        owner = session.scalars(select(Owner).where(Owner.id == 3)).one()
        return jsonify([owner.id, owner.name, may])


@pages.get("/unused-query/planted")
def closed_today() -> Response:
    with Database() as session:
        taken = bookings_of(session, 3)
        if is_holiday():
            return jsonify([])
        return jsonify([booking.room_id for booking in taken])


def bookings_of(session: Session, hour: int) -> list[Booking]:
    return list(session.scalars(select(Booking).where(Booking.hour == hour).order_by(Booking.id)))


def is_holiday() -> bool:
    return True


@pages.get("/unused-query/near")
def filled_beforehand() -> Response:
    """What is loaded into the session is read through `get` later on, which then sends nothing."""
    with Database() as session:
        kept = list(session.scalars(select(Owner)))
        found = [session.get(Owner, number) for number in range(1, 21)]
        return jsonify([owner.name for owner in found if owner] + [len(kept)])


@pages.get("/connection-held/planted")
def held_while_waiting() -> Response:
    with Database() as session:
        names = [room.name for room in rooms(session, 5)]
        time.sleep(0.12)
        return jsonify(names)


@pages.get("/connection-held/near")
def given_back_before() -> Response:
    with Database() as session:
        names = [room.name for room in rooms(session, 5)]
    time.sleep(0.12)
    return jsonify(names)


@pages.get("/pool-wait/planted")
def connected_anew() -> Response:
    with Unpooled() as session:
        return jsonify([room.name for room in rooms(session, 5)])


@pages.get("/pool-wait/near")
def connected_already() -> Response:
    """Slow, but not for its connection."""
    time.sleep(0.01)
    with Database() as session:
        return jsonify([room.name for room in rooms(session, 5)])


@pages.get("/cacheable-response/planted")
def figures() -> Response:
    with Database() as session:
        found = rooms(session)
        time.sleep(0.12)
        return jsonify(sum(room.price for room in found))


@pages.get("/cacheable-response/near")
def figures_counted() -> Response:
    """Each visit is written down: an answer from memory would lose it."""
    with Database() as session:
        found = rooms(session)
        session.add(Visit(page="figures"))
        session.commit()
        time.sleep(0.12)
        return jsonify(len(found))
