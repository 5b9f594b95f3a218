"""claimdesk: the claims desk of a mid-size insurer (motor, household, liability)."""
import os

from flask import Flask

from . import db, http


def create_app(config=None):
    app = Flask(__name__)
    app.config["DATABASE_URL"] = os.environ.get("CLAIMDESK_DATABASE_URL", "postgresql+psycopg:///claimdesk")
    app.config["MAX_PAGE_SIZE"] = 100
    app.json.sort_keys = False
    if config:
        app.config.update(config)

    db.init_app(app)
    http.init_app(app)

    from .views_claims import claims_bp
    from .views_office import office_bp, reports_bp

    app.register_blueprint(claims_bp)
    app.register_blueprint(office_bp)
    app.register_blueprint(reports_bp)
    return app
