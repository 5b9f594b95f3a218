"""Reads. One explicit connection for each call; rows come back as they are."""
from sqlalchemy import and_, exists, func, or_, select, text

from .db import get_engine
from .tables import (
    attendance,
    grades,
    lessons,
    messages,
    payments,
    pupils,
    subjects,
    terms,
    tutor_subjects,
    tutors,
    users,
)


def fetch_all(statement, parameters=None):
    with get_engine().begin() as connection:
        return connection.execute(statement, parameters or {}).all()


def fetch_one(statement, parameters=None):
    with get_engine().begin() as connection:
        return connection.execute(statement, parameters or {}).first()


def fetch_value(statement, parameters=None):
    with get_engine().begin() as connection:
        return connection.execute(statement, parameters or {}).scalar()


def find_user(user_id):
    return fetch_one(select(users).where(users.c.id == user_id))


def find_term(term_id):
    return fetch_one(select(terms).where(terms.c.id == term_id))


# subjects and tutors --------------------------------------------------------


def all_subjects():
    return fetch_all(select(subjects).order_by(subjects.c.id))


def find_subject(subject_id):
    return fetch_one(select(subjects).where(subjects.c.id == subject_id))


def subject_names():
    return {row.id: row.name for row in fetch_all(select(subjects.c.id, subjects.c.name))}


def count_tutors(subject_id):
    statement = (
        select(func.count())
        .select_from(tutor_subjects.join(tutors, tutors.c.id == tutor_subjects.c.tutor_id))
        .where(tutor_subjects.c.subject_id == subject_id, tutors.c.active)
    )
    return fetch_value(statement)


def tutors_of_subject(subject_id):
    statement = (
        select(tutors, tutor_subjects.c.since)
        .join(tutor_subjects, tutor_subjects.c.tutor_id == tutors.c.id)
        .where(tutor_subjects.c.subject_id == subject_id)
        .order_by(tutors.c.rating.desc().nulls_last(), tutors.c.name, tutors.c.id)
    )
    return fetch_all(statement)


def subjects_of_tutor(tutor_id):
    statement = (
        select(subjects.c.id, subjects.c.code, subjects.c.name, tutor_subjects.c.since)
        .join(tutor_subjects, tutor_subjects.c.subject_id == subjects.c.id)
        .where(tutor_subjects.c.tutor_id == tutor_id)
        .order_by(subjects.c.code)
    )
    return fetch_all(statement)


def upcoming_of_subject(subject_id, moment, limit):
    statement = (
        select(lessons.c.id, lessons.c.starts_at, lessons.c.room, tutors.c.name.label("tutor"))
        .join(tutors, tutors.c.id == lessons.c.tutor_id)
        .where(lessons.c.subject_id == subject_id, lessons.c.starts_at >= moment, lessons.c.status == "planned")
        .order_by(lessons.c.starts_at, lessons.c.id)
        .limit(limit)
    )
    return fetch_all(statement)


def find_tutor(tutor_id):
    return fetch_one(select(tutors).where(tutors.c.id == tutor_id))


def search_tutors(cities, without_city, active, subject_ids, min_rating):
    statement = select(tutors).order_by(tutors.c.id)
    if cities or without_city:
        choices = [tutors.c.city.in_(cities)]
        if without_city:
            choices.append(tutors.c.city.is_(None))
        statement = statement.where(or_(*choices))
    if active is not None:
        statement = statement.where(tutors.c.active == active)
    if min_rating is not None:
        statement = statement.where(tutors.c.rating >= min_rating)
    if subject_ids:
        teaches = exists().where(
            tutor_subjects.c.tutor_id == tutors.c.id, tutor_subjects.c.subject_id.in_(subject_ids)
        )
        statement = statement.where(teaches)
    return fetch_all(statement)


def hours_of_tutor(tutor_id):
    """Minutes held and lessons of every status."""
    statement = text(
        """
        SELECT status, count(*) AS lessons, sum(minutes) AS minutes
        FROM lessons WHERE tutor_id = :tutor_id
        GROUP BY status ORDER BY status
        """
    )
    return fetch_all(statement, {"tutor_id": tutor_id})


def tutor_lessons_between(tutor_id, start, end):
    statement = (
        select(lessons, subjects.c.name.label("subject"))
        .join(subjects, subjects.c.id == lessons.c.subject_id)
        .where(lessons.c.tutor_id == tutor_id, lessons.c.starts_at >= start, lessons.c.starts_at < end)
        .order_by(lessons.c.starts_at, lessons.c.id)
    )
    return fetch_all(statement)


