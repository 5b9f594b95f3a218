"""The endpoint: who asks, for what, and for how long a connection is held."""

from __future__ import annotations

import logging

from flask import Blueprint, Response, jsonify, request

from discovery.optimized.connections import Connections
from discovery.optimized.listing.response import listing_response
from discovery.optimized.listing.search import run_search
from discovery.optimized.reference_data import ReferenceData
from discovery.optimized.remembered import Remembered
from discovery.optimized.server_timing import ServerTiming
from discovery.params import discovery_params
from discovery.tokens import TokenVerifier

log = logging.getLogger("discovery.optimized.listing")


def listing_blueprint(
    connections: Connections, tokens: TokenVerifier, remembered: Remembered[ReferenceData]
) -> Blueprint:
    """`GET /v1/discovery` over the worker's connections."""
    blueprint = Blueprint("listing", __name__)

    @blueprint.get("/v1/discovery")
    def discovery() -> Response:
        timing = ServerTiming()
        with timing.stage("auth"):
            tokens.user_id(request.headers.get("Authorization"))
        params = discovery_params(request.args)
        # The connection goes back to the pool before any of the response is built.
        with connections.lend() as connection:
            found = run_search(connection, remembered, params, timing)
        with timing.stage("build"):
            response = jsonify(listing_response(params, found))
        response.headers["Server-Timing"] = timing.header()
        log.info("city=%s date=%s total=%d %.1f ms", params.city, params.day, found.total, timing.total() * 1000)
        return response

    return blueprint
