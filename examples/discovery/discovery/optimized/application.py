"""Puts the application together: database, keys, what is remembered, and the two endpoints."""

from __future__ import annotations

import logging

from flask import Flask
from flask.json.provider import DefaultJSONProvider

from discovery import parts, settings
from discovery.database import make_engine
from discovery.errors import register_error_handlers
from discovery.optimized.connections import Connections
from discovery.optimized.detail.view import detail_blueprint
from discovery.optimized.listing.precomputed import CacheService
from discovery.optimized.listing.view import listing_blueprint
from discovery.optimized.reference_data import load_reference_data
from discovery.optimized.remembered import Remembered
from discovery.tokens import TokenVerifier

REFERENCE_DATA_SECONDS = 300.0
"""How long a worker goes on with the settings, categories and statuses it has read: a change shows within 5 minutes."""


class JSONProvider(DefaultJSONProvider):
    """Keys in the order in which the response is written."""

    sort_keys = False


def create_app() -> Flask:
    """The WSGI application; needs a database URL and the auth process's public keys, see `discovery.settings`."""
    configure_logging()
    app = Flask("discovery.optimized")
    app.json = JSONProvider(app)
    engine = make_engine(settings.database_url("optimized"), "discovery-optimized")
    connections = Connections(engine, settings.POOL_SIZE + settings.MAX_OVERFLOW, settings.POOL_TIMEOUT)
    tokens = TokenVerifier.from_file(settings.jwks_path())
    reference_data = Remembered(load_reference_data, REFERENCE_DATA_SECONDS)
    service = CacheService(settings.cache_url())
    app.register_blueprint(listing_blueprint(connections, tokens, reference_data, service))
    app.register_blueprint(detail_blueprint(connections, tokens, reference_data))
    app.add_url_rule("/healthz", view_func=healthz)
    register_error_handlers(app)
    parts.install(app, engine, tokens, "optimized")
    return app


def healthz() -> dict[str, str]:
    """Says that the worker answers, without asking the database."""
    return {"status": "ok"}


def configure_logging() -> None:
    """One line for a request or a booking on standard error, which the server puts into its log."""
    logger = logging.getLogger("discovery")
    logger.setLevel(logging.INFO)
    logger.propagate = False
    if not logger.handlers:
        handler = logging.StreamHandler()
        handler.setFormatter(logging.Formatter("%(asctime)s %(process)d %(levelname)s %(name)s %(message)s"))
        logger.addHandler(handler)
