"""Entry point for gunicorn: `gunicorn -k gevent discovery.legacy.wsgi:app`."""

from discovery.legacy.app import create_app

app = create_app()
