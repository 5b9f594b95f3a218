"""Values of the configuration, kept in the database."""

from flask import g
from sqlalchemy import select
from sqlalchemy.orm import Session

from shop import db
from shop.models import Setting


def read_setting(session: Session, key: str) -> str:
    """The value of one key, from the database."""
    return session.scalars(select(Setting.value).where(Setting.key == key)).one()


def remembered_setting(session: Session, key: str) -> str:
    """The value of one key, read once in a request."""
    known: dict[str, str] = g.setdefault("settings", {})
    if key not in known:
        known[key] = read_setting(session, key)
    return known[key]


def theme() -> str:
    """The look of the pages; usable where no session is at hand."""
    with db.session_scope() as session:
        return read_setting(session, "theme")
