"""`/v1/admin/items`: what can be booked. An item is never removed, since bookings point at it; its status changes."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable
from typing import Any

from flask import Blueprint, request
from sqlalchemy import ColumnElement, Engine, func, select
from sqlalchemy.orm import Session

from discovery.admin.paging import wanted_page
from discovery.bodies import Body, json_object, money, one_of, storable, text, whole
from discovery.errors import InvalidParameter, NotFound
from discovery.keyvalue import versions
from discovery.models import Category, City, Item, Location, Status
from discovery.params import MAX_ID, integer, row_id
from discovery.params import text as text_parameter

SLOT_MINUTES = (30, 60, 90)
LONGEST_NAME = 120
LONGEST_DESCRIPTION = 1000
MOST_ATTRIBUTES = 20
LARGEST_NUMBER = 1e9  # among the attributes
NEEDED = ("location_id", "category", "name", "floor", "capacity", "hourly_price", "day_price", "slot_minutes",
          "min_notice")  # fmt: skip
DEFAULTS: dict[str, Any] = {"status": "active", "description": "", "attributes": {}, "sort_order": 0}
FIELDS = (*NEEDED, *DEFAULTS)


def items_blueprint(engine: Engine) -> Blueprint:
    """List, read, add and change."""
    blueprint = Blueprint("admin_items", __name__, url_prefix="/v1/admin/items")

    @blueprint.get("")
    def list_items() -> dict[str, Any]:
        conditions = _conditions(text_parameter(request.args, "search"), integer(request.args, "location_id"))
        page = wanted_page()
        with Session(engine) as session:
            total = session.scalar(select(func.count()).select_from(Item).where(*conditions)) or 0
            rows = session.scalars(
                select(Item).where(*conditions).order_by(Item.id).offset(page.skipped).limit(page.size)
            ).all()
            return page.answer("items", _answers(session, rows), total)

    @blueprint.get("/statuses")
    def list_statuses() -> dict[str, Any]:
        with Session(engine) as session:
            rows = session.execute(select(Status.code, Status.label).order_by(Status.id))
            return {"statuses": [row._asdict() for row in rows]}

    @blueprint.get("/<int:number>")
    def read_item(number: int) -> dict[str, Any]:
        with Session(engine) as session:
            return _answers(session, [_existing(session, number)])[0]

    @blueprint.post("")
    def add_item() -> tuple[dict[str, Any], int]:
        body = DEFAULTS | json_object(FIELDS)
        for name in NEEDED:
            if name not in body:
                raise InvalidParameter(f"{name} is missing.", name)
        with Session(engine) as session, session.begin():
            now = _now()
            item = Item(**_columns(session, body), created_at=now, updated_at=now)
            session.add(item)
            session.flush()
            answer, cities = _answers(session, [item])[0], _cities(session, {item.location_id})
        _tell(cities)
        return answer, 201

    @blueprint.patch("/<int:number>")
    def change_item(number: int) -> dict[str, Any]:
        body = json_object(FIELDS)
        with Session(engine) as session, session.begin():
            item = _existing(session, number)
            places = {item.location_id}
            for name, value in _columns(session, body).items():
                setattr(item, name, value)
            if body:
                item.updated_at = _now()
            session.flush()
            answer, cities = _answers(session, [item])[0], _cities(session, places | {item.location_id})
        _tell(cities)
        return answer

    return blueprint


def _conditions(search: str | None, location_id: int | None) -> list[ColumnElement[bool]]:
    """The list's filters: a part of the name in any case, a location."""
    conditions: list[ColumnElement[bool]] = []
    if search is not None:
        conditions.append(Item.name.icontains(search, autoescape=True))
    if location_id is not None:
        conditions.append(Item.location_id == location_id)
    return conditions


def _existing(session: Session, number: int) -> Item:
    item = session.get(Item, row_id(number))
    if item is None:
        raise NotFound("There is no such item.")
    return item


def _now() -> dt.datetime:
    """Now in UTC, without zone and microseconds, as the table has it."""
    return dt.datetime.now(dt.UTC).replace(tzinfo=None, microsecond=0)


