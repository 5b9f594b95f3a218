"""Makes the data of I Hate Money by its own models, in the working folder. Argument: the environment's interpreter.

One shared budget of 12 people, 100 bills, 10 of which were corrected once, so that its history has something to tell.
"""

from __future__ import annotations

import datetime as dt
import sys
from pathlib import Path

HERE = Path.cwd()
SETTINGS = f"""SQLALCHEMY_DATABASE_URI = "sqlite:///{HERE / "budget.db"}"
SECRET_KEY = "kept the same, so that the links below stay good"
SESSION_COOKIE_SECURE = False
"""
WSGI = """from ihatemoney.run import create_app

app = create_app()
"""
TARGET = """name = "ihatemoney"
app = "wsgi:app"
python = "{python}"
requests = ["requests.http"]

[env]
IHATEMONEY_SETTINGS_FILE_PATH = "{settings}"
"""
REQUESTS = """# all of them go to the application under audit

### join
# @setup
GET /house/join/{invitation}

### list
GET /house/

### export
GET /house/export/bills.json

### history
GET /house/history

### statistics
GET /house/statistics

### settle
GET /house/settle_bills

### api bills
GET /api/projects/house/bills
Authorization: Bearer {token}

### api members
GET /api/projects/house
Authorization: Bearer {token}
"""
PEOPLE, BILLS, CORRECTED = 12, 100, 10


def main(python: str) -> None:
    settings = HERE / "settings.cfg"
    settings.write_text(SETTINGS)
    (HERE / "wsgi.py").write_text(WSGI)
    (HERE / "subsecond.toml").write_text(TARGET.format(python=python, settings=settings))
    import os

    os.environ["IHATEMONEY_SETTINGS_FILE_PATH"] = str(settings)
    from ihatemoney.models import Bill, Person, Project, db
    from ihatemoney.run import create_app
    from ihatemoney.utils import generate_password_hash
    from ihatemoney.versioning import LoggingMode

    app = create_app()
    with app.test_request_context("/"):
        project = Project(
            id="house",
            name="The house",
            password=generate_password_hash("open"),
            contact_email="house@example.com",
            default_currency="XXX",
            logging_preference=LoggingMode.ENABLED,
        )
        db.session.add(project)
        people = [Person(name=f"Person {number}", project=project, weight=1 + number % 2) for number in range(PEOPLE)]
        db.session.add_all(people)
        db.session.commit()
        bills = [
            Bill(
                amount=5 + number % 90,
                date=dt.date(2026, 1, 1) + dt.timedelta(days=number // 2),
                owers=[people[(number + step) % PEOPLE] for step in range(2 + number % 4)],
                payer_id=people[number % PEOPLE].id,
                original_currency="XXX",
                project_default_currency="XXX",
                what=f"Bill {number}",
            )
            for number in range(BILLS)
        ]
        for bill in bills:
            db.session.add(bill)
        db.session.commit()
        for number, bill in enumerate(bills[:CORRECTED]):
            bill.amount += 1
            bill.what = f"Bill {number}, corrected"
            db.session.commit()
        told = REQUESTS.format(invitation=project.generate_token(), token=project.generate_token())
    (HERE / "requests.http").write_text(told)


if __name__ == "__main__":
    main(sys.argv[1])
