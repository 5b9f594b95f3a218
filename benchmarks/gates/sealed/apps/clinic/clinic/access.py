from functools import wraps

from flask import abort, request
from sqlalchemy import select

from .db import Session, session
from .models import Patient, Staff


def current_staff() -> Staff:
    member = session().get(Staff, request.headers.get("X-Staff", 0, type=int))
    if member is None:
        abort(401)
    return member


def same_practice(view):
    @wraps(view)
    def guarded(patient_id: int):
        patient = session().scalars(select(Patient).where(Patient.id == patient_id)).one()
        if patient.practice_id != current_staff().practice_id:
            abort(403)
        return view(patient_id)

    return guarded


def may(staff_id: int, *roles: str) -> bool:
    with Session() as own:
        role = own.scalar(select(Staff.role).where(Staff.id == staff_id))
    return role in roles
