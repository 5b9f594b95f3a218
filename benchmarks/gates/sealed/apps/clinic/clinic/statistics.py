from flask import Blueprint, jsonify, request
from sqlalchemy import func, insert, select

from .access import current_staff
from .db import session
from .models import Journal, Patient, Reading

bp = Blueprint("statistics", __name__)


def medians(kind: str):
    place = func.row_number().over(partition_by=Patient.practice_id, order_by=Reading.value).label("place")
    size = func.count().over(partition_by=Patient.practice_id).label("size")
    age = func.dense_rank().over(partition_by=Reading.patient_id, order_by=Reading.taken_on.desc()).label("age")
    ranked = (
        select(Patient.practice_id, Reading.value, Reading.taken_on, place, size, age)
        .join(Patient, Patient.id == Reading.patient_id)
        .where(Reading.kind.in_((kind, "weight")))
        .subquery()
    )
    return (
        select(ranked.c.practice_id, func.avg(ranked.c.value), func.max(ranked.c.taken_on))
        .where(ranked.c.place * 2 >= ranked.c.size, ranked.c.age <= 40)
        .group_by(ranked.c.practice_id)
    )


def table(kind: str) -> list[dict]:
    return [
        {"practice": practice, "upper": round(upper, 2), "last": str(last)}
        for practice, upper, last in session().execute(medians(kind))
    ]


@bp.get("/statistics/<kind>")
def by_practice(kind: str):
    return jsonify(table(kind))


@bp.get("/statistics/<kind>/identified")
def identified(kind: str):
    values = table(kind)
    session().execute(insert(Journal).values(entity="statistics", entity_id=current_staff().id, what=kind))
    session().commit()
    return jsonify({"for": request.headers.get("X-Staff"), "practices": values})
