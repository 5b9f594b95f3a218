"""Engine, session factory and the decorator that gives every request its one session."""
from functools import wraps

from flask import g
from sqlalchemy import create_engine
from sqlalchemy.orm import sessionmaker

from . import config


def sqlalchemy_url(url):
    for prefix in ("postgresql://", "postgres://"):
        if url.startswith(prefix):
            return "postgresql+psycopg://" + url[len(prefix):]
    return url


engine = create_engine(
    sqlalchemy_url(config.DATABASE_URL),
    pool_size=config.POOL_SIZE,
    max_overflow=0,
    pool_timeout=config.POOL_TIMEOUT,
    connect_args={"options": "-c timezone=UTC"},
)

SessionLocal = sessionmaker(engine, expire_on_commit=False)


def with_session(view):
    """Open a session for the call; roll back what was not committed."""

    @wraps(view)
    def wrapper(*args, **kwargs):
        session = SessionLocal()
        g.session = session
        try:
            return view(*args, **kwargs)
        except Exception:
            session.rollback()
            raise
        finally:
            session.close()

    return wrapper
