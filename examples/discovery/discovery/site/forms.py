"""What all templates can use: who is here, notices, and links to the same page with something changed."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from flask import request

from discovery.site import notices
from discovery.site.visit import current_visit


def for_templates() -> dict[str, Any]:
    """Names for every template of the site."""
    visit = current_visit()
    return {
        "person": visit.person,
        "csrf": lambda: visit.csrf,
        "notices": notices.take,
        "same_page_with": same_page_with,
    }


def same_page_with(**changes: object) -> str:
    """This page's address with some parameters set anew; None takes one out."""
    kept = [(name, value) for name, value in request.args.items(multi=True) if value and name not in changes]
    changed = [(name, str(value)) for name, value in changes.items() if value is not None]
    return f"{request.path}?{urlencode(kept + changed)}"
