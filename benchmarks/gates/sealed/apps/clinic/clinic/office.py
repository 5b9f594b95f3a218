import datetime as dt
from collections import Counter

from flask import Blueprint, jsonify, request
from sqlalchemy import select, update

from .db import session
from .models import Appointment, Patient, Prescription
from .scoring import pseudonym

bp = Blueprint("office", __name__)


def by_age(patient: Patient):
    return patient.born, patient.id


def by_name(patient: Patient):
    return patient.name, patient.id


ORDERS = {"age": by_age, "name": by_name}


def registered(practice_id: int):
    return session().scalars(select(Patient).where(Patient.practice_id == practice_id))


@bp.get("/practices/<int:practice_id>/register")
def register(practice_id: int):
    order = ORDERS[request.args.get("by", "name")]
    return jsonify(
        [
            {"id": patient.id, "name": patient.name, "born": str(patient.born), "email": patient.email}
            for patient in sorted(registered(practice_id), key=order)
        ]
    )


@bp.get("/practices/<int:practice_id>/birthdays")
def birthdays(practice_id: int):
    return jsonify(Counter(f"{patient.born:%B}" for patient in registered(practice_id)))


@bp.get("/practices/<int:practice_id>/birthdays/list")
def birthday_list(practice_id: int):
    rows = session().execute(select(Patient.name, Patient.born).where(Patient.practice_id == practice_id))
    return jsonify([f"{born:%d %B}: {name}" for name, born in rows])


class Contacts:
    def __init__(self, *ids: int):
        found = session().execute(select(Patient.id, Patient.email).where(Patient.id.in_(ids)))
        self.emails = dict(found.tuples().all())

    def __call__(self, patient_id: int) -> str:
        return f"mailto:{self.emails[patient_id]}"


@bp.get("/insurers/<int:insurer_id>/patients")
def insured(insurer_id: int):
    patients = session().scalars(select(Patient).where(Patient.insurer_id == insurer_id))
    patients = {patient.id: patient for patient in patients}
    contact = Contacts(*patients)
    return jsonify(
        [{"name": patient.name, "born": str(patient.born), "to": contact(key)} for key, patient in patients.items()]
    )


@bp.post("/patients/<int:patient_id>/move")
def move(patient_id: int):
    patient = session().get_one(Patient, patient_id)
    name, target = patient.name, request.args.get("to", 1, type=int)
    session().execute(
        update(Patient)
        .where(Patient.id == patient_id, Patient.practice_id != target)
        .values(practice_id=target)
        .execution_options(synchronize_session=False)
    )
    now = session().execute(select(Patient.practice_id, Patient.insurer_id).where(Patient.id == patient_id)).one()
    session().commit()
    return jsonify({"name": name, "practice": now.practice_id, "insurer": now.insurer_id})


@bp.get("/practices/<int:practice_id>/points")
def points(practice_id: int):
    statement = select(Patient).where(Patient.practice_id == practice_id).order_by(Patient.id).limit(90)
    return jsonify({patient.name + patient.email: patient.points for patient in session().scalars(statement)})


@bp.get("/practices/<int:practice_id>/pseudonyms")
def pseudonyms(practice_id: int):
    rows = session().execute(select(Patient.id, Patient.email, Patient.born).where(Patient.practice_id == practice_id))
    return jsonify({row.id: pseudonym(row.email, row.born) for row in rows})


def visits(first: str, days: int) -> list[tuple]:
    start = dt.datetime.fromisoformat(first)
    rows = session().execute(
        select(Appointment.id, Appointment.doctor_id, Appointment.starts_at, Appointment.minutes)
        .where(Appointment.starts_at >= start, Appointment.starts_at < start + dt.timedelta(days=days))
        .order_by(Appointment.doctor_id, Appointment.starts_at, Appointment.id)
    )
    return [(key, doctor, at, at + dt.timedelta(minutes=minutes)) for key, doctor, at, minutes in rows]


@bp.get("/clashes")
def clashes():
    booked = visits(request.args["from"], 3)
    return jsonify(
        [
            (one[0], other[0])
            for one in booked
            for other in booked
            if one[1] == other[1] and one[0] < other[0] and one[2] < other[3] and other[2] < one[3]
        ]
    )


@bp.get("/gaps")
def gaps():
    free = []
    last_doctor, free_from = None, None
    for _key, doctor, at, until in visits(request.args["from"], 3):
        if doctor == last_doctor and at > free_from:
            free.append((doctor, str(free_from), str(at)))
        free_from = until if doctor != last_doctor else max(until, free_from)
        last_doctor = doctor
    return jsonify(free)


@bp.get("/drugs/<drug>/prescriptions")
def prescribed(drug: str):
    found = session().scalars(select(Prescription).where(Prescription.drug == drug).order_by(Prescription.id))
    return jsonify(
        [{"id": item.id, "patient": item.patient_id, "dose": item.dose, "drug": item.drug} for item in found]
    )
