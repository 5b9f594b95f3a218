from flask import Blueprint, jsonify, request
from sqlalchemy import func, select
from sqlalchemy.orm import joinedload

from .access import current_staff, may, same_practice
from .db import session
from .models import Allergy, Patient, Prescription
from .repositories import Appointments, Invoices, Prescriptions

bp = Blueprint("patients", __name__)


def card(patient: Patient) -> dict:
    return {
        "id": patient.id,
        "name": patient.name,
        "born": patient.born.isoformat(),
        "email": patient.email,
        "cover": patient.cover,
    }


def of_practice(practice_id: int):
    return select(Patient).where(Patient.practice_id == practice_id).order_by(Patient.name, Patient.id).limit(60)


def find_patient(patient_id: int) -> Patient:
    return session().scalars(select(Patient).where(Patient.id == patient_id)).one()


@bp.get("/patients")
def listing():
    found = session().scalars(of_practice(request.args.get("practice", 1, type=int)))
    return jsonify([card(patient) for patient in found])


@bp.get("/patients/roster")
def roster():
    statement = of_practice(request.args.get("practice", 1, type=int)).options(joinedload(Patient.insurer))
    return jsonify(list(map(card, session().scalars(statement))))


@bp.get("/patients/<int:patient_id>")
def detail(patient_id: int):
    patient = session().get_one(Patient, patient_id)
    return jsonify(card(patient) | {"allergies": [allergy.substance for allergy in patient.allergies]})


@bp.get("/patients/lookup")
def lookup():
    email = request.args["email"].lower()
    patient = session().scalars(select(Patient).where(func.lower(Patient.email) == email)).first()
    return jsonify({"id": patient.id, "name": patient.name} if patient else {})


@bp.get("/patients/<int:patient_id>/chart")
@same_practice
def chart(patient_id: int):
    patient = find_patient(patient_id)
    substances = session().scalars(select(Allergy.substance).where(Allergy.patient_id == patient_id))
    return jsonify({"name": patient.name, "born": patient.born.isoformat(), "allergies": list(substances)})


@bp.get("/patients/<int:patient_id>/summary")
def summary(patient_id: int):
    return jsonify(
        {
            "appointments": Appointments().of(patient_id),
            "invoices": Invoices().of(patient_id),
            "prescriptions": Prescriptions().of(patient_id),
        }
    )


@bp.get("/patients/<int:patient_id>/overview")
def overview(patient_id: int):
    parts = {"appointments": Appointments, "invoices": Invoices, "prescriptions": Prescriptions}
    return jsonify({name: part(session()).of(patient_id) for name, part in parts.items()})


@bp.get("/patients/<int:patient_id>/drugs")
def drugs(patient_id: int):
    if not may(request.headers.get("X-Staff", 0, type=int), "nurse", "doctor"):
        return jsonify([])
    return jsonify(list(session().scalars(select(Prescription.drug).where(Prescription.patient_id == patient_id))))


@bp.get("/patients/<int:patient_id>/prescriptions")
def prescriptions(patient_id: int):
    staff = current_staff()
    found = session().scalars(select(Prescription).where(Prescription.patient_id == patient_id)).all()
    if not may(staff.id, "nurse", "doctor"):
        return jsonify([])
    return jsonify([{"drug": item.drug, "dose": item.dose} for item in found])
