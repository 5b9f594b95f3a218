"""Database sessions."""

from sqlalchemy.orm import sessionmaker

from discovery import settings
from discovery.database import make_engine

engine = make_engine(settings.database_url("legacy"), "discovery-legacy")
Session = sessionmaker(engine)
