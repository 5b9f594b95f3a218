import hashlib

from flask import Blueprint, jsonify
from sqlalchemy import select

from .db import Session
from .models import Appointment, Doctor, Patient

bp = Blueprint("letters", __name__)
KEY = b"letterhead 2026"


def seal(text: str) -> str:
    return hashlib.pbkdf2_hmac("sha256", text.encode(), KEY, 200_000).hex()


def parties(own, appointment_id: int):
    return own.execute(
        select(Patient.name, Doctor.name, Appointment.starts_at)
        .join_from(Appointment, Patient)
        .join(Doctor, Doctor.id == Appointment.doctor_id)
        .where(Appointment.id == appointment_id)
    ).one()


def letter(patient: str, doctor: str, at) -> str:
    return f"{doctor} thanks you for seeing {patient}, who came to us on {at:%d %B %Y}."


@bp.get("/appointments/<int:appointment_id>/letter")
def referral(appointment_id: int):
    with Session() as own:
        text = letter(*parties(own, appointment_id))
        return jsonify({"text": text, "seal": seal(text)})


@bp.get("/appointments/<int:appointment_id>/receipt")
def receipt(appointment_id: int):
    with Session() as own:
        patient, doctor, at = parties(own, appointment_id)
    text = f"{patient} was with {doctor} at {at:%H:%M on %d %B %Y}."
    return jsonify({"text": text, "seal": seal(text)})
