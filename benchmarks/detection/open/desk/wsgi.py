"""The application."""

from __future__ import annotations

import logging
import os

from flask import Flask

from desk import bulk, further, papers, rows, statements, work
from desk.models import seed

seed()
papers.write()
logging.basicConfig(level=logging.INFO, filename=os.environ.get("DESK_LOG", os.devnull))
app = Flask(__name__)
for part in (statements, rows, work, further, bulk, papers):
    app.register_blueprint(part.pages)
