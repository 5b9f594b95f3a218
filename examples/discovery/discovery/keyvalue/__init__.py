"""What the key-value store (Valkey) holds: answers of discovery, counts of requests, what a visitor did last.

Nothing in it is the only copy of something that matters: without the store the platform works on.
"""

from __future__ import annotations

from flask import Flask
from sqlalchemy import Engine

from discovery.keyvalue import client, limits, sessions
from discovery.tokens import TokenVerifier


def install(app: Flask, engine: Engine, tokens: TokenVerifier) -> None:
    """Rate limits and sessions for an application, and the store that everything else finds."""
    store = client.install(app, engine.url.render_as_string(hide_password=True))
    limits.install(app, store, tokens)
    sessions.install(app, store)
