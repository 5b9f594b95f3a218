"""Locations."""

from typing import Any

from sqlalchemy.orm import Session as OrmSession

from discovery.legacy.helpers.formatting import hhmm
from discovery.legacy.helpers.geo import haversine_km
from discovery.legacy.serialisers.city import serialise_city
from discovery.models import Location


def location_names(session: OrmSession, location_ids: list[int]) -> dict[int, str]:
    """Names by id."""
    rows = session.query(Location.id, Location.name).filter(Location.id.in_(location_ids)).all()
    return {row.id: row.name for row in rows}


def serialise_location(
    location: Location, name: str, weekday: int, point: tuple[float, float] | None
) -> dict[str, Any]:
    """A location as part of an item; with a point also how far away it is."""
    distance = None
    if point is not None:
        distance = round(haversine_km(point[0], point[1], location.lat, location.lng), 3)
    hours = location.hours_on(weekday)
    return {
        "id": location.id,
        "name": name,
        "address": location.address,
        "lat": location.lat,
        "lng": location.lng,
        "distance_km": distance,
        "rating": location.rating,
        "review_count": location.review_count,
        "cover_photo": location.cover_photo,
        "amenities": location.amenity_names,
        "opens": hhmm(hours.opens) if hours else None,
        "closes": hhmm(hours.closes) if hours else None,
    }


def serialise_location_detail(location: Location) -> dict[str, Any]:
    """A location on its own page."""
    return {
        "id": location.id,
        "name": location.name,
        "address": location.address,
        "description": location.description,
        "lat": location.lat,
        "lng": location.lng,
        "status": {"code": location.status_info.code, "label": location.status_info.label},
        "city": serialise_city(location.city),
        "manager": {"id": location.manager.id, "name": location.manager.name} if location.manager else None,
        "hours": [
            {"weekday": hours.weekday, "opens": hhmm(hours.opens), "closes": hhmm(hours.closes)}
            for hours in location.hours
        ],
    }
