import os

from flask import Flask, g
from sqlalchemy import create_engine
from sqlalchemy import orm as sa_orm

PATH = os.environ["CLINIC_DB"]
engine = create_engine(f"sqlite:///{PATH}")
Session = sa_orm.sessionmaker(engine)


def session() -> sa_orm.Session:
    if "session" not in g:
        g.session = Session()
    return g.session


def close(_error: BaseException | None = None) -> None:
    current = g.pop("session", None)
    if current is not None:
        current.close()


def init_app(app: Flask) -> None:
    app.teardown_appcontext(close)
