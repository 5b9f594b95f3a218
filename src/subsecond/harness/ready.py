"""Waiting until the app answers, and telling apart the ways in which it does not."""

from __future__ import annotations

import contextlib
import select
import socket
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

POLL_SECONDS = 0.05
DRAIN_SECONDS = 5.0
ELSEWHERE_SECONDS = 20.0
"""How long an app may listen on other ports only before we say so: some open a port for metrics first."""
BREAKS = 5
BROKEN_SECONDS = 5.0
"""Five connections broken over five seconds: it dies of this request, more waiting helps nobody."""
HOST = "127.0.0.1"


@dataclass(frozen=True, slots=True)
class Readiness:
    """How the wait ended. `detail`: the ports of `elsewhere`, the first bytes of `not-http`, how many were `broken`."""

    state: Literal["ready", "ended", "silent", "broken", "refused", "elsewhere", "not-http"]
    seconds: float
    detail: str = ""


def wait(
    port: int, request: bytes, seconds: float, ended: Callable[[], bool], listens_on: Callable[[], list[str]]
) -> Readiness:
    """Send `request` until any HTTP answer comes, the process has ended, or `seconds` are over."""
    begin = time.monotonic()
    deadline, accepted, next_look, breaks = begin + seconds, False, begin + 1.0, 0
    while True:
        now = time.monotonic()
        if ended():
            return Readiness("ended", now - begin)
        if now > deadline:
            return _late(port, now - begin, accepted, listens_on())
        if not accepted and now - begin > min(ELSEWHERE_SECONDS, seconds / 2) and now > next_look:
            next_look = now + 1.0
            found = listens_on()
            if found and not _has(port, found):
                return Readiness("elsewhere", now - begin, ", ".join(found))
        state, detail = _ask(port, request, deadline, ended)
        if state in ("ready", "not-http"):
            return Readiness("ready" if state == "ready" else "not-http", time.monotonic() - begin, detail)
        accepted = accepted or state in ("accepted", "broken")
        breaks += state == "broken"
        if breaks >= BREAKS and time.monotonic() - begin > min(BROKEN_SECONDS, seconds):
            return Readiness("broken", time.monotonic() - begin, str(breaks))
        time.sleep(POLL_SECONDS)


def _late(port: int, seconds: float, accepted: bool, found: list[str]) -> Readiness:
    if accepted or _has(port, found):
        return Readiness("silent", seconds)
    return Readiness("elsewhere", seconds, ", ".join(found)) if found else Readiness("refused", seconds)


def _has(port: int, found: list[str]) -> bool:
    reached = (f"{HOST}:{port}", f"0.0.0.0:{port}", f"[::]:{port}")
    return any(place in reached for place in found)


def _ask(port: int, request: bytes, deadline: float, ended: Callable[[], bool]) -> tuple[str, str]:
    try:
        connection = socket.create_connection((HOST, port), timeout=1.0)
    except OSError:
        return "refused", ""
    with connection:
        try:
            connection.sendall(request)
            first = _first_bytes(connection, deadline, ended)
            if not first:
                return ("broken" if first is not None else "accepted"), ""
            if not first.startswith(b"HTTP/"):
                return "not-http", repr(first[:40])
            _drain(connection)
            return "ready", ""
        except OSError:
            return "broken", ""


def _first_bytes(connection: socket.socket, deadline: float, ended: Callable[[], bool]) -> bytes | None:
    """What comes first: empty where the peer closes, None where nothing comes in time."""
    while time.monotonic() < deadline and not ended():
        if select.select([connection], [], [], 0.2)[0]:
            return connection.recv(65536)
    return None


def _drain(connection: socket.socket) -> None:
    """Read on to the end, so that the app is not left writing to nobody and its worker is free again."""
    until = time.monotonic() + DRAIN_SECONDS
    connection.settimeout(DRAIN_SECONDS)
    with contextlib.suppress(OSError):  # it has answered; a slow or broken end is the request's affair, not the start's
        while time.monotonic() < until and connection.recv(65536):
            pass


def free_port() -> int:
    """A port of this machine that nobody uses now."""
    with socket.socket() as listener:
        listener.bind((HOST, 0))
        port: int = listener.getsockname()[1]
        return port


def in_use(port: int) -> bool:
    """Whether somebody listens on the port of the loopback address or of all addresses."""
    for host in (HOST, "0.0.0.0"):
        with socket.socket() as listener:
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                listener.bind((host, port))
            except OSError:
                return True
    return False
