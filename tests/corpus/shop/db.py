"""Engines and sessions. One pool of five for the shop, one for reporting, one for last night's snapshot."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from flask import g
from sqlalchemy import Engine, create_engine, event
from sqlalchemy.orm import Session, scoped_session, sessionmaker
from sqlalchemy.pool import QueuePool

DATABASE = os.environ.get("SHOP_DB", "shop.sqlite3")


def snapshot_path(database: str) -> str:
    """Where the nightly copy of a database lies; the database itself when none was taken."""
    snapshot = f"{database}.snapshot"
    return snapshot if Path(snapshot).is_file() else database


def make_engine(path: str) -> Engine:
    """An engine with a pool of its own: five connections and not one more."""
    made = create_engine(f"sqlite:///{path}", poolclass=QueuePool, pool_size=5, max_overflow=0, pool_timeout=10)
    event.listen(made, "connect", enforce_foreign_keys)
    return made


def enforce_foreign_keys(connection: Any, _record: Any) -> None:
    """SQLite checks foreign keys only when each new connection is told to."""
    connection.execute("PRAGMA foreign_keys = ON")


engine = make_engine(DATABASE)
reporting_engine = make_engine(DATABASE)
snapshot_engine = make_engine(snapshot_path(DATABASE))

NewSession = sessionmaker(engine)
ReportingSession = sessionmaker(reporting_engine)
SnapshotSession = sessionmaker(snapshot_engine)
LegacySession = scoped_session(sessionmaker(engine))


def get_session() -> Session:
    """The session of this request, made on first use and closed after the response."""
    if "session" not in g:
        g.session = NewSession()
    session: Session = g.session
    return session


def close_sessions(_error: BaseException | None = None) -> None:
    """Give back what the request held."""
    session = g.pop("session", None)
    if session is not None:
        session.close()
    LegacySession.remove()


@contextmanager
def session_scope() -> Iterator[Session]:
    """A session of its own for one piece of work: committed at the end, rolled back on an error."""
    session = NewSession()
    try:
        yield session
        session.commit()
    except Exception:
        session.rollback()
        raise
    finally:
        session.close()
