"""Subjects, tutors and their timetables."""
from datetime import datetime, time, timedelta, timezone

from . import repo, settings
from .helpers import (
    ApiError,
    arg_bool,
    arg_choice,
    arg_date,
    arg_decimal,
    arg_int,
    arg_int_list,
    arg_list,
    arg_text,
    current_user,
    day,
    language,
    money,
    paging,
    reply,
    reply_page,
    reply_tagged,
    require,
    stamp,
)

SUBJECT_SORTS = ("code", "name", "rate", "-rate")
TUTOR_SORTS = ("name", "-rating", "hired", "-hired")
WEEKDAYS = {
    "en": ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"],
    "de": ["Montag", "Dienstag", "Mittwoch", "Donnerstag", "Freitag", "Samstag", "Sonntag"],
    "fr": ["lundi", "mardi", "mercredi", "jeudi", "vendredi", "samedi", "dimanche"],
}


def list_subjects():
    levels = arg_list("level")
    retired = arg_bool("retired")
    q = arg_text("q")
    min_rate = arg_decimal("min_rate")
    sort = arg_choice("sort", SUBJECT_SORTS, "code")
    found = []
    for row in repo.all_subjects():
        if levels and row.level not in levels:
            continue
        if retired is not None and row.retired != retired:
            continue
        if q and q.lower() not in row.name.lower() and q.lower() != row.code.lower():
            continue
        if min_rate is not None and (row.hourly_rate is None or row.hourly_rate < min_rate):
            continue
        found.append(row)
    found.sort(key=lambda row: row.code)
    if sort == "name":
        found.sort(key=lambda row: row.name)
    elif sort in ("rate", "-rate"):
        # subjects without a rate come last either way
        priced = [row for row in found if row.hourly_rate is not None]
        priced.sort(key=lambda row: row.hourly_rate, reverse=sort == "-rate")
        found = priced + [row for row in found if row.hourly_rate is None]
    items = []
    for row in found:
        item = {
            "id": row.id,
            "code": row.code,
            "name": row.name,
            "level": row.level,
            "hourly_rate": money(row.hourly_rate),
            "tutors": repo.count_tutors(row.id),
        }
        if row.retired:
            item["retired"] = True
        items.append(item)
    return reply({"items": items, "total": len(items)}, headers={"X-Total-Count": str(len(items))})


def show_subject(subject_id):
    limit = arg_int("lessons", 5, low=0, high=50)
    subject = repo.find_subject(subject_id)
    if subject is None:
        raise ApiError(404, "no such subject")
    tutors = []
    for row in repo.tutors_of_subject(subject_id):
        tutor = {"id": row.id, "name": row.name, "rating": money(row.rating), "active": row.active}
        if row.since is not None:
            tutor["since"] = day(row.since)
        tutors.append(tutor)
    upcoming = repo.upcoming_of_subject(subject_id, settings.now(), limit)
    data = {
        "id": subject.id,
        "code": subject.code,
        "name": subject.name,
        "level": subject.level,
        "hourly_rate": money(subject.hourly_rate),
        "retired": subject.retired,
        "tutors": tutors,
        "next_lessons": [
            {"id": row.id, "starts_at": stamp(row.starts_at), "room": row.room, "tutor": row.tutor} for row in upcoming
        ],
    }
    return reply_tagged(data)


def list_tutors():
    cities = arg_list("city")
    without_city = "none" in cities
    min_rating = arg_decimal("min_rating")
    active = arg_bool("active")
    subject_ids = arg_int_list("subject")
    q = arg_text("q")
    sort = arg_choice("sort", TUTOR_SORTS, "name")
    page, size = paging()
    rows = repo.search_tutors(
        [city for city in cities if city != "none"], without_city, active, subject_ids, min_rating
    )
    if q:
        wanted = q.casefold()
        rows = [row for row in rows if wanted in row.name.casefold() or wanted in (row.email or "").casefold()]
    if sort == "name":
        rows = sorted(rows, key=lambda row: (row.name, row.id))
    elif sort == "-rating":
        rows = sorted(rows, key=lambda row: (row.rating is None, -(row.rating or 0), row.id))
    else:
        rows = sorted(rows, key=lambda row: row.hired_on, reverse=sort == "-hired")
    start = (page - 1) * size
    items = []
    for row in rows[start:start + size]:
        subjects = repo.subjects_of_tutor(row.id)
        items.append(
            {
                "id": row.id,
                "name": row.name,
                "city": row.city,
                "rating": money(row.rating),
                "hired_on": day(row.hired_on),
                "active": row.active,
                "subjects": [subject.code for subject in subjects],
            }
        )
    return reply_page(items, len(rows), page, size)


def show_tutor(tutor_id):
    user = current_user()
    tutor = repo.find_tutor(tutor_id)
    if tutor is None:
        raise ApiError(404, "no such tutor")
    data = {
        "id": tutor.id,
        "name": tutor.name,
        "city": tutor.city,
        "rating": money(tutor.rating),
        "active": tutor.active,
        "years": (settings.today() - tutor.hired_on).days // 365,
        "subjects": [
            {"id": row.id, "code": row.code, "name": row.name, "since": day(row.since)}
            for row in repo.subjects_of_tutor(tutor_id)
        ],
    }
    if user.role == "admin" or user.tutor_id == tutor_id:
        data["email"] = tutor.email
        work = {}
        for row in repo.hours_of_tutor(tutor_id):
            work[row.status] = {"lessons": row.lessons, "hours": round(row.minutes / 60, 2)}
        data["work"] = work
    return reply_tagged(data)


def show_timetable(tutor_id):
    user = require("admin", "tutor")
    if user.role == "tutor" and user.tutor_id != tutor_id:
        raise ApiError(403, "not your timetable")
    chosen = arg_date("week", settings.today())
    cancelled = arg_bool("cancelled")
    if repo.find_tutor(tutor_id) is None:
        raise ApiError(404, "no such tutor")
    zone = settings.zone()
    monday = chosen - timedelta(days=chosen.weekday())
    start = datetime.combine(monday, time.min, zone)
    end = datetime.combine(monday + timedelta(days=7), time.min, zone)
    names = WEEKDAYS[language(user)]
    days = [
        {"date": day(monday + timedelta(days=offset)), "weekday": names[offset], "lessons": []} for offset in range(7)
    ]
    minutes = 0
    for row in repo.tutor_lessons_between(tutor_id, start.astimezone(timezone.utc), end.astimezone(timezone.utc)):
        if row.status == "cancelled" and not cancelled:
            continue
        local = row.starts_at.astimezone(zone)
        if row.status != "cancelled":
            minutes += row.minutes
        days[local.weekday()]["lessons"].append(
            {
                "id": row.id,
                "subject": row.subject,
                "from": local.strftime("%H:%M"),
                "to": (local + timedelta(minutes=row.minutes)).strftime("%H:%M"),
                "room": row.room or "-",
                "status": row.status,
                "pupils": [booking.pupil for booking in repo.bookings_of_lesson(row.id)],
            }
        )
    return reply({"tutor_id": tutor_id, "week": day(monday), "minutes": minutes, "days": days})
