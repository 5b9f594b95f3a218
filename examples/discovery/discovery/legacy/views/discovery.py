"""GET /v1/discovery"""

from flask import Blueprint, Response, jsonify, request

from discovery.legacy.auth import check_token
from discovery.legacy.cache_service import cached_search
from discovery.legacy.controllers.discovery import search
from discovery.params import discovery_params

blueprint = Blueprint("discovery", __name__)


@blueprint.get("/v1/discovery")
def discovery() -> Response:
    """Items that can be booked on a day."""
    check_token()
    params = discovery_params(request.args)
    if params.cache == "true":
        cached = cached_search()
        if cached is not None:
            return Response(cached, mimetype="application/json")
    return jsonify(search(params))
