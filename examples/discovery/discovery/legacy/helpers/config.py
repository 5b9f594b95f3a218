"""Settings from the `config` table."""

from decimal import Decimal
from typing import Any

from sqlalchemy.orm import Session as OrmSession

from discovery.legacy.db import Session
from discovery.models import Config


def load_config(session: OrmSession) -> dict[str, Any]:
    """All settings by their dotted name. Admins edit them in the back office and expect to see the change at once."""
    rows = session.query(Config).order_by(Config.id).all()
    return expand(rows, None, "")


def current_config() -> dict[str, Any]:
    """The same for code that has no session at hand."""
    with Session() as session:
        return load_config(session)


def expand(rows: list[Config], parent_id: int | None, prefix: str) -> dict[str, Any]:
    """The settings below one node of the tree."""
    settings: dict[str, Any] = {}
    for row in rows:
        if row.parent_id != parent_id:
            continue
        if row.kind == "group":
            settings.update(expand(rows, row.id, f"{prefix}{row.key}."))
        else:
            settings[prefix + row.key] = cast(row.value, row.kind)
    return settings


def cast(value: str | None, kind: str) -> Any:
    """The value as the kind says."""
    if value is None:
        return None
    if kind == "int":
        return int(value)
    if kind == "decimal":
        return Decimal(value)
    if kind == "bool":
        return value.lower() in ("1", "t", "true", "yes", "on")
    return value
