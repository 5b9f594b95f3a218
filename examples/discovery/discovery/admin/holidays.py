"""`/v1/admin/holidays`: days on which nothing is let in a country. Discovery shows a change at once."""

from __future__ import annotations

import datetime as dt
from typing import Any

from flask import Blueprint, request
from sqlalchemy import Engine, exists, func, select
from sqlalchemy.orm import Session

from discovery.admin.paging import wanted_page
from discovery.bodies import day, json_object, text
from discovery.errors import Conflict, InvalidParameter, NotFound
from discovery.keyvalue import versions
from discovery.models import City, Holiday
from discovery.params import FIRST_DAY, LAST_DAY, integer, row_id
from discovery.params import text as text_parameter

LONGEST_NAME = 120
FIELDS = ("country", "day", "name")


def holidays_blueprint(engine: Engine) -> Blueprint:
    """List, add and remove. Bookings that lie on an added holiday stay as they are."""
    blueprint = Blueprint("admin_holidays", __name__, url_prefix="/v1/admin/holidays")

    @blueprint.get("")
    def list_holidays() -> dict[str, Any]:
        country = text_parameter(request.args, "country")
        year = _year()
        page = wanted_page()
        conditions = [Holiday.country == country.upper()] if country else []
        if year:
            conditions.append(Holiday.day.between(dt.date(year, 1, 1), dt.date(year, 12, 31)))
        with Session(engine) as session:
            total = session.scalar(select(func.count()).select_from(Holiday).where(*conditions)) or 0
            rows = session.scalars(
                select(Holiday)
                .where(*conditions)
                .order_by(Holiday.day, Holiday.country, Holiday.id)
                .offset(page.skipped)
                .limit(page.size)
            )
            return page.answer("holidays", [_answer(row) for row in rows], total)

    @blueprint.post("")
    def add_holiday() -> tuple[dict[str, Any], int]:
        body = json_object(FIELDS)
        country = text(body, "country", 2, 2).upper()
        wanted, name = day(body, "day"), text(body, "name", LONGEST_NAME)
        with Session(engine) as session, session.begin():
            # One administrator at a time: there is no unique index that would tell two equal ones apart.
            session.execute(select(func.pg_advisory_xact_lock(func.hashtext("discovery.holidays"))))
            if not session.scalar(select(exists().where(City.country == country))):
                raise InvalidParameter(f"There is no city in the country {country}.", "country")
            same = exists().where(Holiday.country == country, Holiday.day == wanted, Holiday.name == name)
            if session.scalar(select(same)):
                raise Conflict("There is a holiday of that name on that day already.")
            holiday = Holiday(country=country, day=wanted, name=name)
            session.add(holiday)
            session.flush()
            answer = _answer(holiday)
        versions.changed(None)
        return answer, 201

    @blueprint.delete("/<int:number>")
    def remove_holiday(number: int) -> tuple[str, int]:
        with Session(engine) as session, session.begin():
            holiday = session.get(Holiday, row_id(number))
            if holiday is None:
                raise NotFound("There is no such holiday.")
            session.delete(holiday)
        versions.changed(None)
        return "", 204

    return blueprint


def _year() -> int | None:
    """The parameter `year`, None when not given."""
    year = integer(request.args, "year")
    if year is not None and not FIRST_DAY.year <= year <= LAST_DAY.year:
        raise InvalidParameter(f"year must lie between {FIRST_DAY.year} and {LAST_DAY.year}.", "year")
    return year


def _answer(holiday: Holiday) -> dict[str, Any]:
    return {"id": holiday.id, "country": holiday.country, "day": holiday.day.isoformat(), "name": holiday.name}
