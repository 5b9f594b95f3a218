import time
from concurrent.futures import ThreadPoolExecutor
from functools import partial

from flask import Blueprint, jsonify, request
from sqlalchemy import func, select

from .engines import engine, exporting, reporting
from .tables import Service, Trip, Vehicle, depots, positions

bp = Blueprint("reports", __name__)
DEPOT = Vehicle.depot_id.label("depot")

SECTIONS = {
    "vehicles": select(func.count(Vehicle.id)),
    "upkeep": select(func.sum(Service.cents)).join(Vehicle, Vehicle.id == Service.vehicle_id),
    "mileage": select(func.max(Vehicle.mileage)),
}


def section(engine, name: str, depot_id: int) -> int:
    with engine.connect() as connection:
        return connection.scalar(SECTIONS[name].where(Vehicle.depot_id == depot_id))


@bp.get("/reports/<name>")
def report(name: str):
    return jsonify({name: section(reporting, name, request.args.get("depot", 1, type=int))})


@bp.get("/figures/<name>")
def figure(name: str):
    return jsonify({name: section(engine, name, request.args.get("depot", 1, type=int))})


def region_sum(source, region: str) -> list:
    statement = (
        select(func.count(), func.sum(Trip.metres))
        .join(Vehicle, Vehicle.id == Trip.vehicle_id)
        .join(depots, depots.c.id == Vehicle.depot_id)
        .where(depots.c.region == region)
    )
    with source.connect() as connection:
        return list(connection.execute(statement).one())


@bp.get("/exports/regions")
def regions():
    wanted = request.args.get("regions", "NESW")
    with ThreadPoolExecutor(len(wanted)) as pool:
        return jsonify(dict(zip(wanted, pool.map(partial(region_sum, exporting), wanted), strict=True)))


@bp.get("/figures/metres/by-region")
def metres_by_region():
    wanted = request.args.get("regions", "NES")
    with ThreadPoolExecutor(len(wanted)) as pool:
        found = pool.map(partial(region_sum, engine), wanted)
        return jsonify({region: metres for region, (_trips, metres) in zip(wanted, found, strict=True)})


def depot_lines(connection, region: str):
    for depot in connection.execute(select(depots).where(depots.c.region == region)).all():
        yield (
            depot.name,
            depot.place,
            connection.scalar(
                select(func.avg(Trip.metres)).join(Vehicle, Vehicle.id == Trip.vehicle_id).where(depot.id == DEPOT)
            ),
        )


@bp.get("/overview")
def overview():
    with engine.connect() as connection:
        lines = depot_lines(connection, request.args.get("region", "N"))
        return jsonify([f"{name} ({place}): {round(metres or 0)}" for name, place, metres in lines])


class Kept:
    def __init__(self, make, seconds: float):
        self.make, self.seconds, self.known = make, seconds, {}

    def __call__(self, *args):
        until, value = self.known.get(args, (0.0, None))
        if until < time.monotonic():
            value = self.make(*args)
            self.known[args] = (time.monotonic() + self.seconds, value)
        return value


def count_speeds(step: int, without: str | None = None) -> dict[int, int]:
    band = (positions.c.speed // step).label("band")
    rank = func.rank().over(partition_by=positions.c.vehicle, order_by=positions.c.speed)
    change = positions.c.speed - func.lag(positions.c.speed, 1, 0).over(
        partition_by=positions.c.vehicle, order_by=positions.c.minute
    )
    ranked = select(band, rank.label("rank"), change.label("change")).join(Vehicle, Vehicle.id == positions.c.vehicle)
    if without:
        ranked = ranked.where(Vehicle.kind != without)
    ranked = ranked.subquery()
    with engine.connect() as connection:
        rows = connection.execute(
            select(ranked.c.band, func.avg(ranked.c.rank), func.max(ranked.c.change)).group_by(ranked.c.band)
        ).all()
    return {int(key): [round(mean, 2), change] for key, mean, change in rows}


speeds = Kept(count_speeds, 600)


@bp.get("/speeds")
def speed_bands():
    return jsonify(speeds(request.args.get("step", 10, type=int)))


@bp.get("/speeds/without/<kind>")
def speed_bands_without(kind: str):
    return jsonify(count_speeds(request.args.get("step", 10, type=int), kind))
