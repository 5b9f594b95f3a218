"""The endpoint: who asks, for what, and for how long a connection is held."""

from __future__ import annotations

import logging

from flask import Blueprint, Response, jsonify, request

from discovery.optimized.connections import Connections
from discovery.optimized.detail.lookup import Wanted, look_up
from discovery.optimized.detail.response import detail_response
from discovery.optimized.reference_data import ReferenceData
from discovery.optimized.remembered import Remembered
from discovery.optimized.server_timing import ServerTiming
from discovery.params import detail_params, row_id
from discovery.tokens import TokenVerifier

log = logging.getLogger("discovery.optimized.detail")


def detail_blueprint(
    connections: Connections, tokens: TokenVerifier, remembered: Remembered[ReferenceData]
) -> Blueprint:
    """`GET /v1/locations/{id}/detail` over the worker's connections."""
    blueprint = Blueprint("detail", __name__)

    @blueprint.get("/v1/locations/<int:number>/detail")
    def detail(number: int) -> Response:
        timing = ServerTiming()
        with timing.stage("auth"):
            user_id = tokens.required_user_id(request.headers.get("Authorization"))
        day = detail_params(request.args).day
        wanted = Wanted(user_id=user_id, location_id=row_id(number), day=day)
        # The connection goes back to the pool before any of the response is built.
        with connections.lend() as connection:
            found = look_up(connection, remembered, wanted, timing)
        with timing.stage("build"):
            response = jsonify(detail_response(day, found))
        response.headers["Server-Timing"] = timing.header()
        log.info("location=%d date=%s user=%d %.1f ms", number, day, user_id, timing.total() * 1000)
        return response

    return blueprint
