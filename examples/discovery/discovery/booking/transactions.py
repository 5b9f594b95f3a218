"""Transactions that write: short, on the application's own pool, and never waiting for long."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from psycopg import errors
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
BUSY = "Too many bookings at once; try again in a moment."


class Transactions:
    """Gives out connections in transactions, in the order in which requests came."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._turns = Turns(AT_ONCE, TURN_SECONDS)

    @contextmanager
    def begin(self) -> Iterator[Connection]:
        """A connection in a transaction: committed at the end of the block, rolled back by an exception.

        Raises Unavailable when the wait for a connection or for a lock becomes too long.
        """
        try:
            with self._turns.turn(), self._engine.begin() as connection:
                connection.execute(SETTINGS)
                yield connection
        except (TimeoutError, NoConnection) as error:
            raise Unavailable(BUSY) from error
        except OperationalError as error:
            if isinstance(error.orig, errors.LockNotAvailable):
                raise Unavailable(BUSY) from error
            raise

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """A connection that only reads."""
        try:
            with self._turns.turn(), self._engine.connect() as connection:
                yield connection
        except (TimeoutError, NoConnection) as error:
            raise Unavailable(BUSY) from error
