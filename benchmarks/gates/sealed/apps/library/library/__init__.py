"""A city's libraries: catalogue, loans, holds, members."""

from flask import Flask

from . import context, database, filters, seed
from .views import books, branches, holds, loans, members


def create_app():
    seed.prepare(database.URL_PATH)
    app = Flask(__name__)
    app.teardown_appcontext(database.release)
    app.context_processor(context.here)
    app.jinja_env.filters.update(spine=filters.spine, shelf=filters.shelf)
    for module in (books, branches, holds, loans, members):
        module.register(app)
    return app
