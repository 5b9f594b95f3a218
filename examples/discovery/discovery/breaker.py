"""Keeps requests from waiting for a neighbour that does not answer."""

from __future__ import annotations

import time
from collections.abc import Callable


class Breaker:
    """After a failure the neighbour counts as gone for `seconds`; then one caller tries again, for all others."""

    def __init__(self, seconds: float, clock: Callable[[], float] = time.monotonic) -> None:
        self._seconds = seconds
        self._clock = clock
        self._closed_until: float | None = None

    def may_try(self) -> bool:
        """Whether to ask the neighbour now. Say afterwards how it went."""
        if self._closed_until is None:
            return True
        now = self._clock()
        if now < self._closed_until:
            return False
        # No lock: nothing between the comparison and this line lets another greenlet in.
        self._closed_until = now + self._seconds
        return True

    def succeeded(self) -> None:
        """It answered."""
        self._closed_until = None

    def failed(self) -> bool:
        """It did not answer in time, or not sensibly. Returns whether this is news."""
        news = self._closed_until is None
        self._closed_until = self._clock() + self._seconds
        return news
