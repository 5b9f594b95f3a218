"""The few connections of a worker, lent out in the order in which requests came."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import Connection, Engine

from discovery.turns import Turns


class Connections:
    """The engine's connections; a request takes one, once, and gives it back before it builds its response."""

    def __init__(self, engine: Engine, count: int, timeout: float) -> None:
        # Autocommit: requests only read, one statement at a time; BEGIN and ROLLBACK would be two round trips more.
        self._engine = engine.execution_options(isolation_level="AUTOCOMMIT")
        self._turns = Turns(count, timeout)

    @contextmanager
    def lend(self) -> Iterator[Connection]:
        """A connection for the block; raises TimeoutError when none becomes free in time."""
        with self._turns.turn(), self._engine.connect() as connection:
            yield connection
