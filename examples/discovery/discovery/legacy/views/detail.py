"""GET /v1/locations/{id}/detail"""

from typing import Any

from flask import Blueprint, Response, jsonify, request
from sqlalchemy import func
from sqlalchemy.orm import Session as OrmSession
from sqlalchemy.orm import joinedload

from discovery.errors import Forbidden, NotFound
from discovery.legacy.auth import require_user
from discovery.legacy.daypass import daypass_status
from discovery.legacy.db import Session
from discovery.legacy.helpers.config import current_config
from discovery.legacy.helpers.formatting import hhmm, money
from discovery.legacy.occupancy import occupancy_of_item
from discovery.legacy.permissions import permission_flags
from discovery.legacy.serialisers.location import serialise_location_detail
from discovery.legacy.serialisers.user import serialise_user
from discovery.models import ACTIVE, Booking, Item, Location, Restriction, Status, User
from discovery.params import DetailParams, detail_params, row_id

blueprint = Blueprint("detail", __name__)

# categories where several people share one item
SHARED_CATEGORIES = ("hot-desk", "day-pass")


@blueprint.get("/v1/locations/<int:location_id>/detail")
def location_detail(location_id: int) -> Response:
    """One location with the first of its items and what happens there on a day."""
    user_id = require_user()
    params = detail_params(request.args)
    location_id = row_id(location_id)

    permissions = permission_flags(user_id, location_id)
    if not permissions["read"]:
        raise Forbidden("You may not read this location.")

    with Session() as session:
        location = session.query(Location).filter(Location.id == location_id).first()
        if location is None:
            raise NotFound("There is no such location.")
        user = session.query(User).filter(User.id == user_id).one()
        config = current_config()

        items = []
        for item in items_of_location(session, location_id)[: config["detail.max_items"]]:
            items.append(serialise_item(session, item, user_id, params))

        return jsonify(
            {
                "date": params.day.isoformat(),
                "location": serialise_location_detail(location),
                "user": serialise_user(user),
                "permissions": permissions,
                "restrictions": restrictions_of_location(session, location_id),
                "currency": config["pricing.currency"],
                "items": items,
            }
        )


def items_of_location(session: OrmSession, location_id: int) -> list[Item]:
    """What the location offers, in its own order."""
    items = (
        session.query(Item)
        .options(joinedload(Item.category))
        .filter(Item.location_id == location_id, Item.status == ACTIVE)
        .all()
    )
    items.sort(key=lambda item: (item.sort_order, item.id))
    return items


def restrictions_of_location(session: OrmSession, location_id: int) -> list[dict[str, str]]:
    """House rules."""
    rows = session.query(Restriction).filter(Restriction.location_id == location_id).all()
    rows.sort(key=lambda row: (row.kind, row.value, row.id))
    return [{"kind": row.kind, "value": row.value} for row in rows]


def serialise_item(session: OrmSession, item: Item, user_id: int, params: DetailParams) -> dict[str, Any]:
    """An item with its bookings of the day."""
    bookings = (
        session.query(Booking)
        .filter(Booking.item_id == item.id, func.date(Booking.starts_at) == params.day, Booking.status != "cancelled")
        .order_by(Booking.starts_at, Booking.id)
        .all()
    )
    # admins rename statuses, always read the current one
    status = session.query(Status).filter(Status.id == item.status).one()

    occupancy = None
    daypass = None
    if item.category.slug in SHARED_CATEGORIES:
        occupancy = occupancy_of_item(item.id, params.day)
        daypass = daypass_status(user_id, item.location_id, params.day)

    return {
        "id": item.id,
        "name": item.name,
        "category": {"slug": item.category.slug, "name": item.category.name, "kind": item.category.kind},
        "floor": item.floor,
        "capacity": item.capacity,
        "hourly_price": money(item.hourly_price),
        "day_price": money(item.day_price),
        "status": {"code": status.code, "label": status.label},
        "bookings": [{"start": hhmm(b.starts_at), "end": hhmm(b.ends_at), "status": b.status} for b in bookings],
        "occupancy": occupancy,
        "daypass": daypass,
    }
