"""The endpoint: who asks, for what, and for how long a connection is held."""

from __future__ import annotations

import logging

from flask import Blueprint, Response, jsonify, request

from discovery.keyvalue import responses
from discovery.optimized.connections import Connections
from discovery.optimized.listing.precomputed import CacheService
from discovery.optimized.listing.response import listing_response
from discovery.optimized.listing.search import run_search
from discovery.optimized.reference_data import ReferenceData
from discovery.optimized.remembered import Remembered
from discovery.optimized.server_timing import ServerTiming
from discovery.params import DiscoveryParams, discovery_params
from discovery.tokens import TokenVerifier

log = logging.getLogger("discovery.optimized.listing")


def listing_blueprint(
    connections: Connections, tokens: TokenVerifier, remembered: Remembered[ReferenceData], service: CacheService
) -> Blueprint:
    """`GET /v1/discovery` over the worker's connections."""
    blueprint = Blueprint("listing", __name__)

    @blueprint.get("/v1/discovery")
    def discovery() -> Response:
        timing = ServerTiming()
        with timing.stage("auth"):
            tokens.user_id(request.headers.get("Authorization"))
        params = discovery_params(request.args)
        if params.cache == "true":
            with timing.stage("service"):
                computed = service.find(params)
            if computed is not None:
                return kept_answer(computed, "cache-service; hit", params, timing)
        with timing.stage("cache"):
            known = responses.look_up(params)
        if known.body is not None:
            return kept_answer(known.body, known.header, params, timing)
        # The connection goes back to the pool before any of the response is built.
        with connections.lend() as connection:
            found = run_search(connection, remembered, params, timing)
        with timing.stage("build"):
            response = jsonify(listing_response(params, found))
        with timing.stage("keep"):
            responses.keep(known, found.city.id if found.city else None, response.get_data())
        response.headers["Cache-Status"] = known.header
        response.headers["Server-Timing"] = timing.header()
        log.info("city=%s date=%s total=%d %.1f ms", params.city, params.day, found.total, timing.total() * 1000)
        return response

    return blueprint


def kept_answer(body: bytes, status: str, params: DiscoveryParams, timing: ServerTiming) -> Response:
    """The answer that somebody has made before; `status` says who, as `Cache-Status` does."""
    response = Response(body, mimetype="application/json")
    response.headers["Cache-Status"] = status
    response.headers["Server-Timing"] = timing.header()
    log.info("city=%s date=%s %s %.1f ms", params.city, params.day, status, timing.total() * 1000)
    return response