# pupils ---------------------------------------------------------------------


def search_pupils(years, mentor_id, guardian_id, born_from, born_to, min_balance, max_balance):
    statement = select(pupils).order_by(pupils.c.id)
    if years:
        statement = statement.where(pupils.c.school_year.in_(years))
    if mentor_id is not None:
        statement = statement.where(pupils.c.mentor_id == mentor_id)
    if guardian_id is not None:
        statement = statement.where(pupils.c.guardian_id == guardian_id)
    if born_from is not None:
        statement = statement.where(pupils.c.born_on >= born_from)
    if born_to is not None:
        statement = statement.where(pupils.c.born_on <= born_to)
    if min_balance is not None:
        statement = statement.where(pupils.c.balance >= min_balance)
    if max_balance is not None:
        statement = statement.where(pupils.c.balance <= max_balance)
    return fetch_all(statement)


def find_pupil(pupil_id):
    return fetch_one(select(pupils).where(pupils.c.id == pupil_id))


def last_payment(pupil_id):
    statement = (
        select(payments.c.amount, payments.c.paid_at)
        .where(payments.c.pupil_id == pupil_id)
        .order_by(payments.c.paid_at.desc(), payments.c.id.desc())
        .limit(1)
    )
    return fetch_one(statement)


def count_bookings(pupil_id):
    return fetch_value(select(func.count()).where(attendance.c.pupil_id == pupil_id))


def lessons_of_pupil(pupil_id):
    statement = (
        select(
            lessons.c.id,
            lessons.c.starts_at,
            lessons.c.subject_id,
            lessons.c.tutor_id,
            attendance.c.state,
            attendance.c.minutes_late,
        )
        .join(attendance, attendance.c.lesson_id == lessons.c.id)
        .where(attendance.c.pupil_id == pupil_id)
        .order_by(lessons.c.starts_at.desc(), attendance.c.id.desc())
    )
    return fetch_all(statement)


def grades_of_pupil(pupil_id, term_id=None):
    statement = (
        select(grades)
        .where(grades.c.pupil_id == pupil_id)
        .order_by(grades.c.subject_id, grades.c.given_on, grades.c.id)
    )
    if term_id is not None:
        statement = statement.where(grades.c.term_id == term_id)
    return fetch_all(statement)


def payment_totals(pupil_id):
    statement = text(
        """
        SELECT count(*) AS payments, coalesce(sum(amount), 0) AS total,
               count(*) FILTER (WHERE amount < 0) AS refunds
        FROM payments WHERE pupil_id = :pupil_id
        """
    )
    return fetch_one(statement, {"pupil_id": pupil_id})


def statement_lines(pupil_id, start, end):
    """Payments with the running total since the beginning, then only those of the span."""
    statement = text(
        """
        SELECT * FROM (
            SELECT id, paid_at, amount, method, reference,
                   sum(amount) OVER (ORDER BY paid_at, id) AS running
            FROM payments WHERE pupil_id = :pupil_id
        ) AS lines
        WHERE (CAST(:start AS timestamptz) IS NULL OR paid_at >= :start)
          AND (CAST(:end AS timestamptz) IS NULL OR paid_at < :end)
        ORDER BY paid_at, id
        """
    )
    return fetch_all(statement, {"pupil_id": pupil_id, "start": start, "end": end})


# lessons --------------------------------------------------------------------


def search_lessons(start, end, statuses, tutor_ids, subject_ids, min_minutes, free, room, order, limit, offset):
    conditions = []
    if start is not None:
        conditions.append(lessons.c.starts_at >= start)
    if end is not None:
        conditions.append(lessons.c.starts_at < end)
    if statuses:
        conditions.append(lessons.c.status.in_(statuses))
    if tutor_ids:
        conditions.append(lessons.c.tutor_id.in_(tutor_ids))
    if subject_ids:
        conditions.append(lessons.c.subject_id.in_(subject_ids))
    if min_minutes is not None:
        conditions.append(lessons.c.minutes >= min_minutes)
    if free is not None:
        conditions.append(lessons.c.capacity - lessons.c.seats_taken >= free)
    if room is not None:
        conditions.append(lessons.c.room == room)
    where = and_(True, *conditions)
    columns = {"starts": lessons.c.starts_at, "price": lessons.c.price, "room": lessons.c.room}
    column = columns[order.lstrip("-")]
    ordering = column.desc().nulls_last() if order.startswith("-") else column.asc().nulls_last()
    with get_engine().begin() as connection:
        total = connection.execute(select(func.count()).select_from(lessons).where(where)).scalar()
        rows = connection.execute(
            select(lessons).where(where).order_by(ordering, lessons.c.id).limit(limit).offset(offset)
        ).all()
    return total, rows


