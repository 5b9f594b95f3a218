"""The application."""

from __future__ import annotations

import logging
import os

from flask import Flask

from market import orders, products
from market.models import seed

seed()
logging.basicConfig(level=logging.INFO, filename=os.environ.get("MARKET_LOG", os.devnull))
app = Flask(__name__)
for part in (orders, products):
    app.register_blueprint(part.pages)
