import os
from contextlib import contextmanager

from sqlalchemy import create_engine
from sqlalchemy.orm import declarative_base, scoped_session, sessionmaker

URL_PATH = os.environ["LIBRARY_DB"]
engine = create_engine("sqlite:///" + URL_PATH)
db = scoped_session(sessionmaker(bind=engine))
Base = declarative_base()
Base.query = db.query_property()


def release(_error=None):
    db.remove()


@contextmanager
def booking():
    try:
        yield db
        db.commit()
    except Exception:
        db.rollback()
        raise