def find_lesson(lesson_id):
    statement = (
        select(lessons, subjects.c.name.label("subject"), tutors.c.name.label("tutor"), terms.c.name.label("term"))
        .join(subjects, subjects.c.id == lessons.c.subject_id)
        .join(tutors, tutors.c.id == lessons.c.tutor_id)
        .outerjoin(terms, terms.c.id == lessons.c.term_id)
        .where(lessons.c.id == lesson_id)
    )
    return fetch_one(statement)


def bookings_of_lesson(lesson_id):
    statement = (
        select(attendance, pupils.c.name.label("pupil"), pupils.c.guardian_id)
        .join(pupils, pupils.c.id == attendance.c.pupil_id)
        .where(attendance.c.lesson_id == lesson_id)
        .order_by(attendance.c.id)
    )
    return fetch_all(statement)


# payments -------------------------------------------------------------------


def search_payments(guardian_id, pupil_ids, start, end, methods, min_amount, max_amount):
    statement = (
        select(payments, pupils.c.name.label("pupil"))
        .join(pupils, pupils.c.id == payments.c.pupil_id)
        .order_by(payments.c.paid_at.desc(), payments.c.id)
    )
    if guardian_id is not None:
        statement = statement.where(pupils.c.guardian_id == guardian_id)
    if pupil_ids:
        statement = statement.where(payments.c.pupil_id.in_(pupil_ids))
    if start is not None:
        statement = statement.where(payments.c.paid_at >= start)
    if end is not None:
        statement = statement.where(payments.c.paid_at < end)
    if methods:
        statement = statement.where(payments.c.method.in_(methods))
    if min_amount is not None:
        statement = statement.where(payments.c.amount >= min_amount)
    if max_amount is not None:
        statement = statement.where(payments.c.amount <= max_amount)
    return fetch_all(statement)


# reports --------------------------------------------------------------------


def revenue_rows(start, end):
    statement = text(
        """
        SELECT lessons.id, lessons.starts_at, lessons.price, lessons.subject_id, lessons.tutor_id, lessons.minutes,
               count(attendance.id) AS seats,
               count(attendance.id) FILTER (WHERE attendance.state IN ('present', 'late')) AS attended
        FROM lessons LEFT JOIN attendance ON attendance.lesson_id = lessons.id
        WHERE lessons.status = 'held' AND lessons.starts_at >= :start AND lessons.starts_at < :end
        GROUP BY lessons.id
        ORDER BY lessons.starts_at, lessons.id
        """
    )
    return fetch_all(statement, {"start": start, "end": end})


def ranking_rows(subject_id, term_id):
    statement = text(
        """
        SELECT pupil_id, name, average, marks, rank() OVER (ORDER BY average DESC) AS place FROM (
            SELECT grades.pupil_id, pupils.name, count(*) AS marks,
                   round(sum(grades.mark * grades.weight) / sum(grades.weight), 2) AS average
            FROM grades JOIN pupils ON pupils.id = grades.pupil_id
            WHERE grades.subject_id = :subject_id AND grades.mark IS NOT NULL AND grades.weight > 0
              AND (CAST(:term_id AS integer) IS NULL OR grades.term_id = :term_id)
            GROUP BY grades.pupil_id, pupils.name
        ) AS averages
        ORDER BY place, name, pupil_id
        """
    )
    return fetch_all(statement, {"subject_id": subject_id, "term_id": term_id})


# messages -------------------------------------------------------------------


def messages_of(user_id, box, unread, since):
    if box == "in":
        mine = messages.c.recipient_id == user_id
    elif box == "out":
        mine = messages.c.sender_id == user_id
    else:
        mine = or_(messages.c.recipient_id == user_id, messages.c.sender_id == user_id)
    statement = select(messages).where(mine).order_by(messages.c.sent_at.desc(), messages.c.id.desc())
    if unread is not None:
        statement = statement.where(messages.c.read_at.is_(None) if unread else messages.c.read_at.is_not(None))
    if since is not None:
        statement = statement.where(messages.c.sent_at >= since)
    return fetch_all(statement)


def count_unread(user_id):
    statement = select(func.count()).where(messages.c.recipient_id == user_id, messages.c.read_at.is_(None))
    return fetch_value(statement)
