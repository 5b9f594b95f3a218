"""`/book` and `/bookings`: booking an item, what is free when it is taken, and a person's own bookings."""

from __future__ import annotations

import datetime as dt
import uuid
from typing import Any

from flask import Blueprint, redirect, render_template, request, url_for
from werkzeug.exceptions import NotFound, Unauthorized
from werkzeug.wrappers import Response

from discovery.site import api, notices
from discovery.site.guard import refuse
from discovery.site.location import in_minutes
from discovery.site.search import today
from discovery.site.visit import current_visit

LONGEST = 8  # slots in a row that the form offers
ITEM_DIGITS = 10


def add_to(site: Blueprint) -> None:
    """Adds the pages."""
    site.add_url_rule("/book", "book", book)
    site.add_url_rule("/book", "send_booking", send_booking, methods=["POST"])
    site.add_url_rule("/bookings", "bookings", bookings)
    site.add_url_rule("/bookings/<int:number>", "booking", booking)
    site.add_url_rule("/bookings/<int:number>/cancel", "cancel", cancel, methods=["POST"])


def book() -> str:
    """The form for one item and day."""
    if current_visit().person is None:
        raise Unauthorized
    start, end = request.args.get("start_time", ""), request.args.get("end_time", "")
    given = {"start_time": start, "minutes": "", "attendees": request.args.get("attendees", "1"), "notes": ""}
    if len(start) == len(end) == 5 and (start + end).replace(":", "").isdigit():
        given["minutes"] = str(in_minutes(end) - in_minutes(start))
    return _form(request.args.get("item", ""), request.args.get("date", ""), given)


def send_booking() -> str | tuple[str, int] | Response:
    """Book, and tell what is free instead when somebody was faster."""
    if current_visit().person is None:
        raise Unauthorized
    form = request.form
    given = {name: form.get(name, "").strip() for name in ("start_time", "minutes", "attendees", "notes")}
    item, date = form.get("item", ""), form.get("date", "")
    body = {
        "item_id": _whole(item),
        "date": date,
        "start_time": given["start_time"],
        "end_time": _end(given["start_time"], given["minutes"]),
        "attendees": _whole(given["attendees"]),
        "notes": given["notes"].replace("\r\n", "\n"),
    }
    answer = api.ask("POST", "/v1/bookings", body=body, headers={"Idempotency-Key": form.get("key", "")})
    if answer.ok:
        made = answer.content
        notices.say(f"{made['item']['name']} is booked.")
        return redirect(url_for("site.booking", number=made["id"]), 303)
    if answer.status in (404, 403):
        refuse(answer.status, answer.error["message"])
    return _form(item, date, given, answer), answer.status


def _whole(text: str) -> int | str:
    """A whole number where it is one; what is wrong the API says better."""
    text = text.strip()
    return int(text) if text.isascii() and text.isdigit() and len(text) <= ITEM_DIGITS else text


def _end(start: str, minutes: str) -> str:
    """HH:MM so many minutes later; "" when one of them is not what it should be."""
    try:
        end = dt.datetime.strptime(start, "%H:%M") + dt.timedelta(minutes=int(minutes))
    except (ValueError, OverflowError):
        return ""
    return f"{end:%H:%M}" if end.day == 1 else ""


def _form(item: str, date: str, given: dict[str, str], refused: api.Answer | None = None) -> str:
    """The form with the day's slots; `refused` is what the API answered to the last try."""
    if not (item.isascii() and item.isdigit() and len(item) <= ITEM_DIGITS):
        raise NotFound("There is no such item.")
    answer = api.get(f"/v1/items/{item}", date=date)
    wrong_date = None
    if answer.status == 400:
        wrong_date, date = answer.error["message"], today()
        answer = api.get(f"/v1/items/{item}", date=date)
    if not answer.ok:
        refuse(answer.status, answer.error["message"])
    found = answer.content
    problem = refused.error if refused is not None else None
    if wrong_date and problem is None:
        problem = {"code": "invalid_parameter", "message": wrong_date, "parameter": "date"}
    return render_template(
        "site/book.html", found=found, given=given, lengths=lengths(found, given["minutes"]), key=uuid.uuid4().hex,
        problem=problem, today=today(), any_free=any(slot["available"] for slot in found["slots"]),
    )  # fmt: skip


def lengths(found: dict[str, Any], asked: str) -> list[int]:
    """How many minutes one can book: one slot, two slots … and what was asked for."""
    slot, slots = found["item"]["slot_minutes"], len(found["slots"])
    offered = {slot * count for count in range(1, min(LONGEST, max(slots, 1)) + 1)}
    if asked.isascii() and asked.isdigit() and 0 < int(asked) <= 24 * 60:
        offered.add(int(asked))
    return sorted(offered)


def bookings() -> str | tuple[str, int]:
    """The person's own, the latest first."""
    answer = api.get("/v1/bookings", page=request.args.get("page"))
    if not answer.ok:
        refuse(answer.status, answer.error["message"])
    return render_template("site/bookings.html", found=answer.content, now=today())


def booking(number: int) -> str:
    """One of them."""
    answer = api.get(f"/v1/bookings/{number}")
    if not answer.ok:
        refuse(answer.status, answer.error["message"])
    return render_template("site/booking.html", booking=answer.content, now=today())


def cancel(number: int) -> Response:
    """Cancel and show it again."""
    answer = api.ask("POST", f"/v1/bookings/{number}/cancel")
    if not answer.ok:
        refuse(answer.status, answer.error["message"])
    notices.say("The booking is cancelled.")
    return redirect(url_for("site.booking", number=number), 303)
