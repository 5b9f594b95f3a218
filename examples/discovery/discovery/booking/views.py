"""The endpoints of booking."""

from __future__ import annotations

import logging

from flask import Blueprint, Response, current_app, jsonify, request, url_for

from discovery.booking import actions, idempotency, queries, response
from discovery.booking.transactions import Transactions
from discovery.booking.wish import read_key, read_page, read_wish
from discovery.errors import NotFound
from discovery.keyvalue import versions
from discovery.params import row_id
from discovery.tokens import TokenVerifier

log = logging.getLogger("discovery.booking")


def bookings_blueprint(transactions: Transactions, tokens: TokenVerifier) -> Blueprint:
    """`/v1/bookings`: a user's own, each request in one transaction at most."""
    blueprint = Blueprint("bookings", __name__, url_prefix="/v1/bookings")

    @blueprint.post("")
    def create() -> Response:
        user_id = tokens.required_user_id(request.headers.get("Authorization"))
        key, wish = read_key(request.headers), read_wish()
        with transactions.begin() as connection:
            first = idempotency.claim(connection, user_id, key, wish.digest()) if key else None
            if first is not None:
                return _created(first, replayed=True)
            booking = actions.make(connection, user_id, wish)
            answer = jsonify(response.booking(booking)).get_data(as_text=True)
            if key:
                idempotency.remember(connection, user_id, key, answer)
        versions.changed(booking.city_id)
        log.info("booked booking=%d item=%d", booking.id, booking.item_id)
        return _created(answer, replayed=False)

    @blueprint.get("")
    def own() -> Response:
        user_id = tokens.required_user_id(request.headers.get("Authorization"))
        page = read_page(request.args)
        with transactions.read() as connection:
            total, rows = queries.find_page(connection, user_id, page)
        return jsonify(response.page(page, total, rows))

    @blueprint.get("/<int:number>")
    def one(number: int) -> Response:
        user_id = tokens.required_user_id(request.headers.get("Authorization"))
        with transactions.read() as connection:
            booking = queries.find_booking(connection, user_id, row_id(number))
        if booking is None:
            raise NotFound("You have no such booking.")
        return jsonify(response.booking(booking))

    @blueprint.post("/<int:number>/cancel")
    def cancel(number: int) -> Response:
        user_id = tokens.required_user_id(request.headers.get("Authorization"))
        with transactions.begin() as connection:
            booking, changed = actions.cancel(connection, user_id, row_id(number))
        if changed:
            versions.changed(booking.city_id)
            log.info("cancelled booking=%d item=%d", booking.id, booking.item_id)
        return jsonify(response.booking(booking))

    return blueprint


def _created(answer: str, *, replayed: bool) -> Response:
    """201 with the booking; the header tells a client that it had asked before."""
    made = current_app.response_class(answer, 201, mimetype="application/json")
    made.headers["Location"] = url_for("bookings.one", number=current_app.json.loads(answer)["id"])
    if replayed:
        made.headers["Idempotent-Replayed"] = "true"
    return made
