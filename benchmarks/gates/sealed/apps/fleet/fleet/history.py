from flask import Blueprint, jsonify, request
from sqlalchemy import func, select

from .engines import Session, archive, engine
from .tables import Driver, Trip, Vehicle, inspections, rates

bp = Blueprint("history", __name__)


@bp.get("/vehicles/<int:vehicle_id>/history")
def of_vehicle(vehicle_id: int):
    with Session() as session:
        label = session.scalar(select(Vehicle.label).where(Vehicle.id == vehicle_id))
    with archive.connect() as connection:
        rows = connection.execute(
            select(inspections.c.day, inspections.c.result)
            .where(inspections.c.vehicle == vehicle_id)
            .order_by(inspections.c.day)
        ).all()
    return jsonify({"label": label, "inspections": [f"{row.day} {row.result}" for row in rows]})


class Wages:
    def __init__(self, code: str):
        with engine.connect() as connection:
            self.cents = connection.scalar(select(rates.c.cents_per_km).where(rates.c.code == code))

    def earned(self, metres: int) -> int:
        return metres * self.cents // 1000


@bp.get("/drivers/<int:driver_id>/wages")
def wages(driver_id: int):
    with Session() as session:
        driver = session.get_one(Driver, driver_id)
        metres = session.scalar(select(func.sum(Trip.metres)).where(Trip.driver_id == driver_id)) or 0
        paid = Wages(request.args.get("rate", "R10"))
        return jsonify({"driver": f"{driver.name} ({driver.licence})", "cents": paid.earned(metres)})
