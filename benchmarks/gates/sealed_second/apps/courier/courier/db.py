"""Engine and session: one scoped session per request, removed in teardown."""
import os

from sqlalchemy import create_engine
from sqlalchemy.orm import DeclarativeBase, scoped_session, sessionmaker

DATABASE_URL = os.environ["COURIER_DATABASE_URL"]

engine = create_engine(
    DATABASE_URL,
    pool_size=5,
    max_overflow=5,
    pool_timeout=10,
    connect_args={"options": "-c timezone=UTC"},
)

Session = scoped_session(sessionmaker(bind=engine, expire_on_commit=False))


class Base(DeclarativeBase):
    pass


def release():
    """Give the connection back early; objects loaded so far must not be touched again."""
    Session.remove()


def init_app(app):
    @app.teardown_appcontext
    def remove_session(exc):
        Session.remove()
