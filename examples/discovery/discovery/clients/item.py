"""`GET /v1/items/{id}`: one item, and what of it can be booked on a day. Public, like discovery."""

from __future__ import annotations

import datetime as dt
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from flask import Blueprint, request
from sqlalchemy import Connection, Engine, Row, select

from discovery.booking import queries, rules
from discovery.booking.rules import Offer, Span
from discovery.errors import NotFound
from discovery.models import Category, City, Item, Location
from discovery.params import detail_params, row_id
from discovery.tokens import TokenVerifier

FACTS = (
    select(
        Item,
        Category.slug.label("category_slug"),
        Category.name.label("category_name"),
        Category.kind.label("category_kind"),
        Location.address,
        City.slug.label("city_slug"),
        City.name.label("city_name"),
        City.country,
        City.timezone,
        queries.CURRENCY.label("currency"),
    )
    .join(Category, Category.id == Item.category_id)
    .join(Location, Location.id == Item.location_id)
    .join(City, City.id == Location.city_id)
)


def item_blueprint(engine: Engine, tokens: TokenVerifier) -> Blueprint:
    """The endpoint; slots are discovery's, but one that has begun or lies within the notice is not available."""
    blueprint = Blueprint("item", __name__)

    @blueprint.get("/v1/items/<int:number>")
    def item(number: int) -> dict[str, Any]:
        tokens.user_id(request.headers.get("Authorization"))
        day = detail_params(request.args).day
        with engine.connect() as connection:
            offer = queries.read_offer(connection, row_id(number), day)
            if offer is None:
                raise NotFound("There is no such item, or it is not let.")
            taken = _taken(connection, offer, day)
            facts = connection.execute(FACTS.where(Item.id == offer.item_id)).one()
        return answer(day, offer, taken, facts)

    return blueprint


def _taken(connection: Connection, offer: Offer, day: dt.date) -> list[Span]:
    start = dt.datetime.combine(day, dt.time())
    return queries.find_taken(connection, offer.item_id, Span(start, start + dt.timedelta(days=1)))


def answer(day: dt.date, offer: Offer, taken: list[Span], facts: Row[Any]) -> dict[str, Any]:
    """The JSON; `price` is that of an hour on the day. A holiday has no slots."""
    hour = offer.hourly_price * (Decimal(1) if offer.factor is None else offer.factor)
    all_slots = rules.day_slots(day, offer) if offer.holiday is None else []
    free = set(rules.free_slots(day, offer, taken))
    return {
        "date": day.isoformat(),
        "currency": facts.currency,
        "holiday": {"name": offer.holiday} if offer.holiday is not None else None,
        "opens": _clock(offer.opens),
        "closes": _clock(offer.closes),
        "price": str(hour.quantize(rules.CENT, rounding=ROUND_HALF_UP)),
        "item": {
            "id": offer.item_id,
            "name": offer.item_name,
            "category": {"slug": facts.category_slug, "name": facts.category_name, "kind": facts.category_kind},
            "floor": facts.floor,
            "capacity": offer.capacity,
            "hourly_price": f"{offer.hourly_price:.2f}",
            "day_price": f"{facts.day_price:.2f}",
            "slot_minutes": offer.slot_minutes,
            "min_notice": offer.min_notice,
            "description": facts.description,
            "attributes": facts.attributes,
        },
        "location": {
            "id": offer.location_id,
            "name": offer.location_name,
            "address": facts.address,
            "city": {"slug": facts.city_slug, "name": facts.city_name, "country": facts.country,
                     "timezone": facts.timezone},
        },
        "slots": [
            {"start": _clock(slot.start), "end": _clock(slot.end), "available": slot in free} for slot in all_slots
        ],
    }  # fmt: skip


def _clock(moment: dt.time | dt.datetime | None) -> str | None:
    return None if moment is None else f"{moment:%H:%M}"
