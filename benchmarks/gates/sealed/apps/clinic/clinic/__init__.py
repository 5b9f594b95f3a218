"""A group of doctors' practices: appointments, charts, invoices."""

import logging
import os

from flask import Flask

from . import billing, db, letters, office, patients, prepare, scheduling, statistics


def create_app() -> Flask:
    logger = logging.getLogger("clinic")
    logger.setLevel(logging.INFO)
    logger.addHandler(logging.FileHandler(os.environ.get("CLINIC_LOG", db.PATH + ".log")))
    app = Flask(__name__)
    prepare.ensure_database()
    db.init_app(app)
    for module in (patients, scheduling, billing, letters, office, statistics):
        app.register_blueprint(module.bp)
    return app
