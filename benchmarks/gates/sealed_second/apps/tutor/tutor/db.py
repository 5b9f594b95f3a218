"""The engine: one per process, made on first use."""
import os
from functools import lru_cache

from sqlalchemy import create_engine


@lru_cache(maxsize=1)
def get_engine():
    return create_engine(
        os.environ["TUTOR_DATABASE_URL"],
        pool_size=5,
        max_overflow=5,
        pool_timeout=10,
        connect_args={"options": "-c timezone=UTC"},
    )
