"""Alembic's environment, for the `alembic` command and for callers in Python.

A caller says where to work in `Config.attributes`, either `connection` (an open SQLAlchemy connection outside any
transaction, because some revisions commit by themselves) or `url`:

    config = Config(); config.set_main_option("script_location", ".../migrations")
    config.attributes["url"] = "postgresql+psycopg://..."; command.upgrade(config, "0001")

Without either, `-x url=...` on the command line counts, then the legacy application's own database.
"""

from __future__ import annotations

import sys
from pathlib import Path

from alembic import context
from sqlalchemy import Connection, create_engine, pool

ROOT = str(Path(__file__).resolve().parent.parent)
if ROOT not in sys.path:
    sys.path.insert(0, ROOT)

from discovery.booking import tables  # noqa: E402  (the package lies beside this folder and is not installed)


def database_url() -> str:
    """The URL to work on, from the caller, from the command line, or from the application's settings."""
    given = context.config.attributes.get("url") or context.get_x_argument(as_dictionary=True).get("url")
    if given:
        return str(given)
    from discovery import settings

    return settings.database_url("legacy")


def run(connection: Connection) -> None:
    """Runs the wanted revisions, each in a transaction of its own, so that one can build indexes concurrently."""
    context.configure(connection=connection, target_metadata=tables.Base.metadata, transaction_per_migration=True)
    with context.begin_transaction():
        context.run_migrations()


def run_offline() -> None:
    """Prints the SQL instead of running it (`alembic upgrade --sql`)."""
    context.configure(dialect_name="postgresql", target_metadata=tables.Base.metadata, transaction_per_migration=True)
    with context.begin_transaction():
        context.run_migrations()


def run_online() -> None:
    """Runs on the caller's connection, or on one of its own that is closed again."""
    given = context.config.attributes.get("connection")
    if given is not None:
        run(given)
        return
    engine = create_engine(database_url(), poolclass=pool.NullPool)
    with engine.connect() as connection:
        run(connection)
    engine.dispose()


if context.is_offline_mode():
    run_offline()
else:
    run_online()
