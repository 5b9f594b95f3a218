"""Entry point for servers: `shop.wsgi:app`."""

from shop import create_app

app = create_app()
