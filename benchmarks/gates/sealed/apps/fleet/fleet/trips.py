import datetime as dt
import json
import logging
from functools import wraps

from flask import Blueprint, jsonify, request
from sqlalchemy import select, update
from sqlalchemy.orm import joinedload

from .engines import Session, engine
from .tables import Trip, rates, tolls, totals

bp = Blueprint("trips", __name__)
log = logging.getLogger(__name__)


def traced(function):
    @wraps(function)
    def wrapper(*args):
        result = function(*args)
        log.info("%s %s", function.__name__, json.dumps({"args": args, "result": result}, default=str, indent=1))
        return result

    return wrapper


@traced
def price(rate: str, metres: int, hour: int, day: dt.date) -> int:
    factor = 3 if hour < 6 else 2
    return metres * factor * (60 + int(rate[1:]) * 3) // 2000 + (50 if day.weekday() == 6 else 0)


def pace(metres: int, hour: int) -> int:
    if log.isEnabledFor(logging.DEBUG):
        log.debug("pace %s", json.dumps({"metres": metres, "hour": hour}))
    return metres // (hour + 1)


def rows_of(vehicle_id: int) -> list:
    statement = select(Trip.id, Trip.rate, Trip.metres, Trip.hour, Trip.day).where(Trip.vehicle_id == vehicle_id)
    with engine.connect() as connection:
        return connection.execute(statement.order_by(Trip.id).limit(90)).all()


@bp.get("/trips/costs")
def costs():
    rows = rows_of(request.args.get("vehicle", 1, type=int))
    return jsonify({row.id: price(row.rate, row.metres, row.hour, row.day) for row in rows})


@bp.get("/trips/pace")
def paces():
    rows = rows_of(request.args.get("vehicle", 1, type=int))
    return jsonify({row.id: pace(row.metres, row.hour) for row in rows})


@bp.get("/trips/odd")
def odd():
    rows = rows_of(request.args.get("vehicle", 1, type=int))
    strange = [row.id for row in rows if row.metres > 500_000]
    for trip_id in strange:
        log.warning("trip %s is too long for a day", trip_id)
    return jsonify(strange)


def trip_log(vehicle_id: int):
    return (
        select(Trip)
        .where(Trip.vehicle_id == vehicle_id)
        .options(joinedload(Trip.driver))
        .order_by(Trip.day, Trip.id)
        .limit(80)
    )


def line(trip: Trip, *more) -> list:
    return [trip.id, trip.vehicle_id, str(trip.day), trip.hour, trip.metres, trip.rate, trip.closed, *more]


@bp.get("/trips/log")
def logbook():
    with Session() as session:
        return jsonify([line(trip) for trip in session.scalars(trip_log(request.args.get("vehicle", 1, type=int)))])


@bp.get("/trips/crew")
def crew():
    with Session() as session:
        found = session.scalars(trip_log(request.args.get("vehicle", 1, type=int)))
        return jsonify([line(trip, trip.driver.name, trip.driver.licence) for trip in found])


@bp.get("/trips/night")
def night():
    with Session() as session:
        total, nightly = 0, []
        statement = select(Trip).where(Trip.vehicle_id == request.args.get("vehicle", 1, type=int)).limit(90)
        for trip in session.scalars(statement):
            total += trip.metres
            if trip.hour < 4:
                nightly.append(line(trip))
    part = sum(row[4] for row in nightly)
    return jsonify({"share": round(part / total, 4), "trips": nightly})


class Priced:
    def __init__(self, connection):
        self.connection = connection

    def rates(self) -> dict[str, int]:
        return {row.code: row.cents_per_km for row in self.connection.execute(select(rates))}

    def tolls(self) -> dict[str, int]:
        return {row.road: row.cents for row in self.connection.execute(select(tolls))}

    def trip(self, trip_id: int):
        return self.connection.execute(select(Trip.metres, Trip.rate).where(Trip.id == trip_id)).one()


@bp.get("/trips/<int:trip_id>/price")
def trip_price(trip_id: int):
    with engine.connect() as connection:
        priced = Priced(connection)
        trip = priced.trip(trip_id)
        return jsonify({"cents": trip.metres * priced.rates()[trip.rate] // 1000})


@bp.get("/trips/<int:trip_id>/toll")
def trip_toll(trip_id: int):
    roads = request.args["roads"].split(",")
    with engine.connect() as connection:
        priced = Priced(connection)
        known = priced.tolls()
        return jsonify({"metres": priced.trip(trip_id).metres, "cents": sum(known[road] for road in roads)})


@bp.post("/tolls/<road>")
def set_toll(road: str):
    with engine.begin() as connection:
        connection.execute(update(tolls).where(tolls.c.road == road).values(cents=request.get_json()["cents"]))
    return jsonify({"road": road})


@bp.post("/trips/close")
def close_day():
    day = dt.date.fromisoformat(request.args["day"])
    with Session() as session:
        session.execute(update(Trip).where(Trip.day == day).values(closed=True))
        session.commit()
        metres = list(session.scalars(select(Trip.metres).where(Trip.day == day)))
        session.execute(totals.delete().where(totals.c.day == day))
        session.execute(totals.insert().values(day=day, trips=len(metres), metres=sum(metres)))
        session.commit()
    return jsonify({"day": str(day), "trips": len(metres)})
