"""Lessons, bookings and attendance. Writes go through an ORM Session."""
from datetime import datetime, time, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from . import repo, settings
from .db import get_engine
from .helpers import (
    ApiError,
    arg_choice,
    arg_date,
    arg_int,
    arg_int_list,
    arg_list,
    arg_text,
    body,
    body_id,
    current_user,
    money,
    paging,
    reply,
    reply_page,
    reply_tagged,
    require,
    stamp,
)
from .tables import Attendance, AuditEntry, Lesson, Pupil, users

STATUSES = ("planned", "held", "cancelled")
STATES = ("present", "absent", "late", "excused")
LESSON_SORTS = ("starts", "-starts", "price", "-price", "room", "-room")


def list_lessons():
    zone = settings.zone()
    start = arg_date("from")
    end = arg_date("to")
    statuses = arg_list("status")
    for status in statuses:
        if status not in STATUSES:
            raise ApiError(400, f"status must be of {', '.join(STATUSES)}")
    tutor_ids = arg_int_list("tutor")
    subject_ids = arg_int_list("subject")
    min_minutes = arg_int("min_minutes")
    free = arg_int("free", low=0)
    room = arg_text("room")
    order = arg_choice("sort", LESSON_SORTS, "starts")
    page, size = paging()
    first = None if start is None else datetime.combine(start, time.min, zone)
    last = None if end is None else datetime.combine(end + timedelta(days=1), time.min, zone)
    total, rows = repo.search_lessons(
        first, last, statuses, tutor_ids, subject_ids, min_minutes, free, room, order, size, (page - 1) * size
    )
    items = []
    for row in rows:
        subject = repo.find_subject(row.subject_id)
        tutor = repo.find_tutor(row.tutor_id)
        term = repo.find_term(row.term_id) if row.term_id is not None else None
        items.append(
            {
                "id": row.id,
                "subject": subject.name,
                "tutor": tutor.name,
                "term": term.name if term else None,
                "starts_at": stamp(row.starts_at),
                "local_day": row.starts_at.astimezone(zone).date().isoformat(),
                "minutes": row.minutes,
                "room": row.room,
                "status": row.status,
                "free": row.capacity - row.seats_taken,
                "price": money(row.price),
            }
        )
    return reply_page(items, total, page, size)


def show_lesson(lesson_id):
    user = current_user()
    lesson = repo.find_lesson(lesson_id)
    if lesson is None:
        raise ApiError(404, "no such lesson")
    bookings = []
    hidden = 0
    for row in repo.bookings_of_lesson(lesson_id):
        if user.role == "guardian" and row.guardian_id != user.id:
            hidden += 1
            continue
        booking = {"pupil_id": row.pupil_id, "pupil": row.pupil, "state": row.state}
        if row.minutes_late is not None:
            booking["minutes_late"] = row.minutes_late
        bookings.append(booking)
    data = {
        "id": lesson.id,
        "subject": lesson.subject,
        "tutor": lesson.tutor,
        "term": lesson.term,
        "starts_at": stamp(lesson.starts_at),
        "ends_at": stamp(lesson.starts_at + timedelta(minutes=lesson.minutes)),
        "room": lesson.room,
        "status": lesson.status,
        "capacity": lesson.capacity,
        "price": money(lesson.price),
        "bookings": bookings,
    }
    if hidden:
        data["others"] = hidden
    return reply_tagged(data, headers={"X-Seats-Free": str(lesson.capacity - lesson.seats_taken)})


def may_act_for(user, pupil):
    return user.role == "admin" or (user.role == "guardian" and pupil.guardian_id == user.id)


def note(session, user, action, lesson_id, detail):
    session.add(AuditEntry(user_id=user.id, action=action, entity="lesson", entity_id=lesson_id, detail=detail))


