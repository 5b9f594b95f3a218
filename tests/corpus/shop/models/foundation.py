"""The declarative base."""

from sqlalchemy.orm import DeclarativeBase, Session, object_session


class Base(DeclarativeBase):
    """Base of all tables."""

    @property
    def own_session(self) -> Session:
        """The session this row was loaded by."""
        session = object_session(self)
        if session is None:
            raise RuntimeError("row is detached")
        return session
