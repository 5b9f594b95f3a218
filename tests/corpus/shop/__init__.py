"""A small book shop, used to judge the detectors: planted defects beside look-alikes that are right."""

from pathlib import Path

from flask import Flask

from shop import db, filters
from shop.views import BLUEPRINTS


def create_app() -> Flask:
    """Build the application; the database must have been seeded (`python -m shop.seed PATH`)."""
    if not Path(db.DATABASE).is_file():
        raise SystemExit(f"shop: no database at {db.DATABASE}; run `python -m shop.seed PATH` and set SHOP_DB=PATH")
    app = Flask(__name__)
    app.json.sort_keys = False  # type: ignore[attr-defined]
    app.teardown_appcontext(db.close_sessions)
    filters.register(app)
    for blueprint in BLUEPRINTS:
        app.register_blueprint(blueprint)
    return app
