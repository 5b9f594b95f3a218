"""What administrators manage through the API: items, holidays and settings, each behind a permission of its own."""

from __future__ import annotations

from flask import Flask
from sqlalchemy import Engine

from discovery.admin import access
from discovery.admin.configuration import configuration_blueprint
from discovery.admin.holidays import holidays_blueprint
from discovery.admin.items import items_blueprint
from discovery.tokens import TokenVerifier


def install(app: Flask, engine: Engine, tokens: TokenVerifier) -> None:
    """Adds `/v1/admin/…`; every request is answered 401 or 403 before anything of it is read."""
    for scope, blueprint in (
        (access.INVENTORY, items_blueprint(engine)),
        (access.HOLIDAYS, holidays_blueprint(engine)),
        (access.CONFIG, configuration_blueprint(engine)),
    ):
        blueprint.before_request(access.requires(scope, engine, tokens))
        app.register_blueprint(blueprint)
