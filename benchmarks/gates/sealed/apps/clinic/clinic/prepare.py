"""Fills an empty database, the same way each time."""

import contextlib
import datetime as dt
import os
import random

from sqlalchemy import create_engine, insert

from . import db
from .models import (
    Allergy,
    Appointment,
    Base,
    Doctor,
    Holiday,
    Insurer,
    Invoice,
    Patient,
    Practice,
    Prescription,
    Reading,
    Recall,
    Setting,
    Staff,
    Tariff,
)

FIRST_DAY = dt.date(2026, 1, 5)
FAMILY = "Abel Brandt Cruz Dahl Egger Falk Grieg Haas Ibsen Jung Keller Lund Moser Noll Olsen Pohl Quist Roth".split()
GIVEN = "Ada Ben Cleo Dora Emil Fina Gus Hedda Ivo Jette Kai Lea Max Nora Otto Pia Quinn Rosa Sven Tilda".split()


def ensure_database() -> None:
    if os.path.exists(db.PATH):
        return
    building = f"{db.PATH}.{os.getpid()}"
    engine = create_engine(f"sqlite:///{building}")
    Base.metadata.create_all(engine)
    with engine.begin() as connection:
        for model, rows in everything(random.Random(11)):
            connection.execute(insert(model.__table__), rows)
    engine.dispose()
    with contextlib.suppress(FileExistsError):  # another worker was quicker
        os.link(building, db.PATH)
    os.unlink(building)


def everything(rng: random.Random):
    yield Practice, [{"id": i, "name": f"Practice {i}", "city": f"City {i % 5}"} for i in range(1, 9)]
    yield (
        Staff,
        [
            {"id": i, "name": f"{GIVEN[i % 20]} {FAMILY[i % 18]}", "role": "nurse", "practice_id": i % 8 + 1}
            for i in range(1, 41)
        ],
    )
    yield (
        Doctor,
        [
            {"id": i, "name": f"Dr {FAMILY[i % 18]} {i}", "specialty": f"S{i % 7}", "practice_id": i % 8 + 1}
            for i in range(1, 161)
        ],
    )
    yield (
        Insurer,
        [{"id": i, "code": f"INS{i:03}", "name": f"Insurer {i}", "plan": "ABC"[i % 3]} for i in range(1, 61)],
    )
    yield (
        Patient,
        [
            {
                "id": i,
                "name": f"{GIVEN[i % 20]} {FAMILY[i % 18]}",
                "email": f"{GIVEN[i % 20]}.{i}@Example.org",
                "born": dt.date(1940, 1, 1) + dt.timedelta(days=i * 37 % 25000),
                "practice_id": i % 8 + 1,
                "insurer_id": rng.randint(1, 60),
            }
            for i in range(1, 4001)
        ],
    )
    yield Allergy, [{"patient_id": i % 4000 + 1, "substance": f"substance {i % 23}"} for i in range(6000)]
    yield Appointment, [appointment(i, rng) for i in range(24000)]
    yield (
        Invoice,
        [
            {
                "patient_id": i % 4000 + 1,
                "reference": f"R-2026-{i * 7919 % 24000:05}",
                "issued_on": FIRST_DAY + dt.timedelta(days=i % 90),
                "cents": rng.randint(900, 45000),
                "status": "void" if i % 25 == 0 else "open",
                "run": i % 50 if i < 2000 else None,
                "reminded_on": None,
            }
            for i in range(24000)
        ],
    )
    yield (
        Recall,
        [{"patient_id": i % 4000 + 1, "campaign": i % 40, "tries": 0, "due": FIRST_DAY} for i in range(1600)],
    )
    yield (
        Prescription,
        [{"patient_id": i % 4000 + 1, "drug": f"drug {i % 31}", "dose": f"{i % 4 + 1} a day"} for i in range(9000)],
    )
    yield (
        Tariff,
        [
            {"practice_id": practice, "minutes": minutes, "cents": minutes * 190 + practice}
            for practice in range(1, 9)
            for minutes in (10, 15, 20, 30, 45)
        ],
    )
    yield Setting, [{"key": f"hours.{i}", "value": f"{8 + i % 2}:00-{17 + i % 3}:00"} for i in range(70)]
    yield Holiday, [{"day": dt.date(2026, 4, 3), "name": "Good Friday"}, {"day": dt.date(2026, 4, 6), "name": "Easter"}]
    yield (
        Reading,
        [
            {
                "patient_id": rng.randint(1, 4000),
                "kind": ("pulse", "weight", "pressure")[i % 3],
                "value": rng.randint(40, 180),
                "taken_on": FIRST_DAY + dt.timedelta(days=i % 300),
            }
            for i in range(45000)
        ],
    )


def appointment(i: int, rng: random.Random) -> dict:
    day = FIRST_DAY + dt.timedelta(days=i % 180)
    return {
        "patient_id": rng.randint(1, 4000),
        "doctor_id": rng.randint(1, 160),
        "starts_at": dt.datetime.combine(day, dt.time(8 + i // 180 % 9, 10 * (i // 1620 % 6))),
        "minutes": (10, 15, 20, 30, 45)[i % 5],
        "status": rng.choice(("booked", "done", "missed")),
        "room": f"{i % 4 + 1}",
    }
