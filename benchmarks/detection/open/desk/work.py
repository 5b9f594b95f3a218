"""What the processor does too often, and what it does because it has to."""

from __future__ import annotations

import hashlib
import logging

from flask import Blueprint, Response, jsonify, request
from sqlalchemy import select
from sqlalchemy.orm import Session

from desk.models import Booking, Database, Owner, Setting, rooms

pages = Blueprint("work", __name__)
log = logging.getLogger("desk")
WEEKS = 5


@pages.get("/excessive-logging/planted")
def told_of_each() -> Response:
    with Database() as session:
        answer = []
        for room in rooms(session):
            data = {"id": room.id, "name": room.name, "note": room.note}
            log.info("room %s", data)
            answer.append(data)
        return jsonify(answer)


@pages.get("/excessive-logging/near")
def told_once() -> Response:
    """What should not be is told of each, and the figures once."""
    with Database() as session:
        found = rooms(session)
        log.info("%d rooms", len(found))
        for room in found:
            if room.price % 30 == 1:
                log.warning("room %d has an odd price", room.id)
        return jsonify(len(found))


@pages.get("/static-lookup/planted")
def with_settings() -> Response:
    with Database() as session:
        settings = load_settings(session)
        return jsonify([settings["k1"], len(rooms(session, 3))])


@pages.get("/static-lookup/elsewhere")
def with_settings_too() -> Response:
    with Database() as session:
        return jsonify(load_settings(session)["k2"])


def load_settings(session: Session) -> dict[str, str]:
    return {row.key: row.value for row in session.scalars(select(Setting).order_by(Setting.id))}


class Rules:
    """The house's, for a part of it."""

    def __init__(self, session: Session, part: str) -> None:
        self.session, self.part = session, part

    def all(self) -> dict[str, str]:
        return {row.key: row.value for row in self.session.scalars(select(Setting).order_by(Setting.id.desc()))}

    def of_part(self) -> list[str]:
        every = self.session.scalars(select(Setting).order_by(Setting.value, Setting.id))
        return [row.value for row in every if row.key.endswith(self.part)]


@pages.get("/static-lookup/held")
def rule_of_a_part() -> Response:
    with Database() as session:
        return jsonify(Rules(session, request.args["part"]).all()["k1"])


@pages.get("/static-lookup/near-held")
def rules_of_a_part() -> Response:
    """What is read is always the same, what is made of it depends on the object."""
    with Database() as session:
        return jsonify(Rules(session, request.args["part"]).of_part())


@pages.get("/static-lookup/expanded")
def with_a_tree() -> Response:
    with Database() as session:
        return jsonify(load_tree(session)["k1"])


@pages.get("/static-lookup/expanded-too")
def with_a_tree_too() -> Response:
    with Database() as session:
        return jsonify(load_tree(session)["k2"])


def load_tree(session: Session) -> dict[str, list[str]]:
    """The same for all requests, and dear to put together: one cause."""
    return expanded([(row.key, row.value) for row in session.scalars(select(Setting).order_by(Setting.id))])


def expanded(settings: list[tuple[str, str]]) -> dict[str, list[str]]:
    tree = {}
    for key, _ in settings:
        below = []
        for _, value in settings:
            if value[1:] == key[1:]:
                below.append(value)
        tree[key] = below
    return tree


@pages.get("/static-lookup/near")
def one_owner() -> Response:
    """What is read is what was asked for."""
    with Database() as session:
        return jsonify(owner_named(session, request.args.get("name", "")))


def owner_named(session: Session, name: str) -> list[int]:
    return list(session.scalars(select(Owner.id).where(Owner.name == name)))


@pages.get("/repeated-call/planted")
def scored_for_each() -> Response:
    with Database() as session:
        return jsonify([[room.id, score(room.owner_id)] for room in rooms(session, 100)])


def score(owner: int) -> int:
    return sum(owner * number % 7 for number in range(3000))


@pages.get("/repeated-call/near")
def scored_once() -> Response:
    """As many calls, each for another room."""
    with Database() as session:
        return jsonify([[room.id, score(room.id)] for room in rooms(session, 100)])


@pages.get("/hot-loop/planted")
def taken_hours() -> Response:
    with Database() as session:
        bookings = [(one.room_id, one.hour) for one in session.scalars(select(Booking))] * WEEKS
        numbers = [room.id for room in rooms(session)]
    answer = []
    for number in numbers:
        hours = []
        for room, hour in bookings:
            if room == number:
                hours.append(hour)
        answer.append([number, hours])
    return jsonify(answer)


@pages.get("/cpu-hotspot/planted")
def signed_in_each_time() -> Response:
    with Database() as session:
        return jsonify([digest(request.args.get("secret", ""), 60_000), len(rooms(session, 20))])


@pages.get("/cpu-hotspot/near")
def signed() -> Response:
    """The same for a key that needs no stretching."""
    with Database() as session:
        return jsonify([digest(request.args.get("secret", ""), 60), len(rooms(session, 20))])


def digest(secret: str, rounds: int) -> str:
    return hashlib.pbkdf2_hmac("sha256", secret.encode(), b"desk", rounds).hex()


@pages.get("/hot-loop/called")
def taken_hours_of_each() -> Response:
    with Database() as session:
        bookings = [(one.room_id, one.hour) for one in session.scalars(select(Booking))]
        numbers = [room.id for room in rooms(session)] * WEEKS
    return jsonify([[number, hours_of(number, bookings)] for number in numbers])


def hours_of(number: int, bookings: list[tuple[int, int]]) -> list[int]:
    hours = []
    for room, hour in bookings:
        if room == number:
            hours.append(hour)
    return hours


@pages.get("/hot-loop/near")
def taken_hours_by_room() -> Response:
    """The same answer, each booking looked at once."""
    with Database() as session:
        bookings = [(one.room_id, one.hour) for one in session.scalars(select(Booking))] * WEEKS
        numbers = [room.id for room in rooms(session)]
    by_room: dict[int, list[int]] = {}
    for room, hour in bookings:
        by_room.setdefault(room, []).append(hour)
    return jsonify([[number, by_room.get(number, [])] for number in numbers])
