"""The Flask application."""

from flask import Flask
from flask.json.provider import DefaultJSONProvider

from discovery import parts, settings
from discovery.errors import register_error_handlers
from discovery.legacy.db import engine
from discovery.legacy.log import configure_logging
from discovery.legacy.views import detail, discovery, health
from discovery.tokens import TokenVerifier


class JSONProvider(DefaultJSONProvider):
    """Keys in the order the serialisers write them."""

    sort_keys = False


def create_app() -> Flask:
    """Builds the application; settings say where the database and the public keys are."""
    configure_logging()
    app = Flask("discovery.legacy")
    app.json = JSONProvider(app)
    app.extensions["tokens"] = TokenVerifier.from_file(settings.jwks_path())
    register_error_handlers(app)
    app.register_blueprint(health.blueprint)
    app.register_blueprint(discovery.blueprint)
    app.register_blueprint(detail.blueprint)
    parts.install(app, engine, app.extensions["tokens"], "legacy")
    return app
