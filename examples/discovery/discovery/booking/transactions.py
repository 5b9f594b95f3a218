"""Transactions that write: short, on the application's own pool, and never waiting for long."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import Connection, Engine, text
from sqlalchemy.exc import OperationalError
from sqlalchemy.exc import TimeoutError as NoConnection

from discovery.errors import Unavailable
from discovery.turns import Turns

AT_ONCE = 3
"""Transactions of a worker at the same time; the pool's other two connections stay free for those who read."""
TURN_SECONDS = 10.0
SETTINGS = text(
    "SELECT set_config('lock_timeout', '5s', true), set_config('idle_in_transaction_session_timeout', '15s', true),"
    " set_config('search_path', 'public, procrastinate', true)"
)
"""Nobody waits longer than five seconds for another booking, a worker that is stopped in mid-booking lets go of what it
holds, and the job queue's functions are found. All of it ends with the transaction."""
BUSY = "The booking could not be worked on now; try again in a moment, with the same Idempotency-Key."
log = logging.getLogger("discovery.booking")


class Transactions:
    """Gives out connections in transactions, in the order in which requests came."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._turns = Turns(AT_ONCE, TURN_SECONDS)

    @contextmanager
    def begin(self) -> Iterator[Connection]:
        """A connection in a transaction: committed at the end of the block, rolled back by an exception.

        Raises Unavailable when the wait for a connection or a lock becomes too long, and when the database is lost.
        """
        with self._available(), self._engine.begin() as connection:
            connection.execute(SETTINGS)
            yield connection

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """A connection that only reads. Raises Unavailable."""
        with self._available(), self._engine.connect() as connection:
            yield connection

    @contextmanager
    def _available(self) -> Iterator[None]:
        try:
            with self._turns.turn():
                yield
        except (TimeoutError, NoConnection, OperationalError) as error:
            log.warning("unavailable: %s", str(error).partition("\n")[0])
            raise Unavailable(BUSY) from error
