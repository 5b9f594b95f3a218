"""Who is next: a worker's few connections are lent in the order in which requests came."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager


class Turns:
    """At most `count` at a time, first come, first served.

    A turn that ends goes straight to whoever waits longest. SQLAlchemy's own queue wakes that one too, but a request
    that comes just then takes the connection first and the woken one goes to the end: with 40 clients, five
    connections and a busy machine some waited beyond the pool's ten seconds.
    """

    def __init__(self, count: int, timeout: float) -> None:
        self._free = count
        self._timeout = timeout
        self._waiting: deque[threading.Lock] = deque()
        # Never held while anything waits, so it cannot stop a worker even if it was made before gevent's patching.
        self._changing = threading.Lock()

    @contextmanager
    def turn(self) -> Iterator[None]:
        """Waits for a turn and keeps it for the block; raises TimeoutError after `timeout` seconds."""
        gate = self._enter()
        if gate is not None:
            self._wait(gate)
        try:
            yield
        finally:
            self._leave()

    def _enter(self) -> threading.Lock | None:
        """None with a turn taken, else the gate to wait at."""
        with self._changing:
            if self._free:
                self._free -= 1
                return None
            gate = threading.Lock()
            gate.acquire()
            self._waiting.append(gate)
            return gate

    def _wait(self, gate: threading.Lock) -> None:
        try:
            came = gate.acquire(timeout=self._timeout)
        except BaseException:  # the greenlet is killed while it waits: its turn must not be lost
            if not self._gives_up(gate):
                self._leave()
            raise
        if not came and self._gives_up(gate):
            raise TimeoutError(f"no database connection within {self._timeout:g} s")

    def _gives_up(self, gate: threading.Lock) -> bool:
        """Leaves the queue; False when the turn came at the last moment after all."""
        with self._changing:
            if gate not in self._waiting:
                return False
            self._waiting.remove(gate)
            return True

    def _leave(self) -> None:
        with self._changing:
            if self._waiting:
                self._waiting.popleft().release()
            else:
                self._free += 1
