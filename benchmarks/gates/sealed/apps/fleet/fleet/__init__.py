"""Lorries and vans: where they are, what they cost, what is wrong with them."""

import logging
import os

from flask import Flask

from . import dispatch, engines, history, live, reports, seed, trips, vehicles, yard


def create_app() -> Flask:
    logging.getLogger("fleet").setLevel(logging.INFO)
    handler = logging.FileHandler(os.environ.get("FLEET_LOG", engines.PATH + ".log"))
    handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(name)s %(message)s"))
    logging.getLogger("fleet").addHandler(handler)
    seed.ensure()
    app = Flask(__name__)
    for module in (vehicles, trips, reports, live, history, yard, dispatch):
        app.register_blueprint(module.bp)
    return app
