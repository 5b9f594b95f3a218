"""The discovery list."""

import json
import logging
from math import ceil
from typing import Any

from sqlalchemy.orm import Session as OrmSession

from discovery.errors import NotFound
from discovery.legacy import addons, availability
from discovery.legacy.db import Session
from discovery.legacy.filters import apply_filters
from discovery.legacy.helpers.config import load_config
from discovery.legacy.helpers.formatting import money
from discovery.legacy.helpers.geo import haversine_km
from discovery.legacy.holidays import holiday_of_city
from discovery.legacy.serialisers.city import serialise_city
from discovery.legacy.serialisers.item import serialise_add_on, serialise_item
from discovery.legacy.serialisers.location import location_names, serialise_location
from discovery.models import ACTIVE, City, Item, Location
from discovery.params import DiscoveryParams

log = logging.getLogger("discovery.list")


def search(params: DiscoveryParams) -> dict[str, Any]:
    """The answer of GET /v1/discovery."""
    with Session() as session:
        config = load_config(session)
        city = find_city(session, params.city) if params.city else None

        query = (
            session.query(Item, Location)
            .join(Location, Location.id == Item.location_id)
            .filter(Item.status == ACTIVE, Location.status == ACTIVE)
        )
        if city is not None:
            query = query.filter(Location.city_id == city.id)

        rows = query.order_by(Location.name, Item.sort_order, Item.id).all()
        if params.add_ons:
            rows = addons.rows_with_add_ons(session, rows, params.add_ons)
        rows = apply_filters(rows, params)
        rows = sort_rows(rows, params)[: config["discovery.max_candidates"]]

        # where each item stands when the cheapest comes first
        cheapest = query.order_by(Item.hourly_price, Item.id).all()
        ranks = price_ranks(cheapest, rows)

        day_data = DayData(session, rows, params)

        # nothing is let on public holidays
        holiday = holiday_of_city(session, city, params.day) if city else None
        if holiday is not None:
            rows = []

        items = list_items(session, rows, ranks, day_data, params)

        page_size = min(params.page_size or config["discovery.page_size"], config["discovery.max_page_size"])
        first = (params.page - 1) * page_size
        return {
            "date": params.day.isoformat(),
            "weekday": params.day.weekday(),
            "city": serialise_city(city) if city else None,
            "currency": config["pricing.currency"],
            "holiday": {"name": holiday.name} if holiday else None,
            "page": params.page,
            "page_size": page_size,
            "total": len(items),
            "pages": ceil(len(items) / page_size),
            "items": items[first : first + page_size],
        }


class DayData:
    """Everything that the items of the list need to know about the day."""

    def __init__(self, session: OrmSession, rows: list[Any], params: DiscoveryParams) -> None:
        item_ids = [row.Item.id for row in rows]
        self.bookings = availability.bookings_of_day(session, item_ids, params.day)
        self.blocks = availability.blocks_on(availability.blocks_of_items(session, item_ids), params.day)
        self.rules = availability.rules_of_items(session, item_ids)
        self.links = addons.links_of_items(session, item_ids)
        self.add_ons = addons.all_add_ons(session)


def find_city(session: OrmSession, slug: str) -> City:
    """The city with that slug."""
    city = session.query(City).filter(City.slug == slug).order_by(City.id).first()
    if city is None:
        raise NotFound(f"There is no city {slug!r}.", "city")
    return city


def sort_rows(rows: list[Any], params: DiscoveryParams) -> list[Any]:
    """The nearest first when we know where the client is, else the cheapest."""
    if params.point is not None:
        lat, lng = params.point
        return sorted(rows, key=lambda r: (haversine_km(lat, lng, r.Location.lat, r.Location.lng), r.Item.id))
    return sorted(rows, key=lambda r: (r.Item.hourly_price, r.Item.id))


def price_ranks(cheapest: list[Any], rows: list[Any]) -> dict[int, int]:
    """Position of each row's item among all of them by price."""
    wanted = {row.Item.id for row in rows}
    ranks: dict[int, int] = {}
    for row in cheapest:
        if row.Item.id in wanted:
            ranks[row.Item.id] = len(ranks) + 1
    return ranks


def list_items(
    session: OrmSession, rows: list[Any], ranks: dict[int, int], day_data: DayData, params: DiscoveryParams
) -> list[dict[str, Any]]:
    """The rows as JSON."""
    if not rows:
        return []
    names = location_names(session, [row.Item.location_id for row in rows])
    items = []
    for row in rows:
        name = names[row.Item.location_id]
        location = serialise_location(row.Location, name, params.day.weekday(), params.point)
        data = serialise_item(row.Item, ranks[row.Item.id], location)
        log.info("list item %s", json.dumps(data))
        add_day(data, row, day_data, params)
        items.append(data)
    return items


def add_day(data: dict[str, Any], row: Any, day_data: DayData, params: DiscoveryParams) -> None:
    """Adds what depends on the day: slots, price and add-ons."""
    item = row.Item
    weekday = params.day.weekday()
    hours = row.Location.hours_on(weekday)

    slots = availability.slots_of_item(item, hours, params.day, params.window, day_data.bookings, day_data.blocks)
    data["slots"] = slots
    data["available"] = availability.is_available(slots, hours, params.window)
    # for ticket DISC-2214 (wrong slots in the app), remove when it is closed
    log.info("DISC-2214 %s", json.dumps(data))

    data["price"] = money(availability.price_of_item(item, weekday, params.window, day_data.rules))
    add_ons = availability.add_ons_of_item(item, day_data.links, day_data.add_ons)
    data["add_ons"] = [serialise_add_on(link, add_on) for link, add_on in add_ons]
    log.info("list item done %s", json.dumps(data))
