"""What both versions have besides their own two endpoints: each part lives in a folder of its own."""

from __future__ import annotations

from flask import Flask
from sqlalchemy import Engine

from discovery import admin, booking, clients, keyvalue, openapi, site, telemetry
from discovery.settings import Version
from discovery.tokens import TokenVerifier


def install(app: Flask, engine: Engine, verifier: TokenVerifier, version: Version) -> None:
    """Adds the parts to an application that has its own endpoints already; `engine` is the one it uses itself."""
    telemetry.install(app, version)
    keyvalue.install(app, engine, verifier)
    booking.install(app, engine, verifier)
    clients.install(app, engine, verifier)
    admin.install(app, engine, verifier)
    openapi.install(app)
    site.install(app)
