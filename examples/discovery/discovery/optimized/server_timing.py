"""How long the stages of a request took, told to the client in the `Server-Timing` header."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager


class ServerTiming:
    """Starts its clock when made. Waiting counts too: for a connection of the pool, for the database."""

    def __init__(self) -> None:
        self._started = time.perf_counter()
        self._stages: list[tuple[str, float]] = []

    @contextmanager
    def stage(self, name: str) -> Iterator[None]:
        """Measures the block as the stage `name`, also when it raises."""
        started = time.perf_counter()
        try:
            yield
        finally:
            self._stages.append((name, time.perf_counter() - started))

    def header(self) -> str:
        """The header's value, e.g. `auth;dur=0.1, query;dur=21.4, total;dur=40.3` (milliseconds)."""
        stages = [*self._stages, ("total", self.total())]
        return ", ".join(f"{name};dur={seconds * 1000:.1f}" for name, seconds in stages)

    def total(self) -> float:
        """Seconds since the start."""
        return time.perf_counter() - self._started
