"""python -m tutor.fill: the tables and the same data every time, in an empty database."""
import random
from datetime import date, datetime, timedelta, timezone
from decimal import Decimal

from sqlalchemy import insert, text

from . import tables
from .db import get_engine

FIRST = ["Anna", "Björn", "Chloé", "Dan", "Émile", "Åsa", "Zoë", "ana", "Łukasz", "Ivo", "Max", "Özge", "Lea", "Tom"]
LAST = ["Müller", "Smith", "Ångström", "de Vries", "O'Neil", "Ström", "STRÖM", "Weiß", "Nguyen", "López", "Smith-Jones"]
CITIES = ["Berlin", "Köln", "Zürich", "Paris", "", "berlin"]
SUBJECTS = ["Maths", "Physics", "Chemistry", "Biology", "Français", "Deutsch", "Español", "History", "Économie", "Maths"]
LEVELS = ["primary", "gcse", "alevel", "adult"]
ROOMS = ["A1", "A2", "B1", "a1", "Übungsraum", ""]
TODAY = date(2024, 3, 15)
NOW = datetime(2024, 3, 15, 12, 0, tzinfo=timezone.utc)
UTC = timezone.utc


def data():
    rng = random.Random(20240315)
    rows = {}
    rows["settings"] = [
        {"name": "today", "value": TODAY.isoformat()},
        {"name": "now", "value": NOW.isoformat()},
        {"name": "zone", "value": "Europe/Berlin"},
        {"name": "language", "value": "en"},
        {"name": "currency", "value": "EUR"},
        {"name": "page_size", "value": "20"},
        {"name": "page_size_max", "value": "100"},
        {"name": "credit_limit", "value": "200"},
        {"name": "notice_hours", "value": "24"},
    ]
    rows["counters"] = [{"name": "receipt", "value": 9000}, {"name": "messages_read", "value": 0}]
    rows["subjects"] = [
        {
            "id": number,
            "code": f"{rng.choice('MPCBZ')}{(number * 7) % 30:02d}",
            "name": SUBJECTS[(number - 1) % len(SUBJECTS)] + ("" if number <= 10 else f" {LEVELS[number % 4]}"),
            "level": LEVELS[number % 4],
            "hourly_rate": None if number % 9 == 0 else Decimal(["0.00", "25.00", "32.50", "32.50", "41.25"][number % 5]),
            "retired": number % 8 == 0,
        }
        for number in range(1, 27)
    ]
    rows["tutors"] = [
        {
            "id": number,
            "name": f"{rng.choice(FIRST)} {rng.choice(LAST)}",
            "email": None if number % 7 == 0 else f"Tutor{number}@school.example",
            "city": None if number % 6 == 0 else rng.choice(CITIES),
            "hired_on": date(2015, 1, 1) + timedelta(days=rng.randrange(40) * 80),
            "rating": None if number % 5 == 0 else Decimal(rng.choice(["0.00", "3.50", "4.00", "4.25", "4.25", "5.00"])),
            "active": number % 4 != 0,
        }
        for number in range(1, 61)
    ]
    rows["tutor_subjects"] = [
        {"tutor_id": tutor, "subject_id": subject, "since": None if (tutor + subject) % 3 == 0 else date(2020, 1, 1)}
        for tutor in range(1, 59)  # the last two teach nothing yet
        for subject in sorted(rng.sample(range(1, 25), rng.randrange(1, 5)))
    ]
    rows["users"] = [{"id": 1, "name": "Office", "role": "admin", "tutor_id": None, "language": None},
                     {"id": 2, "name": "Büro", "role": "admin", "tutor_id": None, "language": "de"}]
    for number in range(1, 41):
        rows["users"].append({"id": 10 + number, "name": rows["tutors"][number - 1]["name"], "role": "tutor",
                              "tutor_id": number, "language": [None, "en", "de", "fr"][number % 4]})
    for number in range(101, 401):
        rows["users"].append({"id": number, "name": f"{rng.choice(FIRST)} {rng.choice(LAST)}", "role": "guardian",
                              "tutor_id": None, "language": [None, "en", "de", "fr"][number % 4]})
    rows["terms"] = [
        {"id": 1, "name": "Spring 2023", "starts_on": date(2023, 1, 9), "ends_on": date(2023, 7, 14)},
        {"id": 2, "name": "Autumn 2023", "starts_on": date(2023, 9, 4), "ends_on": date(2023, 12, 22)},
        {"id": 3, "name": "Spring 2024", "starts_on": date(2024, 1, 8), "ends_on": date(2024, 6, 28)},
        {"id": 4, "name": "Autumn 2024", "starts_on": date(2024, 9, 2), "ends_on": date(2024, 12, 20)},
    ]
    rows["pupils"] = [
        {
            "id": number,
            "name": f"{rng.choice(FIRST)} {rng.choice(LAST)}",
            "guardian_id": None if number % 11 == 0 else 101 + number % 290,
            "mentor_id": None if number % 4 == 0 else 1 + number % 45,
            "school_year": None if number % 13 == 0 else rng.randrange(0, 13),
            "born_on": None if number % 9 == 0 else date(2008, 1, 1) + timedelta(days=rng.randrange(100) * 30),
            "balance": Decimal(rng.choice(["0.00", "0.00", "-200.00", "-35.50", "50.00", "120.25", "999.99", "-0.01"])),
            "note": [None, "", "Allergic to <nuts> & dust", "ÉTUDE surveillée", "needs maths"][number % 5],
        }
        for number in range(1, 801)
    ]
    minutes = [45, 60, 60, 90, 0]
    lessons, attendance = [], []
    for number in range(1, 2401):
        start = datetime(2023, 9, 4, 7, 0, tzinfo=UTC) + timedelta(days=rng.randrange(300), minutes=30 * rng.randrange(34))
        if number % 40 == 0:
            start = NOW + timedelta(days=number // 400)  # exactly now, exactly one day ahead, ...
        if number % 37 == 0:  # the last day of a month or week, late in the evening
            start = datetime(2023, 9, 30, 22, 30, tzinfo=UTC) + timedelta(days=rng.choice([0, 31, 61, 92, 134, 141]))
        state = "cancelled" if number % 10 == 0 and number % 40 else ("held" if start < NOW else "planned")
        capacity = rng.choice([1, 4, 6, 6, 8])
        taken = rng.choice([0, capacity, capacity, max(capacity - 1, 0), capacity // 2])
        term = next((t["id"] for t in rows["terms"] if t["starts_on"] <= start.date() <= t["ends_on"]), None)
        lessons.append(
            {"id": number, "subject_id": rng.randrange(1, 25), "tutor_id": rng.randrange(1, 59), "term_id": term,
             "starts_at": start, "minutes": rng.choice(minutes), "room": None if number % 7 == 0 else rng.choice(ROOMS),
             "status": state, "capacity": capacity, "seats_taken": taken,
             "price": Decimal(rng.choice(["0.00", "19.90", "25.00", "33.33", "200.00"]))}
        )
        for pupil in rng.sample(range(1, 791), taken):  # the last ten pupils never came
            mark = rng.choice(["present", "present", "present", "absent", "late", None]) if state == "held" else None
            attendance.append({"lesson_id": number, "pupil_id": pupil, "state": mark,
                               "minutes_late": rng.choice([0, 5, 12]) if mark == "late" else None})
    rows["lessons"], rows["attendance"] = lessons, attendance
    rows["payments"] = []
    for number in range(1, 5001):
        paid = datetime(2023, 9, 1, 6, 0, tzinfo=UTC) + timedelta(hours=rng.randrange(190 * 12) * 2)
        if number % 50 == 0:
            paid = datetime(2023, 12, 31, 23, 0, tzinfo=UTC)  # midnight in Berlin
        amount = Decimal(rng.choice(["25.00", "33.33", "-33.33", "100.00", "0.00", "19.90", "-5.00", "1000.00", "0.05"]))
        rows["payments"].append(
            {"pupil_id": 1 + rng.randrange(780), "amount": amount,
             "method": rng.choice(["cash", "card", "transfer", "voucher", None, ""]), "paid_at": paid,
             "reference": [None, "", f"R-{number}", f"R-{number}", 'Ref; "quoted"', f"É-{number}"][number % 6],
             "receipt": number + 3000 if amount > 0 else None}
        )
    rows["grades"] = [
        {"pupil_id": 1 + rng.randrange(700), "subject_id": rng.randrange(1, 25), "term_id": rng.randrange(1, 4),
         "mark": None if number % 12 == 0 else rng.choice([0, 35, 50, 67, 67, 80, 80, 99, 100]),
         "weight": Decimal(rng.choice(["0.00", "0.50", "1.00", "1.00", "2.50"])),
         "given_on": date(2023, 1, 9) + timedelta(days=7 * rng.randrange(60))}
        for number in range(1, 6001)
    ]
    rows["messages"] = []
    people = [row["id"] for row in rows["users"]]
    for number in range(1, 3001):
        sent = datetime(2024, 1, 1, 23, 0, tzinfo=UTC) + timedelta(hours=rng.randrange(73) * 24)
        sender = rng.choice(people[:60])
        other = sender if number % 97 == 0 else rng.choice(people[:60])
        rows["messages"].append(
            {"sender_id": sender, "recipient_id": other,
             "title": rng.choice(["Hello", "Zeugnis", "ÉCOLE", "re: Hello", "Straße", "100%", "a_b"]),
             "body": [None, "", "Short.", "Please bring the book on Monday, 50% off!", "x" * 40, "é" * 41][number % 6],
             "sent_at": sent, "read_at": None if rng.random() < 0.4 else sent + timedelta(hours=1)}
        )
    rows["audit"] = [{"user_id": 1, "action": "fill", "entity": "lesson", "entity_id": n, "detail": None} for n in (1, 2)]
    return rows


def main():
    engine = get_engine()
    tables.metadata.create_all(engine)
    rows = data()
    with engine.begin() as connection:
        for table in tables.metadata.sorted_tables:
            connection.execute(insert(table), rows[table.name])
        for table in tables.metadata.sorted_tables:
            if "id" in table.c:
                connection.execute(
                    text(f"SELECT setval(pg_get_serial_sequence('{table.name}', 'id'), (SELECT max(id) FROM {table.name}))")
                )
        connection.execute(text("ANALYZE"))


if __name__ == "__main__":
    main()
