"""Booking an item: one code for both versions, on the engine of the application that it is installed into."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from flask import Flask
    from sqlalchemy import Engine

    from discovery.tokens import TokenVerifier


def install(app: Flask, engine: Engine, verifier: TokenVerifier) -> None:
    """Adds the endpoints below `/v1/bookings`."""
    from discovery.booking.transactions import Transactions
    from discovery.booking.views import bookings_blueprint

    app.register_blueprint(bookings_blueprint(Transactions(engine), verifier))
