"""Engine, request-scoped session and the business clock."""
from datetime import date, datetime, timezone

from flask import current_app, g
from sqlalchemy import create_engine, select
from sqlalchemy.orm import sessionmaker

from .models import Setting


def make_engine(url):
    return create_engine(
        url,
        pool_size=5,
        max_overflow=5,
        connect_args={"options": "-c timezone=UTC"},
    )


def init_app(app):
    engine = make_engine(app.config["DATABASE_URL"])
    app.extensions["claimdesk.engine"] = engine
    app.extensions["claimdesk.sessions"] = sessionmaker(engine, expire_on_commit=False)
    app.teardown_appcontext(close_session)


def get_session():
    if "session" not in g:
        g.session = current_app.extensions["claimdesk.sessions"]()
    return g.session


def close_session(exc=None):
    session = g.pop("session", None)
    if session is not None:
        session.close()


def release():
    """Give the connection back before slow rendering starts."""
    close_session()


def setting(name, default=None):
    value = get_session().scalar(select(Setting.value).where(Setting.key == name))
    return default if value is None else value


def business_date():
    return date.fromisoformat(setting("business_date", "2024-06-30"))


def business_now():
    day = business_date()
    return datetime(day.year, day.month, day.day, 12, 0, tzinfo=timezone.utc)
