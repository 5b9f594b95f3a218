from functools import cached_property, partial, wraps

from flask import Blueprint, jsonify, request
from sqlalchemy import select

from . import services
from .engines import Session, engine
from .live import ids_of, place_of
from .tables import Alarm, Vehicle

bp = Blueprint("dispatch", __name__)


class Page:
    def __init__(self, rows, size: int = 15):
        self.rows, self.size = list(rows), size

    def __getitem__(self, number: int) -> list:
        return self.rows[(number - 1) * self.size : number * self.size]

    @property
    def last(self) -> int:
        return -(-len(self.rows) // self.size)


@bp.get("/depots/<int:depot_id>/alarms")
def alarms(depot_id: int):
    with Session() as session:
        pages = Page(session.scalars(select(Alarm).where(Alarm.depot_id == depot_id).order_by(Alarm.id)))
        shown = pages[request.args.get("page", 1, type=int)]
        return jsonify(
            {
                "pages": pages.last,
                "alarms": [
                    [alarm.id, alarm.vehicle_id, str(alarm.day), alarm.level, alarm.text, alarm.depot_id]
                    for alarm in shown
                ],
            }
        )


def ordered(connection, depot_id: int, *order) -> list[str]:
    rows = connection.execute(
        select(Vehicle.label, Vehicle.mileage).where(Vehicle.depot_id == depot_id).order_by(*order)
    )
    return [f"{row.label}: {row.mileage}" for row in rows]


@bp.get("/depots/<int:depot_id>/lists")
def lists(depot_id: int):
    with engine.connect() as connection:
        of_depot = partial(ordered, connection, depot_id)
        return jsonify({"labels": of_depot(Vehicle.label), "mileage": of_depot(Vehicle.mileage.desc(), Vehicle.id)})


@bp.get("/depots/compare")
def compare():
    with engine.connect() as connection:
        one = ordered(connection, request.args.get("one", 1, type=int), Vehicle.label)
        other = ordered(connection, request.args.get("other", 2, type=int), Vehicle.mileage.desc(), Vehicle.id)
    return jsonify({"labels": one, "mileage": other})


@bp.get("/live/weather")
def weather():
    places = [place_of(int(number)) for number in request.args["between"].split("-", 1)]
    return jsonify({place: services.weather(place)["rain"] for place in places})


class Marker:
    def __init__(self, vehicle_id: int):
        self.vehicle_id = vehicle_id

    @cached_property
    def point(self) -> dict:
        return services.position(self.vehicle_id)

    def __lt__(self, other: "Marker") -> bool:
        return self.point["lat"] < other.point["lat"]


@bp.get("/live/northbound")
def northbound():
    markers = sorted(Marker(number) for number in ids_of(request.args.get("depot", 1, type=int), 7))
    return jsonify([marker.vehicle_id for marker in markers])


def with_fuel(view):
    @wraps(view)
    def wrapper(depot_id: int):
        return view(depot_id, services.fuel(place_of(depot_id))["cents"])

    return wrapper


@bp.get("/depots/<int:depot_id>/quote")
@with_fuel
def quote(depot_id: int, cents: int):
    minutes = services.traffic_in(request.args["zone"])["delay"]
    return jsonify({"cents": cents * 40 + minutes * 60})
