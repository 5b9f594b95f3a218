"""What changes data: odometers, zones, tracks."""

from flask import Blueprint, jsonify, request
from sqlalchemy import delete, insert, select, update

from .engines import Session
from .tables import Vehicle, positions, tracks, zones

bp = Blueprint("yard", __name__)


def set_odometer(session, vehicle_id: int, mileage: int) -> int:
    changed = session.execute(update(Vehicle).where(Vehicle.id == vehicle_id).values(mileage=mileage))
    return changed.rowcount


@bp.post("/odometers")
def odometers():
    readings = request.get_json()
    with Session.begin() as session:
        changed = [set_odometer(session, *reading) for reading in readings]
    return jsonify({"changed": sum(changed)})


def descend(session, names: list[str], parent: int | None = None) -> int:
    if not names:
        return 0
    made = session.execute(insert(zones).values(name=names[0], parent=parent))
    return 1 + descend(session, names[1:], made.inserted_primary_key[0])


@bp.post("/zones")
def make_zones():
    with Session.begin() as session:
        return jsonify({"depth": descend(session, request.get_json()["path"].split("/"))})


@bp.post("/tracks/rebuild")
def rebuild():
    with Session() as session:
        session.execute(delete(tracks))
        found = session.execute(
            select(positions.c.vehicle, positions.c.minute, positions.c.speed).where(
                positions.c.id <= request.args.get("last", 3000, type=int)
            )
        ).all()
        for first in range(0, len(found), 1000):
            session.execute(insert(tracks), [dict(row._mapping) for row in found[first : first + 1000]])
            session.commit()
    return jsonify({"points": len(found)})
