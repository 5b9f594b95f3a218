from sqlalchemy import select
from sqlalchemy.orm import Session as SqlSession

from .db import Session
from .models import Appointment, Invoice, Prescription


class Repository:
    columns: tuple = ()

    def __init__(self, shared: SqlSession | None = None):
        self.shared = shared

    def of(self, patient_id: int) -> list[dict]:
        owner = self.columns[0].class_.patient_id
        newest = self.columns[0].class_.id.desc()
        return self.rows(select(*self.columns).where(owner == patient_id).order_by(newest).limit(5))

    def rows(self, statement) -> list[dict]:
        if self.shared is not None:
            return [dict(row) for row in self.shared.execute(statement).mappings()]
        with Session() as own:
            return [dict(row) for row in own.execute(statement).mappings()]


class Appointments(Repository):
    columns = (Appointment.id, Appointment.status, Appointment.minutes)


class Invoices(Repository):
    columns = (Invoice.id, Invoice.reference, Invoice.cents)


class Prescriptions(Repository):
    columns = (Prescription.id, Prescription.drug, Prescription.dose)
