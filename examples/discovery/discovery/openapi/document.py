"""The whole document."""

from __future__ import annotations

from typing import Any

from discovery.openapi.operations import ADMIN, BOOKINGS, PLATFORM, SEARCH
from discovery.openapi.schemas import COMPONENTS

ABOUT = """\
Finds and books rooms and desks. Both versions, legacy and optimized, answer exactly this.

In a query a missing parameter, an empty one and any spelling of zero mean the same: no filter. Unknown parameters are
ignored. Prices are texts with two decimals; times are local to the location.

A token comes from the auth service (`POST /token` there) and is sent as `Authorization: Bearer …`.
"""


def document() -> dict[str, Any]:
    """OpenAPI 3.1."""
    return {
        "openapi": "3.1.0",
        "info": {"title": "The Discovery Platform", "version": "1", "description": ABOUT},
        "servers": [{"url": "/"}],
        "tags": [
            {"name": "search", "description": "For everybody who looks for a place"},
            {"name": "bookings", "description": "For users who are logged in"},
            {"name": "account", "description": "Who one is"},
            {"name": "admin", "description": "For administrators"},
            {"name": "platform", "description": "For machines"},
        ],
        "paths": SEARCH | BOOKINGS | ADMIN | PLATFORM,
        "components": {
            "schemas": COMPONENTS,
            "securitySchemes": {"bearer": {"type": "http", "scheme": "bearer", "bearerFormat": "JWT"}},
        },
    }
