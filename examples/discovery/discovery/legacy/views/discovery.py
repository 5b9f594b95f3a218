"""GET /v1/discovery"""

from flask import Blueprint, Response, jsonify, request

from discovery.legacy.auth import check_token
from discovery.legacy.controllers.discovery import search
from discovery.params import discovery_params

blueprint = Blueprint("discovery", __name__)


@blueprint.get("/v1/discovery")
def discovery() -> Response:
    """Items that can be booked on a day."""
    check_token()
    return jsonify(search(discovery_params(request.args)))
