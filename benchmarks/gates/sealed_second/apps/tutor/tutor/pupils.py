"""Pupils as their guardians, tutors and the office see them."""
from datetime import datetime, time, timedelta
from decimal import ROUND_HALF_UP, Decimal

from flask import make_response, render_template

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
    reply_page,
    reply_tagged,
    stamp,
)

PUPIL_SORTS = ("name", "born", "balance", "-balance")
PARTS = ("lessons", "grades", "payments")
CENT = Decimal("0.01")
LABELS = {
    "en": {"title": "Statement", "date": "Date", "amount": "Amount", "total": "Total", "nothing": "No payments"},
    "de": {"title": "Kontoauszug", "date": "Datum", "amount": "Betrag", "total": "Saldo", "nothing": "Keine Zahlungen"},
    "fr": {"title": "Relevé", "date": "Date", "amount": "Montant", "total": "Solde", "nothing": "Aucun paiement"},
}


def may_see(user, pupil):
    if user.role == "admin":
        return True
    if user.role == "tutor":
        return pupil.mentor_id == user.tutor_id
    return pupil.guardian_id == user.id


def visible_pupil(pupil_id):
    user = current_user()
    pupil = repo.find_pupil(pupil_id)
    if pupil is None:
        raise ApiError(404, "no such pupil")
    if not may_see(user, pupil):
        raise ApiError(403, "not your pupil")
    return user, pupil


def list_pupils():
    user = current_user()
    years = arg_int_list("year")
    mentor_id = arg_int("mentor")
    born_from = arg_date("born_from")
    born_to = arg_date("born_to")
    min_balance = arg_decimal("min_balance")
    max_balance = arg_decimal("max_balance")
    owing = arg_bool("owing")
    q = arg_text("q")
    sort = arg_choice("sort", PUPIL_SORTS, "name")
    page, size = paging()
    guardian_id = user.id if user.role == "guardian" else None
    if user.role == "tutor":
        if mentor_id is not None and mentor_id != user.tutor_id:
            raise ApiError(403, "only your own pupils")
        mentor_id = user.tutor_id
    rows = repo.search_pupils(years, mentor_id, guardian_id, born_from, born_to, min_balance, max_balance)
    if owing is not None:
        rows = [row for row in rows if (row.balance < 0) == owing]
    if q:
        rows = [row for row in rows if q.lower() in row.name.lower() or q.lower() in (row.note or "").lower()]
    if sort == "born":
        rows.sort(key=lambda row: (row.born_on is None, day(row.born_on) or "", row.id))
    elif sort == "balance":
        rows.sort(key=lambda row: (row.balance, row.id))
    elif sort == "-balance":
        rows.sort(key=lambda row: (-row.balance, row.id))
    else:
        rows.sort(key=lambda row: (row.name, row.id))
    owed = sum((-row.balance for row in rows if row.balance < 0), Decimal(0))
    start = (page - 1) * size
    items = [pupil_item(row) for row in rows[start:start + size]]
    return reply_page(items, len(rows), page, size, owed=money(owed))


def pupil_item(row):
    guardian = repo.find_user(row.guardian_id) if row.guardian_id is not None else None
    payment = repo.last_payment(row.id)
    return {
        "id": row.id,
        "name": row.name,
        "year": row.school_year,
        "born_on": day(row.born_on),
        "balance": money(row.balance),
        "guardian": guardian.name if guardian else None,
        "last_payment": {"amount": money(payment.amount), "at": stamp(payment.paid_at)} if payment else None,
        "lessons": repo.count_bookings(row.id),
    }


def weighted_average(rows):
    """Marks that are missing do not count; zero marks do."""
    marked = [row for row in rows if row.mark is not None]
    weight = sum((row.weight for row in marked), Decimal(0))
    if weight == 0:
        return None
    total = sum((row.mark * row.weight for row in marked), Decimal(0))
    return str((total / weight).quantize(CENT, ROUND_HALF_UP))


def show_pupil(pupil_id):
    term_id = arg_int("term")
    include = arg_list("include") or list(PARTS)
    for part in include:
        if part not in PARTS:
            raise ApiError(400, f"include must be of {', '.join(PARTS)}")
    latest = arg_int("latest", 10, low=0, high=200)
    user, pupil = visible_pupil(pupil_id)
    data = {
        "id": pupil.id,
        "name": pupil.name,
        "year": pupil.school_year,
        "born_on": day(pupil.born_on),
        "balance": money(pupil.balance),
        "mentor": None,
    }
    if pupil.mentor_id is not None:
        mentor = repo.find_tutor(pupil.mentor_id)
        data["mentor"] = {"id": mentor.id, "name": mentor.name}
    if user.role != "guardian":
        data["note"] = pupil.note
    if "lessons" in include:
        data["lessons"] = recent_lessons(pupil_id, latest)
    if "grades" in include:
        data["grades"] = grade_groups(pupil_id, term_id)
    if "payments" in include:
        totals = repo.payment_totals(pupil_id)
        data["payments"] = {"count": totals.payments, "total": money(totals.total), "refunds": totals.refunds}
    return reply_tagged(data)


def recent_lessons(pupil_id, latest):
    items = []
    for row in repo.lessons_of_pupil(pupil_id)[:latest]:
        item = {
            "id": row.id,
            "starts_at": stamp(row.starts_at),
            "subject": repo.find_subject(row.subject_id).name,
            "tutor": repo.find_tutor(row.tutor_id).name,
            "state": row.state,
        }
        if row.minutes_late is not None:
            item["minutes_late"] = row.minutes_late
        items.append(item)
    return items


def grade_groups(pupil_id, term_id):
    groups = {}
    for row in repo.grades_of_pupil(pupil_id, term_id):
        groups.setdefault(row.subject_id, []).append(row)
    result = []
    for subject_id, rows in groups.items():
        result.append(
            {
                "subject": repo.find_subject(subject_id).name,
                "average": weighted_average(rows),
                "marks": [{"mark": row.mark, "weight": str(row.weight), "on": day(row.given_on)} for row in rows],
            }
        )
    return result


def show_statement(pupil_id):
    user, pupil = visible_pupil(pupil_id)
    start = arg_date("from")
    end = arg_date("to")
    if start is not None and end is not None and start > end:
        raise ApiError(400, "from is after to")
    zone = settings.zone()
    first = None if start is None else datetime.combine(start, time.min, zone)
    last = None if end is None else datetime.combine(end + timedelta(days=1), time.min, zone)
    lines = repo.statement_lines(pupil_id, first, last)
    opening = lines[0].running - lines[0].amount if lines else Decimal(0)
    chosen = language(user)
    page = render_template(
        "statement.html",
        labels=LABELS[chosen],
        language=chosen,
        pupil=pupil,
        lines=[
            {
                "on": row.paid_at.astimezone(zone).strftime("%d.%m.%Y"),
                "amount": money(row.amount),
                "running": money(row.running),
                "method": row.method,
                "reference": row.reference,
            }
            for row in lines
        ],
        opening=money(opening),
        currency=settings.get("currency"),
    )
    response = make_response(page)
    response.headers["Content-Language"] = chosen
    response.headers["Vary"] = "X-User, X-Language"
    return response
