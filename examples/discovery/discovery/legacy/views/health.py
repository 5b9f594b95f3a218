"""For the load balancer."""

from flask import Blueprint, Response, jsonify

blueprint = Blueprint("health", __name__)


@blueprint.get("/healthz")
def healthz() -> Response:
    """Says that the process is alive."""
    return jsonify({"status": "ok"})
