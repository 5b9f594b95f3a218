"""What a client needs besides searching and booking: who it is, what can be filtered by, one item and its day."""

from __future__ import annotations

from flask import Flask
from sqlalchemy import Engine

from discovery.clients.filters import filters_blueprint
from discovery.clients.item import item_blueprint
from discovery.clients.me import me_blueprint
from discovery.tokens import TokenVerifier


def install(app: Flask, engine: Engine, tokens: TokenVerifier) -> None:
    """Adds `/v1/me`, `/v1/filters` and `/v1/items/{id}`."""
    app.register_blueprint(me_blueprint(engine, tokens))
    app.register_blueprint(filters_blueprint(engine))
    app.register_blueprint(item_blueprint(engine, tokens))
