"""Reports for the office."""
from datetime import datetime, time, timedelta
from decimal import ROUND_HALF_UP, Decimal

from . import repo, settings
from .helpers import (
    ApiError,
    arg_choice,
    arg_date,
    arg_decimal,
    arg_int,
    current_user,
    language,
    money,
    reply,
    require,
)

GROUPINGS = ("subject", "tutor", "month")
TENTH = Decimal("0.1")
MEDALS = {
    "en": {1: "gold", 2: "silver", 3: "bronze"},
    "de": {1: "Gold", 2: "Silber", 3: "Bronze"},
    "fr": {1: "or", 2: "argent", 3: "bronze"},
}


def revenue():
    """Seats times price of the lessons held, by subject, tutor or local month."""
    require("admin")
    by = arg_choice("by", GROUPINGS, "subject")
    term_id = arg_int("term")
    start = arg_date("from")
    end = arg_date("to")
    min_total = arg_decimal("min_total")
    if term_id is not None:
        term = repo.find_term(term_id)
        if term is None:
            raise ApiError(404, "no such term")
        start = start or term.starts_on
        end = end or term.ends_on
    zone = settings.zone()
    first = datetime.combine(start or settings.today().replace(month=1, day=1), time.min, zone)
    last = datetime.combine((end or settings.today()) + timedelta(days=1), time.min, zone)
    groups = {}
    for row in repo.revenue_rows(first, last):
        if by == "subject":
            key = row.subject_id
        elif by == "tutor":
            key = row.tutor_id
        else:
            key = row.starts_at.astimezone(zone).strftime("%Y-%m")
        group = groups.setdefault(key, {"total": Decimal(0), "lessons": 0, "seats": 0, "attended": 0, "empty": 0})
        group["total"] += row.price * row.seats
        group["lessons"] += 1
        group["seats"] += row.seats
        group["attended"] += row.attended
        if row.seats == 0:
            group["empty"] += 1
    grand = sum((group["total"] for group in groups.values()), Decimal(0))
    items = []
    for key, group in groups.items():
        if min_total is not None and group["total"] < min_total:
            continue
        if by == "subject":
            label = repo.find_subject(key).name
        elif by == "tutor":
            label = repo.find_tutor(key).name
        else:
            label = key
        share = None
        if grand:
            share = str((group["total"] * 100 / grand).quantize(TENTH, ROUND_HALF_UP))
        items.append(
            {
                "key": key,
                "label": label,
                "total": money(group["total"]),
                "share": share,
                "lessons": group["lessons"],
                "empty": group["empty"],
                "attendance": round(group["attended"] / group["seats"], 3) if group["seats"] else None,
            }
        )
    if by == "month":
        items.sort(key=lambda item: item["key"])
    else:
        items.sort(key=lambda item: (-Decimal(item["total"]), item["label"], item["key"]))
    return reply({"by": by, "total": money(grand), "items": items})


def ranking():
    user = current_user()
    subject_id = arg_int("subject")
    if subject_id is None:
        raise ApiError(400, "subject is needed")
    term_id = arg_int("term")
    top = arg_int("top", 10, low=1)
    min_marks = arg_int("min_marks", 1, low=0)
    subject = repo.find_subject(subject_id)
    if subject is None:
        raise ApiError(404, "no such subject")
    names = MEDALS[language(user)]
    items = []
    for row in repo.ranking_rows(subject_id, term_id):
        if row.place > top:
            break
        if row.marks < min_marks:
            continue
        item = {"place": row.place, "average": str(row.average), "marks": row.marks}
        if user.role != "guardian":
            item["pupil_id"] = row.pupil_id
            item["pupil"] = row.name
        if row.place in names:
            item["medal"] = names[row.place]
        items.append(item)
    return reply({"subject": subject.name, "term_id": term_id, "items": items}, headers={"Vary": "X-User, X-Language"})
