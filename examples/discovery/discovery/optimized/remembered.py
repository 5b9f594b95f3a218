"""A value that a worker process keeps for a while instead of asking the database each time."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Generic, TypeVar

from sqlalchemy import Connection

Value = TypeVar("Value")


class Remembered(Generic[Value]):
    """Keeps what `load` answers for `seconds`, counted by a clock that nobody can set back.

    There is no lock: value and expiry are replaced together in one assignment, and greenlets that find it expired at
    the same moment load it once each, over the connection that each of them holds anyway.
    """

    def __init__(
        self, load: Callable[[Connection], Value], seconds: float, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._load = load
        self._seconds = seconds
        self._clock = clock
        self._kept: tuple[float, Value] | None = None

    def get(self, connection: Connection) -> Value:
        """The value; asks the database over `connection` when it is missing or too old."""
        now = self._clock()
        kept = self._kept
        if kept is not None and now < kept[0]:
            return kept[1]
        value = self._load(connection)
        self._kept = (now + self._seconds, value)
        return value
