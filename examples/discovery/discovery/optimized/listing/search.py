"""Runs the statements of one listing request, in the order that lets it stop as early as it can."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, Row

from discovery.errors import NotFound
from discovery.optimized.listing import page_details
from discovery.optimized.listing.candidates import Search, find_page
from discovery.optimized.listing.city import CityFacts, find_city
from discovery.optimized.listing.response import Details, Found
from discovery.optimized.reference_data import ReferenceData, Settings
from discovery.optimized.remembered import Remembered
from discovery.optimized.server_timing import ServerTiming
from discovery.params import DiscoveryParams


def run_search(
    connection: Connection, remembered: Remembered[ReferenceData], params: DiscoveryParams, timing: ServerTiming
) -> Found:
    """All that the answer needs: 8 statements, 1 on a holiday. Raises NotFound for an unknown city."""
    with timing.stage("config"):
        reference = remembered.get(connection)
    with timing.stage("query"):
        city = _city(connection, params)
        page_size = _page_size(params, reference.settings)
        search = _search(params, reference, city, page_size)
        total, items = find_page(connection, search) if search else (0, [])
    with timing.stage("details"):
        details = _details(connection, params, items) if items else Details()
    return Found(reference=reference, city=city, page_size=page_size, total=total, items=items, details=details)


def _city(connection: Connection, params: DiscoveryParams) -> CityFacts | None:
    if params.city is None:
        return None
    city = find_city(connection, params.city, params.day)
    if city is None:
        raise NotFound(f"There is no city {params.city!r}.", "city")
    return city


def _page_size(params: DiscoveryParams, settings: Settings) -> int:
    return min(params.page_size or settings.page_size, settings.max_page_size)


def _search(params: DiscoveryParams, reference: ReferenceData, city: CityFacts | None, page_size: int) -> Search | None:
    """The search in ids; None when nothing can match: a holiday, an unknown category or add-on."""
    category_id = reference.category_ids.get(params.category) if params.category is not None else None
    add_on_ids = tuple(reference.add_on_ids.get(slug, 0) for slug in params.add_ons)
    unknown_category = params.category is not None and category_id is None
    if (city and city.holiday is not None) or unknown_category or 0 in add_on_ids:
        return None
    return Search(
        city_id=city.id if city else None,
        category_id=category_id,
        add_on_ids=add_on_ids,
        capacity_min=params.capacity_min,
        capacity_max=params.capacity_max,
        point=params.point,
        max_candidates=reference.settings.max_candidates,
        page=params.page,
        page_size=page_size,
    )


def _details(connection: Connection, params: DiscoveryParams, items: Sequence[Row[Any]]) -> Details:
    item_ids = [row.id for row in items]
    location_ids = list(dict.fromkeys(row.location_id for row in items))
    weekday = params.day.weekday()
    return Details(
        locations=page_details.locations(connection, location_ids, weekday),
        amenities=page_details.amenities(connection, location_ids),
        occupied=page_details.occupied(connection, item_ids, params.day),
        add_ons=page_details.add_ons(connection, item_ids),
        factors=page_details.price_factors(connection, item_ids, weekday),
    )
