"""Great-circle distance, in Python for the response and as an SQL expression for the order."""

from __future__ import annotations

import math

from sqlalchemy import ColumnElement, Double, bindparam, func

from discovery.models import Location

EARTH_RADIUS_KM = 6371.0088


def distance_km(lat: float, lng: float, to_lat: float, to_lng: float) -> float:
    """Kilometres between two points given in degrees, by the haversine formula."""
    half_lat = math.sin(math.radians(to_lat - lat) / 2) ** 2
    half_lng = math.sin(math.radians(to_lng - lng) / 2) ** 2
    chord = half_lat + math.cos(math.radians(lat)) * math.cos(math.radians(to_lat)) * half_lng
    return 2 * EARTH_RADIUS_KM * math.asin(min(1.0, math.sqrt(chord)))


def distance_of_location() -> ColumnElement[float]:
    """The same formula, in the same order of operations, over `locations` and the parameters `lat` and `lng`."""
    lat, lng = bindparam("lat", type_=Double), bindparam("lng", type_=Double)
    half_lat = func.power(func.sin(func.radians(Location.lat - lat, type_=Double) / 2.0), 2.0, type_=Double)
    half_lng = func.power(func.sin(func.radians(Location.lng - lng, type_=Double) / 2.0), 2.0, type_=Double)
    cosines = func.cos(func.radians(lat), type_=Double) * func.cos(func.radians(Location.lat), type_=Double)
    chord = half_lat + cosines * half_lng
    return 2.0 * EARTH_RADIUS_KM * func.asin(func.least(1.0, func.sqrt(chord)), type_=Double)
