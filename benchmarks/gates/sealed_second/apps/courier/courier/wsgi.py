"""gunicorn courier.wsgi:app"""
from flask import Flask

from courier import accounts, db, network, parcels, web


def create_app():
    app = Flask("courier")
    app.register_blueprint(parcels.bp)
    app.register_blueprint(accounts.bp)
    app.register_blueprint(network.bp)
    app.register_error_handler(web.ApiError, web.handle_api_error)
    app.register_error_handler(404, lambda e: web.respond({"error": "not found"}, 404))
    app.register_error_handler(405, lambda e: web.respond({"error": "method not allowed"}, 405))
    db.init_app(app)
    return app


app = create_app()
