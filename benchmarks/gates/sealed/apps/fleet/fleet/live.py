"""What is answered with the help of other services."""

from functools import partial

from flask import Blueprint, jsonify, request
from sqlalchemy import select

from . import services
from .engines import Session, engine
from .tables import Vehicle, depots

bp = Blueprint("live", __name__)


def ids_of(depot_id: int, most: int) -> list[int]:
    with engine.connect() as connection:
        return list(
            connection.scalars(
                select(Vehicle.id).where(Vehicle.depot_id <= depot_id).order_by(Vehicle.id.desc()).limit(most)
            )
        )


def place_of(depot_id: int) -> str:
    with engine.connect() as connection:
        return connection.scalar(select(depots.c.place).where(depots.c.id == depot_id))


@bp.get("/live/map")
def fleet_map():
    points = map(services.position, ids_of(request.args.get("depot", 1, type=int), 8))
    return jsonify([[point["lat"], point["lon"]] for point in points])


@bp.get("/live/overview")
def overview():
    points = services.all_positions(ids_of(request.args.get("depot", 1, type=int), 80))
    return jsonify([[point["lat"], point["lon"]] for point in points])


class Conditions:
    def __init__(self, place: str):
        self.place = place

    @property
    def road(self) -> dict:
        return services.traffic(self.place)

    @property
    def sky(self) -> dict:
        return services.weather(self.place)

    def as_dict(self) -> dict:
        return {"place": self.place, **self.road, **self.sky, **services.fuel(self.place)}


@bp.get("/depots/<int:depot_id>/conditions")
def conditions(depot_id: int):
    return jsonify(Conditions(place_of(depot_id)).as_dict())


@bp.get("/depots/<int:depot_id>/conditions/brief")
def brief(depot_id: int):
    place = place_of(depot_id)
    return jsonify(
        services.together(
            road=partial(services.traffic, place),
            sky=partial(services.weather, place),
            fuel=partial(services.fuel, place),
        )
    )


@bp.get("/depots/<int:depot_id>/delay")
def delay(depot_id: int):
    sky = services.weather(place_of(depot_id))
    road = services.traffic_in(sky["zone"])
    return jsonify({"minutes": road["delay"] + sky["rain"]})


@bp.get("/vehicles/<int:vehicle_id>/faults")
def faults(vehicle_id: int):
    with Session() as session:
        vehicle = session.get_one(Vehicle, vehicle_id)
        codes = services.diagnose(vehicle.id)
        return jsonify({"label": vehicle.label, "mileage": vehicle.mileage, "codes": codes})


@bp.get("/vehicles/<int:vehicle_id>/diagnosis")
def diagnosis(vehicle_id: int):
    with Session() as session:
        vehicle = session.get_one(Vehicle, vehicle_id)
        sheet = {"label": vehicle.label, "mileage": vehicle.mileage}
    return jsonify(sheet | {"codes": services.diagnose(vehicle_id)})