def book(lesson_id):
    user = require("admin", "guardian")
    pupil_id = body_id(body(), "pupil_id")
    with Session(get_engine()) as session:
        lesson = session.get(Lesson, lesson_id, with_for_update=True)
        if lesson is None:
            raise ApiError(404, "no such lesson")
        pupil = session.get(Pupil, pupil_id, with_for_update=True)
        if pupil is None:
            raise ApiError(422, "no such pupil")
        if not may_act_for(user, pupil):
            raise ApiError(403, "not your pupil")
        if lesson.status != "planned" or lesson.starts_at <= settings.now():
            raise ApiError(409, "the lesson cannot be booked")
        booked = session.scalars(
            select(Attendance).where(Attendance.lesson_id == lesson_id, Attendance.pupil_id == pupil_id)
        ).first()
        if booked is not None:
            raise ApiError(409, "already booked")
        if lesson.seats_taken >= lesson.capacity:
            raise ApiError(409, "the lesson is full", capacity=lesson.capacity)
        limit = settings.number("credit_limit", 0)
        if pupil.balance - lesson.price < -limit:
            raise ApiError(409, "credit limit", balance=money(pupil.balance))
        booking = Attendance(lesson_id=lesson_id, pupil_id=pupil_id)
        session.add(booking)
        lesson.seats_taken += 1
        pupil.balance -= lesson.price
        note(session, user, "book", lesson_id, f"pupil {pupil_id} for {lesson.price}")
        session.flush()
        data = {
            "id": booking.id,
            "lesson_id": lesson_id,
            "pupil_id": pupil_id,
            "balance": money(pupil.balance),
            "free": lesson.capacity - lesson.seats_taken,
            "state": None,
        }
        session.commit()
    return reply(data, 201, headers={"Location": f"/lessons/{lesson_id}"})


def unbook(lesson_id, pupil_id):
    user = require("admin", "guardian")
    with Session(get_engine()) as session:
        lesson = session.get(Lesson, lesson_id, with_for_update=True)
        pupil = session.get(Pupil, pupil_id, with_for_update=True)
        if lesson is None or pupil is None:
            raise ApiError(404, "no such lesson or pupil")
        if not may_act_for(user, pupil):
            raise ApiError(403, "not your pupil")
        booking = session.scalars(
            select(Attendance).where(Attendance.lesson_id == lesson_id, Attendance.pupil_id == pupil_id)
        ).first()
        if booking is None:
            raise ApiError(404, "not booked")
        if booking.state is not None:
            raise ApiError(409, "attendance is marked")
        notice = timedelta(hours=settings.number("notice_hours", 24))
        refund = lesson.starts_at - settings.now() >= notice
        session.delete(booking)
        lesson.seats_taken -= 1
        if refund:
            pupil.balance += lesson.price
        note(session, user, "unbook", lesson_id, f"pupil {pupil_id} {'refunded' if refund else 'kept'}")
        answer = {"lesson_id": lesson_id, "pupil_id": pupil_id, "balance": money(pupil.balance)}
        session.commit()
    return reply(answer, headers={"X-Refunded": "yes" if refund else "no"})


def mark(lesson_id, pupil_id):
    """Only what the body names is changed; null takes a mark away."""
    user = require("admin", "tutor")
    data = body()
    unknown = sorted(set(data) - {"state", "minutes_late"})
    if unknown or not data:
        raise ApiError(422, "state and minutes_late can be changed", unknown=unknown)
    if data.get("state") is not None and data["state"] not in STATES:
        raise ApiError(422, f"state must be one of {', '.join(STATES)}")
    late = data.get("minutes_late")
    if late is not None and (isinstance(late, bool) or not isinstance(late, int) or not 0 <= late <= 240):
        raise ApiError(422, "minutes_late must be 0 to 240")
    with Session(get_engine()) as session:
        lesson = session.get(Lesson, lesson_id)
        if lesson is None:
            raise ApiError(404, "no such lesson")
        if user.role == "tutor" and lesson.tutor_id != user.tutor_id:
            raise ApiError(403, "not your lesson")
        if lesson.status == "cancelled":
            raise ApiError(409, "the lesson is cancelled")
        booking = session.scalars(
            select(Attendance)
            .where(Attendance.lesson_id == lesson_id, Attendance.pupil_id == pupil_id)
            .with_for_update()
        ).first()
        if booking is None:
            raise ApiError(404, "not booked")
        before = f"{booking.state}/{booking.minutes_late}"
        if "state" in data:
            booking.state = data["state"]
        if "minutes_late" in data:
            booking.minutes_late = data["minutes_late"]
        elif booking.state != "late":
            booking.minutes_late = None
        after = f"{booking.state}/{booking.minutes_late}"
        if after != before:
            note(session, user, "mark", lesson_id, f"pupil {pupil_id} {before} to {after}")
        answer = {"lesson_id": lesson_id, "pupil_id": pupil_id, "state": booking.state}
        if booking.minutes_late is not None:
            answer["minutes_late"] = booking.minutes_late
        marked_by = session.execute(select(users.c.name).where(users.c.id == user.id)).scalar()
        session.commit()
    answer["marked_by"] = marked_by
    return reply(answer)