def _columns(session: Session, body: Body) -> dict[str, Any]:
    """The columns that the body sets, each checked; raises InvalidParameter for the first that is wrong."""
    read: dict[str, Callable[[], Any]] = {
        "location_id": lambda: _location(session, body),
        "category": lambda: _by(session, Category.slug, Category.id, body, "category"),
        "name": lambda: text(body, "name", LONGEST_NAME),
        "floor": lambda: whole(body, "floor", -10, 200),
        "capacity": lambda: whole(body, "capacity", 1, 10_000),
        "hourly_price": lambda: money(body, "hourly_price"),
        "day_price": lambda: money(body, "day_price"),
        "slot_minutes": lambda: one_of(body, "slot_minutes", SLOT_MINUTES),
        "min_notice": lambda: whole(body, "min_notice", 0, 10_080),
        "status": lambda: _by(session, Status.code, Status.id, body, "status"),
        "description": lambda: text(body, "description", LONGEST_DESCRIPTION, 0),
        "attributes": lambda: attributes(body),
        "sort_order": lambda: whole(body, "sort_order", 0, 10_000),
    }
    columns = {"category": "category_id"}
    return {columns.get(name, name): read[name]() for name in FIELDS if name in body}


def _location(session: Session, body: Body) -> int:
    number = whole(body, "location_id", 1, MAX_ID)
    if session.get(Location, number) is None:
        raise InvalidParameter("There is no such location.", "location_id")
    return number


def _by(session: Session, key: Any, column: Any, body: Body, name: str) -> int:
    """The id of the row whose `key` the field names; an unknown one is told together with those that exist."""
    ids: dict[str, int] = {row[0]: row[1] for row in session.execute(select(key, column))}
    return ids[one_of(body, name, ids)]


def attributes(body: Body) -> dict[str, Any]:
    """A flat object of texts, numbers, booleans and nulls."""
    value = body.get("attributes")
    if not isinstance(value, dict) or len(value) > MOST_ATTRIBUTES:
        raise InvalidParameter(f"attributes must be an object of at most {MOST_ATTRIBUTES} values.", "attributes")
    for key, content in value.items():
        storable(key, "attributes", 60, 1)
        if isinstance(content, str):
            storable(content, "attributes", 200)
        elif isinstance(content, int | float):
            if not abs(content) <= LARGEST_NUMBER:  # written so that NaN is refused too
                raise InvalidParameter("attributes holds a number that is too large.", "attributes")
        elif content is not None:
            raise InvalidParameter("attributes may hold texts, numbers, true, false and null.", "attributes")
    return value


def _cities(session: Session, locations: set[int]) -> set[int]:
    return set(session.scalars(select(Location.city_id).where(Location.id.in_(locations))))


def _tell(cities: Iterable[int]) -> None:
    """Remembered responses of these cities are no longer good."""
    for city in cities:
        versions.changed(city)


def _answers(session: Session, items: Iterable[Item]) -> list[dict[str, Any]]:
    """Items as the administrators see them, with the names of what they refer to; three statements for all of them."""
    rows = list(items)
    places = {
        row.id: row
        for row in session.execute(
            select(Location.id, Location.name, City.slug)
            .join(City, City.id == Location.city_id)
            .where(Location.id.in_({item.location_id for item in rows}))
        )
    }
    categories = {row.id: row for row in session.execute(select(Category.id, Category.slug, Category.name))}
    statuses = {row.id: row for row in session.execute(select(Status.id, Status.code, Status.label))}
    return [
        {
            "id": item.id,
            "location": {
                "id": item.location_id,
                "name": places[item.location_id].name,
                "city": places[item.location_id].slug,
            },
            "category": {"slug": categories[item.category_id].slug, "name": categories[item.category_id].name},
            "name": item.name,
            "floor": item.floor,
            "capacity": item.capacity,
            "hourly_price": f"{item.hourly_price:.2f}",
            "day_price": f"{item.day_price:.2f}",
            "slot_minutes": item.slot_minutes,
            "min_notice": item.min_notice,
            "status": {"code": statuses[item.status].code, "label": statuses[item.status].label},
            "description": item.description,
            "attributes": item.attributes,
            "sort_order": item.sort_order,
            "created_at": item.created_at.isoformat(),
            "updated_at": item.updated_at.isoformat(),
        }
        for item in rows
    ]
