"""`GET /v1/filters`: what discovery's filters can be set to. Public; a worker remembers it for five minutes."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

from flask import Blueprint
from sqlalchemy import Engine, select
from sqlalchemy.orm import Session

from discovery.models import AddOn, Category, City

SECONDS = 300.0


def filters_blueprint(engine: Engine, clock: Callable[[], float] = time.monotonic) -> Blueprint:
    """The endpoint. Value and expiry are replaced together, so it needs no lock."""
    blueprint = Blueprint("filters", __name__)
    kept: tuple[float, dict[str, Any]] | None = None

    @blueprint.get("/v1/filters")
    def filters() -> dict[str, Any]:
        nonlocal kept
        now = clock()
        if kept is None or now >= kept[0]:
            kept = (now + SECONDS, _choices(engine))
        return kept[1]

    return blueprint


def _choices(engine: Engine) -> dict[str, Any]:
    """Cities by name, categories and add-ons in their own order."""
    with Session(engine) as session:
        cities = session.execute(select(City.slug, City.name, City.country).order_by(City.name, City.id))
        categories = session.execute(
            select(Category.slug, Category.name, Category.kind).order_by(Category.sort_order, Category.id)
        )
        add_ons = session.execute(select(AddOn.slug, AddOn.name, AddOn.unit).order_by(AddOn.id))
        return {
            "cities": [row._asdict() for row in cities],
            "categories": [row._asdict() for row in categories],
            "add_ons": [row._asdict() for row in add_ons],
        }
