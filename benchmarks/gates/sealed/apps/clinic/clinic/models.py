from __future__ import annotations

import datetime as dt
import json
import logging

from sqlalchemy import ForeignKey, Index, event, func, insert
from sqlalchemy.ext.hybrid import hybrid_property
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column, relationship

from . import scoring

log = logging.getLogger(__name__)


class Base(DeclarativeBase):
    pass


class Practice(Base):
    __tablename__ = "practices"
    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str]
    city: Mapped[str]


class Staff(Base):
    __tablename__ = "staff"
    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str]
    role: Mapped[str]
    practice_id: Mapped[int] = mapped_column(ForeignKey("practices.id"))


class Doctor(Base):
    __tablename__ = "doctors"
    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str]
    specialty: Mapped[str]
    practice_id: Mapped[int] = mapped_column(ForeignKey("practices.id"), index=True)


class Insurer(Base):
    __tablename__ = "insurers"
    id: Mapped[int] = mapped_column(primary_key=True)
    code: Mapped[str]
    name: Mapped[str]
    plan: Mapped[str]


class Patient(Base):
    __tablename__ = "patients"
    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str]
    email: Mapped[str]
    born: Mapped[dt.date]
    practice_id: Mapped[int] = mapped_column(ForeignKey("practices.id"), index=True)
    insurer_id: Mapped[int] = mapped_column(ForeignKey("insurers.id"), index=True)

    insurer: Mapped[Insurer] = relationship()
    allergies: Mapped[list[Allergy]] = relationship(order_by="Allergy.id")

    @property
    def cover(self) -> str:
        return f"{self.insurer.name} ({self.insurer.plan})"

    @property
    def points(self) -> int:
        column = "abc"[self.practice_id % 3]
        return scoring.points_by_age(scoring.BANDS, column)[2026 - self.born.year]


Index("ix_patients_email_lower", func.lower(Patient.email))


class Allergy(Base):
    __tablename__ = "allergies"
    id: Mapped[int] = mapped_column(primary_key=True)
    patient_id: Mapped[int] = mapped_column(ForeignKey("patients.id"), index=True)
    substance: Mapped[str]


class Appointment(Base):
    __tablename__ = "appointments"
    id: Mapped[int] = mapped_column(primary_key=True)
    patient_id: Mapped[int] = mapped_column(ForeignKey("patients.id"), index=True)
    doctor_id: Mapped[int] = mapped_column(ForeignKey("doctors.id"))
    starts_at: Mapped[dt.datetime] = mapped_column(index=True)
    minutes: Mapped[int]
    status: Mapped[str]
    room: Mapped[str]

    patient: Mapped[Patient] = relationship()
    doctor: Mapped[Doctor] = relationship()

    __table_args__ = (Index("ix_appointments_doctor_id_starts_at", "doctor_id", "starts_at"),)

    @hybrid_property
    def day(self) -> str:
        return self.starts_at.date().isoformat()

    @day.inplace.expression
    @classmethod
    def _day(cls):
        return func.date(cls.starts_at)


class Invoice(Base):
    __tablename__ = "invoices"
    id: Mapped[int] = mapped_column(primary_key=True)
    patient_id: Mapped[int] = mapped_column(ForeignKey("patients.id"), index=True)
    reference: Mapped[str]
    issued_on: Mapped[dt.date]
    cents: Mapped[int]
    status: Mapped[str]
    run: Mapped[int | None] = mapped_column(index=True)
    reminded_on: Mapped[dt.date | None]


class Recall(Base):
    __tablename__ = "recalls"
    id: Mapped[int] = mapped_column(primary_key=True)
    patient_id: Mapped[int] = mapped_column(ForeignKey("patients.id"))
    campaign: Mapped[int] = mapped_column(index=True)
    tries: Mapped[int]
    due: Mapped[dt.date]


class Prescription(Base):
    __tablename__ = "prescriptions"
    id: Mapped[int] = mapped_column(primary_key=True)
    patient_id: Mapped[int] = mapped_column(ForeignKey("patients.id"), index=True)
    drug: Mapped[str] = mapped_column(index=True)
    dose: Mapped[str]

    def __str__(self) -> str:
        return json.dumps({column.key: getattr(self, column.key) for column in self.__mapper__.columns}, indent=1)


class Tariff(Base):
    __tablename__ = "tariffs"
    id: Mapped[int] = mapped_column(primary_key=True)
    practice_id: Mapped[int] = mapped_column(ForeignKey("practices.id"), index=True)
    minutes: Mapped[int]
    cents: Mapped[int]


class Setting(Base):
    __tablename__ = "settings"
    key: Mapped[str] = mapped_column(primary_key=True)
    value: Mapped[str]


class Holiday(Base):
    __tablename__ = "holidays"
    day: Mapped[dt.date] = mapped_column(primary_key=True)
    name: Mapped[str]


class Reading(Base):
    __tablename__ = "readings"
    id: Mapped[int] = mapped_column(primary_key=True)
    patient_id: Mapped[int] = mapped_column(ForeignKey("patients.id"), index=True)
    kind: Mapped[str]
    value: Mapped[int]
    taken_on: Mapped[dt.date]


class Journal(Base):
    __tablename__ = "journal"
    id: Mapped[int] = mapped_column(primary_key=True)
    entity: Mapped[str]
    entity_id: Mapped[int]
    what: Mapped[str]


@event.listens_for(Recall, "after_update")
def record_change(_mapper, connection, target: Recall) -> None:
    connection.execute(insert(Journal).values(entity="recall", entity_id=target.id, what=f"due {target.due}"))


@event.listens_for(Prescription, "load")
def record_access(target: Prescription, _context) -> None:
    log.info("prescription read: %s", target)
