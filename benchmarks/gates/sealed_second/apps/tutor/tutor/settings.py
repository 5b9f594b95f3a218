"""School-wide settings: read once per process, never written while serving."""
from datetime import date, datetime
from zoneinfo import ZoneInfo

from sqlalchemy import select

from .db import get_engine
from .tables import settings as settings_table

_cache = {}


def get(name, default=None):
    if not _cache:
        with get_engine().begin() as connection:
            rows = connection.execute(select(settings_table.c.name, settings_table.c.value)).all()
        _cache.update({row.name: row.value for row in rows})
    return _cache.get(name, default)


def today():
    return date.fromisoformat(get("today"))


def now():
    return datetime.fromisoformat(get("now"))


def zone():
    return ZoneInfo(get("zone", "UTC"))


def number(name, default):
    value = get(name)
    return default if value is None else int(value)
