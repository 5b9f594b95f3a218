import datetime as dt
from functools import partial

from flask import Blueprint, g, jsonify, request
from sqlalchemy import func, select, update
from sqlalchemy.orm import joinedload

from .db import session
from .models import Appointment, Doctor, Holiday, Setting, Tariff

bp = Blueprint("scheduling", __name__)


def wanted_day() -> dt.date:
    return dt.date.fromisoformat(request.args["day"])


def between(first: dt.date, days: int):
    start = dt.datetime.combine(first, dt.time())
    return Appointment.starts_at >= start, Appointment.starts_at < start + dt.timedelta(days=days)


def diary(practice_id: int, first: dt.date, days: int = 1):
    return (
        select(Appointment)
        .join(Appointment.doctor)
        .where(Doctor.practice_id == practice_id, *between(first, days))
        .options(joinedload(Appointment.patient))
        .order_by(Appointment.starts_at, Appointment.id)
        .limit(60)
    )


def tariffs(practice_id: int) -> dict[int, int]:
    found = session().execute(select(Tariff.minutes, Tariff.cents).where(Tariff.practice_id == practice_id))
    return dict(found.tuples().all())


def tariffs_for_today(practice_id: int) -> dict[int, int]:
    known = g.setdefault("tariffs", {})
    if practice_id not in known:
        known[practice_id] = tariffs(practice_id)
    return known[practice_id]


def entry(appointment: Appointment, prices) -> dict:
    return {
        "at": appointment.starts_at.isoformat(),
        "status": appointment.status,
        "room": appointment.room,
        "patient": appointment.patient.name,
        "cents": prices()[appointment.minutes],
    }


@bp.get("/appointments/day")
def day():
    practice = request.args.get("practice", 1, type=int)
    prices = partial(tariffs, practice)
    return jsonify([entry(booked, prices) for booked in session().scalars(diary(practice, wanted_day()))])


@bp.get("/appointments/week")
def week():
    practice = request.args.get("practice", 1, type=int)
    prices = partial(tariffs_for_today, practice)
    return jsonify([entry(booked, prices) for booked in session().scalars(diary(practice, wanted_day(), 7))])


@bp.get("/appointments/on")
def on_day():
    statement = (
        select(Appointment.id, Appointment.starts_at, Appointment.status)
        .where(Appointment.day == request.args["day"], Appointment.status == "missed")
        .order_by(Appointment.id)
    )
    return jsonify([{"id": row.id, "at": row.starts_at.isoformat()} for row in session().execute(statement)])


@bp.get("/doctors/<int:doctor_id>/appointments")
def of_doctor(doctor_id: int):
    statement = (
        select(Appointment.id, Appointment.starts_at)
        .where(Appointment.doctor_id == doctor_id, Appointment.day == request.args["day"])
        .order_by(Appointment.id)
    )
    return jsonify([{"id": row.id, "at": row.starts_at.isoformat()} for row in session().execute(statement)])


def booked_minutes(doctor: Doctor, when: dt.date) -> int:
    total = select(func.sum(Appointment.minutes)).where(Appointment.doctor_id == doctor.id, *between(when, 1))
    return session().scalar(total) or 0


@bp.get("/doctors/load")
def load():
    when = wanted_day()
    practice = request.args.get("practice", 1, type=int)
    doctors = session().scalars(select(Doctor).where(Doctor.practice_id == practice)).all()
    return jsonify({f"{doctor.name}, {doctor.specialty}": booked_minutes(doctor, when) for doctor in doctors})


@bp.get("/dashboard")
def dashboard():
    counts = {}
    for status in ("booked", "done", "missed"):
        counts[status] = session().scalar(
            select(func.count()).where(Appointment.status == status, *between(wanted_day(), 1))
        )
    return jsonify(counts)


@bp.get("/slots")
def slots():
    when = wanted_day()
    doctor = request.args.get("doctor", 1, type=int)
    taken = session().scalars(select(Appointment).where(Appointment.doctor_id == doctor, *between(when, 14))).all()
    holiday = session().get(Holiday, when)
    if holiday is not None:
        return jsonify({"closed": holiday.name, "slots": []})
    busy = {(booked.starts_at.date(), booked.starts_at.hour) for booked in taken}
    return jsonify({"slots": [hour for hour in range(8, 17) if (when, hour) not in busy]})


@bp.get("/rota")
def rota():
    practice = request.args.get("practice", 1, type=int)
    colleagues = session().scalars(select(Doctor).where(Doctor.practice_id == practice)).all()
    duty = (
        session()
        .execute(
            select(Appointment.doctor_id, func.min(Appointment.starts_at))
            .join(Doctor, Doctor.id == Appointment.doctor_id)
            .where(Doctor.practice_id == practice, *between(wanted_day(), 7))
            .group_by(Appointment.doctor_id)
        )
        .all()
    )
    lines = [(session().get_one(Doctor, doctor_id), first) for doctor_id, first in duty]
    del colleagues
    return jsonify([f"{first:%a %H:%M} {doctor.name} ({doctor.specialty})" for doctor, first in lines])


def house_rules() -> dict[str, tuple[str, ...]]:
    return {rule.key: tuple(rule.value.split("-")) for rule in session().scalars(select(Setting))}


@bp.get("/doctors/<int:doctor_id>/timetable")
def timetable(doctor_id: int):
    when = wanted_day()
    opens, closes = house_rules()[f"hours.{when.weekday()}"]
    busy = session().scalars(
        select(Appointment.starts_at)
        .where(Appointment.doctor_id == doctor_id, *between(when, 14))
        .order_by(Appointment.starts_at)
    )
    return jsonify({"opens": opens, "closes": closes, "busy": [at.isoformat() for at in busy]})


def status_of(appointment_id: int) -> str:
    return session().scalar(select(Appointment.status).where(Appointment.id == appointment_id))


@bp.post("/appointments/<int:appointment_id>/check-in")
def check_in(appointment_id: int):
    if status_of(appointment_id) != "missed":
        session().execute(update(Appointment).where(Appointment.id == appointment_id).values(status="done"))
    now = status_of(appointment_id)
    session().commit()
    return jsonify({"status": now})
