"""`/docs`: the document as a page to try it, with Swagger UI's files from the package `swagger-ui-bundle`."""

from __future__ import annotations

from flask import Blueprint, Response, abort, render_template_string, send_from_directory
from swagger_ui_bundle import swagger_ui_path

SHOWN = ("swagger-ui.css", "swagger-ui-bundle.js", "favicon-32x32.png")
"""Of the package's twenty files; the rest are source maps and variants."""
POLICY = (
    # Swagger UI writes style attributes and draws its icons from data URLs.
    "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; "
    "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
PAGE = """\
<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>API · Discovery Platform</title>
<link rel="icon" href="{{ url_for('docs.asset', name='favicon-32x32.png') }}">
<link rel="stylesheet" href="{{ url_for('docs.asset', name='swagger-ui.css') }}">
</head>
<body>
<noscript>
  This page needs JavaScript; the document itself is at <a href="{{ url_for('openapi.openapi') }}">/openapi.json</a>.
</noscript>
<main id="api"></main>
<script src="{{ url_for('docs.asset', name='swagger-ui-bundle.js') }}"></script>
<script src="{{ url_for('docs.start') }}"></script>
</body>
</html>
"""
START = 'SwaggerUIBundle({url: "/openapi.json", dom_id: "#api", deepLinking: true, validatorUrl: null});\n'


def docs_blueprint() -> Blueprint:
    """The page, the one line that starts it, and its files."""
    blueprint = Blueprint("docs", __name__, url_prefix="/docs")

    @blueprint.get("")
    def page() -> Response:
        response = Response(render_template_string(PAGE), mimetype="text/html")
        response.headers["Content-Security-Policy"] = POLICY
        response.headers["X-Content-Type-Options"] = "nosniff"
        return response

    @blueprint.get("/start.js")
    def start() -> Response:
        return Response(START, mimetype="text/javascript")

    @blueprint.get("/assets/<name>")
    def asset(name: str) -> Response:
        if name not in SHOWN:
            abort(404)
        return send_from_directory(swagger_ui_path, name, max_age=86400)

    return blueprint
