import os

from sqlalchemy import create_engine, event
from sqlalchemy.orm import sessionmaker
from sqlalchemy.pool import NullPool

PATH = os.environ["FLEET_DB"]
ARCHIVE = PATH + ".archive"

engine = create_engine(f"sqlite:///{PATH}")
archive = create_engine(f"sqlite:///{ARCHIVE}")
reporting = create_engine(f"sqlite:///{PATH}", poolclass=NullPool)
exporting = create_engine(f"sqlite:///{PATH}", pool_size=1, max_overflow=0)

Session = sessionmaker(engine)


@event.listens_for(engine, "connect")
@event.listens_for(reporting, "connect")
def settle(connection, _record) -> None:
    cursor = connection.cursor()
    cursor.execute("PRAGMA foreign_keys=ON")
    cursor.execute("PRAGMA temp_store=MEMORY")
    cursor.execute("SELECT total(length(speed)) FROM positions WHERE id < 20000").fetchone()
    cursor.close()
