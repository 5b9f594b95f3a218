"""Entry point for gunicorn: `discovery.optimized.wsgi:app`."""

from __future__ import annotations

from discovery.optimized.application import create_app

app = create_app()
