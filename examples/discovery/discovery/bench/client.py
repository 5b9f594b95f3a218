"""Sends requests and keeps their times: one connection a request, as behind a load balancer."""

from __future__ import annotations

import http.client
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field

from discovery.ground.ports import HOST

NO_ANSWER = 60.0  # seconds; a request without an answer until then is an error


@dataclass(frozen=True, slots=True)
class Request:
    """A GET request; name is the endpoint's."""

    name: str
    path: str
    token: str | None = None


@dataclass(slots=True)
class Answers:
    """Seconds of good answers, and how many were not."""

    seconds: list[float] = field(default_factory=list)
    errors: int = 0
    lock: threading.Lock = field(default_factory=threading.Lock)

    @property
    def sent(self) -> int:
        """Requests sent."""
        return len(self.seconds) + self.errors


def send(port: int, request: Request) -> tuple[float, bool]:
    """Send one request; returns the seconds it took and whether the answer was 200."""
    connection = http.client.HTTPConnection(HOST, port, timeout=NO_ANSWER)
    headers = {"Authorization": f"Bearer {request.token}"} if request.token else {}
    started = time.perf_counter()
    try:
        connection.request("GET", request.path, headers=headers)
        answer = connection.getresponse()
        answer.read()
        good = answer.status == 200
    except (OSError, http.client.HTTPException):
        good = False
    finally:
        connection.close()
    return time.perf_counter() - started, good


def _client(port: int, request: Request, count: int, deadline: float, answers: Answers) -> None:
    for _ in range(count):
        if time.monotonic() > deadline:
            return
        seconds, good = send(port, request)
        with answers.lock:
            if good:
                answers.seconds.append(seconds)
            else:
                answers.errors += 1


def crowd(port: int, request: Request, *, clients: int, each: int, limit: float) -> Answers:
    """Let several clients send a number of requests each; nobody begins another one after limit seconds."""
    answers, deadline = Answers(), time.monotonic() + limit
    threads = [threading.Thread(target=_client, args=(port, request, each, deadline, answers)) for _ in range(clients)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return answers


def repeat(action: Callable[[], object], *, at_most: int, seconds: float) -> int:
    """Repeat an action until its number or its time is used up; returns how often it ran (at least once)."""
    deadline = time.monotonic() + seconds
    for done in range(1, at_most + 1):
        action()
        if time.monotonic() > deadline:
            return done
    return at_most
