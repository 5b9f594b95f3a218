"""`/v1/admin/config`: the settings, each under the dotted path of keys from the root of the tree.

Values of existing settings can be changed; the tree itself cannot. Legacy reads the table with every request;
optimized remembers it for five minutes, so a change shows there within that time.
"""

from __future__ import annotations

import re
from typing import Any

from flask import Blueprint, request
from sqlalchemy import Engine, select
from sqlalchemy.orm import Session

from discovery.admin.paging import wanted_page
from discovery.bodies import json_object, storable
from discovery.errors import InvalidParameter, NotFound
from discovery.keyvalue import versions
from discovery.models import Config
from discovery.params import row_id
from discovery.params import text as text_parameter

LONGEST_VALUE = 500
GROUP = "group"
SHAPES = {
    "int": (re.compile(r"-?[0-9]{1,9}"), "a whole number"),
    "decimal": (re.compile(r"-?[0-9]{1,9}(\.[0-9]{1,6})?"), "a number"),
    "bool": (re.compile(r"true|false"), "true or false"),
    "text": (re.compile(r"(?s).+"), "a text"),
}
LIMITS = {
    "discovery.max_candidates": (1, 500),
    "discovery.page_size": (1, 100),
    "discovery.max_page_size": (1, 100),
    "detail.max_items": (1, 100),
}
"""What the two endpoints can live with; a page of no items or ten thousand is somebody's typing error."""
CURRENCY = "pricing.currency"


def configuration_blueprint(engine: Engine) -> Blueprint:
    """List and change."""
    blueprint = Blueprint("admin_config", __name__, url_prefix="/v1/admin/config")

    @blueprint.get("")
    def list_settings() -> dict[str, Any]:
        search = (text_parameter(request.args, "search") or "").lower()
        page = wanted_page()
        with Session(engine) as session:
            found = [_answer(name, row) for name, row in _settings(session) if search in name.lower()]
        return page.answer("settings", found[page.skipped : page.skipped + page.size], len(found))

    @blueprint.patch("/<int:number>")
    def change_setting(number: int) -> dict[str, Any]:
        body = json_object(["value"])
        with Session(engine) as session, session.begin():
            wanted = row_id(number)
            name, row = next(((n, r) for n, r in _settings(session) if r.id == wanted), (None, None))
            if name is None or row is None:
                raise NotFound("There is no such setting.")
            row.value = checked(name, row.kind, body.get("value"))
            answer = _answer(name, row)
        versions.changed(None)
        return answer

    return blueprint


def checked(name: str, kind: str, value: object) -> str:
    """The new value of a setting, if its kind and its limits allow it; raises InvalidParameter."""
    shape, words = SHAPES[kind]
    if not isinstance(value, str) or not shape.fullmatch(storable(value, "value", LONGEST_VALUE)):
        raise InvalidParameter(f"value of {name} must be {words}, as a text.", "value")
    if name in LIMITS:
        least, most = LIMITS[name]
        if not least <= int(value) <= most:
            raise InvalidParameter(f"value of {name} must lie between {least} and {most}.", "value")
    if name == CURRENCY and not re.fullmatch(r"[A-Z]{3}", value):
        raise InvalidParameter(f"value of {name} must be a currency's three letters.", "value")
    return value


def _settings(session: Session) -> list[tuple[str, Config]]:
    """Every setting under its dotted path, by path; groups and rows that hang on no root are left out."""
    rows = {row.id: row for row in session.scalars(select(Config))}
    named = ((_path(row, rows), row) for row in rows.values() if row.kind != GROUP)
    return sorted(((name, row) for name, row in named if name is not None), key=lambda pair: (pair[0], pair[1].id))


def _path(row: Config, rows: dict[int, Config]) -> str | None:
    """Keys from the root, joined by dots; None for a row whose ancestors are missing or go round in a circle."""
    keys, node = [row.key], row
    while node.parent_id is not None:
        parent = rows.get(node.parent_id)
        if parent is None or len(keys) > len(rows):
            return None
        keys.append(parent.key)
        node = parent
    return ".".join(reversed(keys))


def _answer(name: str, row: Config) -> dict[str, Any]:
    return {"id": row.id, "name": name, "kind": row.kind, "value": row.value}
