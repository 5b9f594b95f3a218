"""`/admin/…`: pages for administrators. Whether somebody may do it, the API decides each time."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, redirect, render_template, request, url_for
from werkzeug.exceptions import Forbidden, Unauthorized
from werkzeug.wrappers import Response

from discovery.site import api, notices
from discovery.site.guard import refuse
from discovery.site.visit import Person, current_visit

ITEM_WHOLE = ("location_id", "floor", "capacity", "slot_minutes", "min_notice", "sort_order")
ITEM_TEXT = ("category", "name", "hourly_price", "day_price", "status", "description")
NEW_ITEM = {"slot_minutes": "60", "min_notice": "0", "floor": "0", "capacity": "4", "sort_order": "0",
            "status": "active", "category": "meeting-room"}  # fmt: skip


def add_to(site: Blueprint) -> None:
    """Adds the pages."""
    rules: tuple[tuple[str, Any, str], ...] = (
        ("", overview, "GET"),
        ("/holidays", holidays, "GET"),
        ("/holidays", add_holiday, "POST"),
        ("/holidays/<int:number>/remove", remove_holiday, "POST"),
        ("/items", items, "GET"),
        ("/items/new", new_item, "GET"),
        ("/items/new", add_item, "POST"),
        ("/items/<int:number>", item, "GET"),
        ("/items/<int:number>", change_item, "POST"),
        ("/config", config, "GET"),
        ("/config/<int:number>", change_setting, "POST"),
    )
    for path, view, method in rules:
        site.add_url_rule(f"/admin{path}", f"admin_{view.__name__}", view, methods=[method])


def _administrator() -> Person:
    person = current_visit().person
    if person is None:
        raise Unauthorized
    if not person.administers:
        raise Forbidden("These pages are for administrators.")
    return person


def _asked(path: str, **query: Any) -> dict[str, Any]:
    """The API's answer; an error page when it refuses."""
    answer = api.get(path, **query)
    if not answer.ok:
        refuse(answer.status, answer.error["message"])
    return answer.content


def overview() -> str:
    """What there is to manage."""
    return render_template("site/admin/overview.html", scopes=_administrator().scopes)


def holidays() -> str:
    """The list and the form for another one."""
    return _holidays({"country": request.args.get("country", ""), "day": "", "name": ""}, None)


def _holidays(given: dict[str, str], problem: dict[str, Any] | None) -> str:
    _administrator()
    countries = sorted({city["country"] for city in _asked("/v1/filters")["cities"]})
    found = _asked("/v1/admin/holidays", country=request.args.get("country"), year=request.args.get("year"),
                   page=request.args.get("page"))  # fmt: skip
    return render_template("site/admin/holidays.html", found=found, countries=countries, given=given, problem=problem)


def add_holiday() -> str | tuple[str, int] | Response:
    """Discovery shows it at once."""
    given = {name: request.form.get(name, "").strip() for name in ("country", "day", "name")}
    answer = api.ask("POST", "/v1/admin/holidays", body=given)
    if not answer.ok:
        return _holidays(given, answer.error), answer.status
    notices.say(f"{given['name']} is a holiday in {given['country'].upper()} now.")
    return redirect(url_for("site.admin_holidays", country=given["country"].upper()), 303)


def remove_holiday(number: int) -> Response:
    """Take it away."""
    answer = api.ask("DELETE", f"/v1/admin/holidays/{number}")
    if not answer.ok:
        refuse(answer.status, answer.error["message"])
    notices.say("The holiday is removed.")
    return redirect(url_for("site.admin_holidays", country=request.form.get("country") or None), 303)


def items() -> str:
    """The inventory."""
    _administrator()
    search, place = request.args.get("search"), request.args.get("location_id")
    found = _asked("/v1/admin/items", search=search, location_id=place, page=request.args.get("page"), page_size=20)
    return render_template("site/admin/items.html", found=found)


def _item_form(given: dict[str, Any], problem: dict[str, Any] | None, number: int | None) -> str:
    _administrator()
    categories = _asked("/v1/filters")["categories"]
    statuses = [(status["code"], status["label"]) for status in _asked("/v1/admin/items/statuses")["statuses"]]
    return render_template("site/admin/item.html", given=given, categories=categories, statuses=statuses,
                           problem=problem, number=number)  # fmt: skip


def new_item() -> str:
    """An empty form."""
    return _item_form(NEW_ITEM | {"location_id": request.args.get("location_id", "")}, None, None)


def item(number: int) -> str:
    """The form with what the item is now."""
    found = _asked(f"/v1/admin/items/{number}")
    flat = found | {"location_id": found["location"]["id"], "category": found["category"]["slug"],
                    "status": found["status"]["code"]}  # fmt: skip
    return _item_form(flat, None, number)


def _sent_item() -> tuple[dict[str, str], dict[str, Any]]:
    """The form's texts, and the same as the API's body."""
    given = {name: request.form.get(name, "").strip() for name in (*ITEM_WHOLE, *ITEM_TEXT)}
    body: dict[str, Any] = dict(given)
    for name in ITEM_WHOLE:
        digits = given[name].removeprefix("-")
        if digits.isascii() and digits.isdigit() and len(digits) <= 10:
            body[name] = int(given[name])
    return given, body


def add_item() -> str | tuple[str, int] | Response:
    """A new item."""
    given, body = _sent_item()
    answer = api.ask("POST", "/v1/admin/items", body=body)
    if not answer.ok:
        return _item_form(given, answer.error, None), answer.status
    notices.say(f"{given['name']} is added.")
    return redirect(url_for("site.admin_item", number=answer.content["id"]), 303)


def change_item(number: int) -> str | tuple[str, int] | Response:
    """All of the form's fields."""
    given, body = _sent_item()
    answer = api.ask("PATCH", f"/v1/admin/items/{number}", body=body)
    if not answer.ok:
        return _item_form(given, answer.error, number), answer.status
    notices.say(f"{given['name']} is changed.")
    return redirect(url_for("site.admin_item", number=number), 303)


def config() -> str:
    """The settings."""
    return _config(None, None)


def _config(problem: dict[str, Any] | None, number: int | None) -> str:
    _administrator()
    search = request.args.get("search")
    found = _asked("/v1/admin/config", search=search, page=request.args.get("page"), page_size=25)
    return render_template("site/admin/config.html", found=found, problem=problem, wrong=number)


def change_setting(number: int) -> str | tuple[str, int] | Response:
    """One value."""
    answer = api.ask("PATCH", f"/v1/admin/config/{number}", body={"value": request.form.get("value", "")})
    if not answer.ok:
        return _config(answer.error, number), answer.status
    notices.say(f"{answer.content['name']} is {answer.content['value']} now.")
    return redirect(url_for("site.admin_config", search=request.form.get("search") or None), 303)
