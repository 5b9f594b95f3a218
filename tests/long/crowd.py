"""Clients that ask a server on this machine all at once, each request on a connection of its own."""

from __future__ import annotations

import hashlib
import http.client
import threading
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

NO_ANSWER = 60.0
"""Seconds; a request without a whole answer until then has failed."""


@dataclass(frozen=True, slots=True)
class Ask:
    """A GET request."""

    path: str
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Answered:
    """What came: the status (0 where no whole answer came), what the body was, and the client's seconds."""

    path: str
    status: int
    body: str
    seconds: float

    @property
    def outcome(self) -> tuple[str, int, str]:
        """What must be the same when the same is asked again."""
        return self.path, self.status, self.body


def send(port: int, ask: Ask) -> Answered:
    """Send one request to 127.0.0.1; never raises. The body is told by its digest, or by its text up to 100 bytes."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=NO_ANSWER)
    begin = time.perf_counter()
    try:
        connection.request("GET", ask.path, headers=dict(ask.headers))
        answer = connection.getresponse()
        content = answer.read()
        status = answer.status
        body = hashlib.sha1(content).hexdigest() if len(content) > 100 else content.decode(errors="replace")
    except (OSError, http.client.HTTPException) as problem:
        status, body = 0, type(problem).__name__
    finally:
        connection.close()
    return Answered(ask.path, status, body, time.perf_counter() - begin)


def each_its_own(port: int, plans: Sequence[Iterable[Ask]], done: Callable[[], None] = lambda: None) -> list[Answered]:
    """As many clients as plans, each going through its own; all answers, client by client. `done` hears of each."""
    answers: list[list[Answered]] = [[] for _ in plans]

    def client(number: int) -> None:
        for ask in plans[number]:
            answers[number].append(send(port, ask))
            done()

    threads = [threading.Thread(target=client, args=(number,)) for number in range(len(plans))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return [answer for own in answers for answer in own]


def for_seconds(port: int, clients: int, seconds: float, ask_of: Callable[[int, int], Ask]) -> list[Answered]:
    """`clients` clients ask without a pause until the time is up; `ask_of(client, number)` is what they ask."""
    deadline = time.monotonic() + seconds

    def plan(client: int) -> Iterable[Ask]:
        number = 0
        while time.monotonic() < deadline:
            yield ask_of(client, number)
            number += 1

    return each_its_own(port, [plan(client) for client in range(clients)])


def percentile(values: Sequence[float], part: float) -> float:
    """The value below which `part` of the values lie (nearest rank)."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(part * len(ordered)))]
