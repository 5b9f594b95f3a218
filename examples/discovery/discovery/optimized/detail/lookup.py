"""Runs the statements of one detail request over one connection."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from sqlalchemy import Connection

from discovery.errors import Forbidden, NotFound
from discovery.optimized.detail import queries
from discovery.optimized.detail.response import PEOPLE_SLUGS, Found
from discovery.optimized.reference_data import ReferenceData
from discovery.optimized.remembered import Remembered
from discovery.optimized.server_timing import ServerTiming


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """Who asks for which location and day."""

    user_id: int
    location_id: int
    day: dt.date


def look_up(
    connection: Connection, remembered: Remembered[ReferenceData], wanted: Wanted, timing: ServerTiming
) -> Found:
    """All that the answer needs, with 5 statements. Raises Forbidden, or NotFound for an unknown location."""
    with timing.stage("config"):
        reference = remembered.get(connection)
    with timing.stage("permission"):
        viewer = queries.find_viewer(connection, wanted.user_id, wanted.location_id, wanted.day)
        if viewer is None or queries.READ not in viewer.scopes:
            raise Forbidden("You may not read this location.")
    with timing.stage("query"):
        location = queries.find_location(connection, wanted.location_id)
        if location is None:
            raise NotFound("There is no such location.")
        items = queries.find_items(connection, wanted.location_id, reference.settings.max_detail_items)
    with timing.stage("details"):
        item_ids = [item.id for item in items]
        for_people = [i.id for i in items if reference.categories[i.category_id].slug in PEOPLE_SLUGS]
        bookings = queries.find_bookings(connection, item_ids, wanted.day) if item_ids else {}
        occupancy = queries.find_occupancy(connection, for_people, wanted.day) if for_people else {}
    return Found(
        reference=reference, viewer=viewer, location=location, items=items, bookings=bookings, occupancy=occupancy
    )
