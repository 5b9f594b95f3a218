"""The OpenAPI 3.1 document of the whole API, and a page to try it."""

from __future__ import annotations

from flask import Blueprint, Flask, Response, jsonify

from discovery.openapi.document import document
from discovery.openapi.page import docs_blueprint


def install(app: Flask) -> None:
    """Adds `/openapi.json` and `/docs`; both are public and ask no database."""
    blueprint = Blueprint("openapi", __name__)
    content = document()

    @blueprint.get("/openapi.json")
    def openapi() -> Response:
        return jsonify(content)

    app.register_blueprint(blueprint)
    app.register_blueprint(docs_blueprint())
