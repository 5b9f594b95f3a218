"""The way to PostgreSQL: one engine per worker process with a small pool of connections."""

from __future__ import annotations

import os
import weakref
from typing import Any

import psycopg
from sqlalchemy import Engine, create_engine, event
from sqlalchemy.exc import DisconnectionError

from discovery import settings


def make_engine(url: str, name: str) -> Engine:
    """Engine for a database URL; opens no connection yet.

    The pool holds 5 connections and no more, a request waits `settings.POOL_TIMEOUT` seconds for one of them; `name`
    is what `pg_stat_activity` shows. A process forked from this one starts with an empty pool of its own: two
    processes on one socket read each other's answers. A connection that the server has closed while it lay in the pool
    is replaced when it is taken out. Errors do not show the values of a statement's parameters: they go into the log.
    """
    engine = create_engine(
        url,
        pool_size=settings.POOL_SIZE,
        max_overflow=settings.MAX_OVERFLOW,
        pool_timeout=settings.POOL_TIMEOUT,
        connect_args={"application_name": name},
        hide_parameters=True,
    )
    event.listen(engine, "checkout", _replace_if_closed)
    reference = weakref.ref(engine)
    os.register_at_fork(after_in_child=lambda: _forget_connections(reference))
    return engine


def _replace_if_closed(connection: psycopg.Connection[Any], *_: object) -> None:
    """Reads what has arrived on an idle connection, without waiting and without a statement: its end, maybe."""
    try:
        # A server that shuts down says so before it closes: the first call reads that, the second one the end.
        connection.pgconn.consume_input()
        connection.pgconn.consume_input()
    except psycopg.OperationalError as error:
        raise DisconnectionError("closed by the server") from error


def _forget_connections(reference: weakref.ref[Engine]) -> None:
    """Leaves the parent's connections alone, open as they are."""
    engine = reference()
    if engine is not None:
        engine.dispose(close=False)
