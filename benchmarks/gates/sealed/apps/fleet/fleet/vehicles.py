import math

from flask import Blueprint, g, jsonify, request
from sqlalchemy import func, select

from .engines import Session, engine
from .tables import Alarm, Grant, Service, Trip, Vehicle, depots, positions

bp = Blueprint("vehicles", __name__)


@bp.get("/vehicles")
def listing():
    with Session() as session:
        found = session.scalars(select(Vehicle).where(Vehicle.depot_id == request.args.get("depot", 1, type=int)))
        return jsonify([vehicle.to_json() for vehicle in found])


def metres(lat: float, lon: float, other_lat: float, other_lon: float) -> float:
    north, east = math.radians(other_lat - lat), math.radians(other_lon - lon)
    a = (
        math.sin(north / 2) ** 2
        + math.cos(math.radians(lat)) * math.cos(math.radians(other_lat)) * math.sin(east / 2) ** 2
    )
    return 12_742_000 * math.asin(math.sqrt(a))


@bp.get("/vehicles/nearest")
def nearest():
    here = request.args["lat"], request.args["lon"]
    lat, lon = map(float, here)
    with engine.connect() as connection:
        places = connection.execute(select(Vehicle.id, Vehicle.lat, Vehicle.lon)).all()
        first = sorted(places, key=lambda place: metres(lat, lon, place.lat, place.lon))[:10]
        wanted = {place.id: number for number, place in enumerate(first)}
        rows = connection.execute(select(Vehicle.id, Vehicle.label).where(Vehicle.id.in_(wanted))).all()
    return jsonify([row.label for row in sorted(rows, key=lambda row: wanted[row.id])])


def depot_name(connection, depot_id: int) -> str:
    return connection.scalar(select(depots.c.name).where(depots.c.id == depot_id))


@bp.get("/vehicles/sheet")
def sheet():
    with engine.connect() as connection:
        rows = connection.execute(
            select(Vehicle.label, Vehicle.depot_id).where(
                Vehicle.depot_id == request.args.get("depot", 1, type=int), Vehicle.kind == "van"
            )
        ).all()
        names = {depot_id: depot_name(connection, depot_id) for depot_id in {row.depot_id for row in rows}}
    return jsonify([f"{row.label} of {names[row.depot_id]}" for row in rows])


def head(connection, vehicle_id: int):
    return connection.execute(
        select(Vehicle.id, Vehicle.label, Vehicle.kind, Vehicle.mileage, depots.c.name)
        .join(depots, depots.c.id == Vehicle.depot_id)
        .where(Vehicle.id == vehicle_id)
    ).one()


def title(connection, vehicle_id: int) -> str:
    row = head(connection, vehicle_id)
    return f"{row.label}, {row.kind}, {row.name}"


def wear(connection, vehicle_id: int) -> float:
    cents = connection.scalar(select(func.sum(Service.cents)).where(Service.vehicle_id == vehicle_id)) or 0
    return round(cents / max(1, head(connection, vehicle_id).mileage), 4)


def distance(connection, vehicle_id: int) -> int:
    return connection.scalar(select(func.sum(Trip.metres)).where(Trip.vehicle_id == vehicle_id)) or 0


@bp.get("/vehicles/<int:vehicle_id>")
def page(vehicle_id: int):
    with engine.connect() as connection:
        return jsonify(
            {
                "title": title(connection, vehicle_id),
                "wear": wear(connection, vehicle_id),
                "metres": distance(connection, vehicle_id),
            }
        )


class Track:
    def __init__(self, vehicle_id: int, first: int):
        self.statement = (
            select(positions.c.minute, positions.c.speed)
            .where(positions.c.vehicle == vehicle_id, positions.c.minute >= first)
            .order_by(positions.c.minute)
        )

    def __iter__(self):
        with engine.connect() as connection:
            yield from connection.execute(self.statement).all()


@bp.get("/vehicles/<int:vehicle_id>/track")
def track(vehicle_id: int):
    points = Track(vehicle_id, request.args.get("from", 0, type=int))
    return jsonify([[point.minute, point.speed] for point in points])


def granted(session) -> set[int]:
    if "depots" not in g:
        user = request.headers.get("X-User", "")
        g.depots = set(session.scalars(select(Grant.depot_id).where(Grant.user == user)))
    return g.depots


def may_see(session, thing) -> bool:
    return thing.depot_id in granted(session)


@bp.get("/alarms")
def alarms():
    with Session() as session:
        found = session.scalars(select(Alarm).where(Alarm.day == request.args["day"]).order_by(Alarm.id))
        return jsonify(
            [
                {"id": alarm.id, "vehicle": alarm.vehicle_id, "level": alarm.level, "text": alarm.text}
                for alarm in found
                if may_see(session, alarm)
            ]
        )
