"""Builds the listing's answer from what the database said; needs no connection any more."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from sqlalchemy import Row

from discovery.optimized.formats import clock, money
from discovery.optimized.listing.city import CityFacts
from discovery.optimized.listing.distance import distance_km
from discovery.optimized.listing.page_details import LocationFacts, OfferedAddOn
from discovery.optimized.listing.slots import Slot, Span, day_slots, is_available
from discovery.optimized.reference_data import ReferenceData
from discovery.params import DiscoveryParams

NO_CHANGE = Decimal(1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Details:
    """What belongs to the items of a page, by the location's or the item's id."""

    locations: dict[int, LocationFacts] = field(default_factory=dict)
    amenities: dict[int, list[str]] = field(default_factory=dict)
    occupied: dict[int, list[Span]] = field(default_factory=dict)
    add_ons: dict[int, list[OfferedAddOn]] = field(default_factory=dict)
    factors: dict[int, Decimal] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """All that was read for one request."""

    reference: ReferenceData
    city: CityFacts | None
    page_size: int
    total: int = 0
    items: Sequence[Row[Any]] = ()
    details: Details = field(default_factory=Details)


def listing_response(params: DiscoveryParams, found: Found) -> dict[str, Any]:
    """The body of the answer, ready for JSON."""
    city = found.city
    return {
        "date": params.day.isoformat(),
        "weekday": params.day.weekday(),
        "city": _city(city) if city else None,
        "currency": found.reference.settings.currency,
        "holiday": {"name": city.holiday} if city and city.holiday is not None else None,
        "page": params.page,
        "page_size": found.page_size,
        "total": found.total,
        "pages": -(-found.total // found.page_size),
        "items": [_item(row, params, found) for row in found.items],
    }


def _city(city: CityFacts) -> dict[str, str]:
    return {"slug": city.slug, "name": city.name, "country": city.country, "timezone": city.timezone}


def _item(row: Row[Any], params: DiscoveryParams, found: Found) -> dict[str, Any]:
    details = found.details
    category = found.reference.categories[row.category_id]
    location = details.locations[row.location_id]
    opening = _span(params.day, location.opens, location.closes)
    window = _span(params.day, *params.window) if params.window else None
    step = dt.timedelta(minutes=row.slot_minutes)
    slots = day_slots(opening, step, window, details.occupied.get(row.id, ())) if opening else []
    return {
        "id": row.id,
        "name": row.name,
        "floor": row.floor,
        "capacity": row.capacity,
        "slot_minutes": row.slot_minutes,
        "min_notice": row.min_notice,
        "description": row.description,
        "attributes": row.attributes,
        "category": {"slug": category.slug, "name": category.name},
        "hourly_price": money(row.hourly_price),
        "price": money(window_price(row.hourly_price, details.factors.get(row.id, NO_CHANGE), window)),
        "price_rank": row.price_rank,
        "location": _location(location, details.amenities.get(location.id, []), params.point),
        "slots": [_slot(slot) for slot in slots],
        "available": is_available(slots, opening, window),
        "add_ons": [_add_on(offered) for offered in details.add_ons.get(row.id, ())],
    }


def window_price(hourly_price: Decimal, factor: Decimal, window: Span | None) -> Decimal:
    """Price for the window's length, for one hour without a window.

    Divides last: a third of an hour has no exact decimal, and half a cent must not be lost to it.
    """
    minutes = (window.end - window.start) // dt.timedelta(minutes=1) if window else 60
    return hourly_price * factor * minutes / 60


def _span(day: dt.date, start: dt.time | None, end: dt.time | None) -> Span | None:
    if start is None or end is None:
        return None
    return Span(dt.datetime.combine(day, start), dt.datetime.combine(day, end))


def _location(location: LocationFacts, amenities: list[str], point: tuple[float, float] | None) -> dict[str, Any]:
    return {
        "id": location.id,
        "name": location.name,
        "address": location.address,
        "lat": location.lat,
        "lng": location.lng,
        "distance_km": round(distance_km(*point, location.lat, location.lng), 3) if point else None,
        # Divided here: PostgreSQL's average differs from Python's in the last digit.
        "rating": round(location.stars / location.review_count, 2) if location.stars is not None else None,
        "review_count": location.review_count,
        "cover_photo": location.cover_photo,
        "amenities": amenities,
        "opens": clock(location.opens) if location.opens is not None else None,
        "closes": clock(location.closes) if location.closes is not None else None,
    }


def _slot(slot: Slot) -> dict[str, Any]:
    return {"start": clock(slot.start), "end": clock(slot.end), "available": slot.available}


def _add_on(offered: OfferedAddOn) -> dict[str, Any]:
    return {
        "slug": offered.slug,
        "name": offered.name,
        "price": money(offered.price),
        "max_quantity": offered.max_quantity,
    }
