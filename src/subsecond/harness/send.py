"""Sending requests on kept connections, with a clock from the first byte sent to the last received."""

from __future__ import annotations

import http.client
import re
import select
import socket
import time
from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import urlsplit

from subsecond import durations
from subsecond.errors import EXIT_FAILED, SubsecondError

STALE_SECONDS = 0.05
"""A kept connection that breaks within this time was closed while idle; later, the worker died at work."""
LARGEST_BODY = 512_000_000
USER_AGENT = "subsecond"
_CHUNK = 1 << 16
_OURS = ("content-length", "transfer-encoding", "connection")
Headers = Sequence[tuple[str, str]]


class NoAnswerError(SubsecondError):
    """No complete answer came; the message is the reason, in one line. `late`: the app may still be at work on it."""

    def __init__(self, message: str, *, late: bool = False) -> None:
        super().__init__("request-failed", message, exit_code=EXIT_FAILED)
        self.late = late


@dataclass(frozen=True, slots=True)
class RequestFailed:
    """A request without a whole answer: why, in one line. The audit goes on with the others."""

    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """One response. `seconds`: first byte sent to last byte received, by this process's clock."""

    status: int
    headers: tuple[tuple[str, str], ...]
    body: bytes
    seconds: float

    def header(self, name: str) -> str | None:
        """The first header of that name, whatever its case."""
        return next((value for key, value in self.headers if key.lower() == name.lower()), None)


class Client:
    """Kept connections, one per address. Not for several threads at once: a crowd takes one client each."""

    def __init__(self, timeout: float) -> None:
        self._timeout = timeout
        self._kept: dict[tuple[str, int], http.client.HTTPConnection] = {}

    def send(self, method: str, url: str, headers: Headers = (), body: bytes | None = None) -> Answer:
        """Send one request to an absolute http URL. Raises NoAnswerError where no whole answer comes."""
        parts = urlsplit(url)
        address = (parts.hostname or "", parts.port or 80)
        target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        connection, kept = self._connection(address)
        begin = time.perf_counter()
        try:
            return self._exchange(connection, method, target, headers, body)
        except (http.client.RemoteDisconnected, ConnectionError, http.client.CannotSendRequest) as problem:
            connection.close()
            stale = kept and time.perf_counter() - begin < STALE_SECONDS
            if not stale or method not in ("GET", "HEAD"):
                raise self._broken(problem, begin) from None
        connection, _ = self._connection(address)
        begin = time.perf_counter()
        try:
            return self._exchange(connection, method, target, headers, body)
        except (http.client.RemoteDisconnected, ConnectionError) as problem:
            connection.close()
            raise self._broken(problem, begin) from None

    def close(self) -> None:
        """Close all kept connections."""
        for connection in self._kept.values():
            connection.close()
        self._kept.clear()

    def _connection(self, address: tuple[str, int]) -> tuple[http.client.HTTPConnection, bool]:
        """An open connection, and whether it has served before."""
        kept = self._kept.get(address)
        if kept and kept.sock and not _closed_by_peer(kept.sock):
            return kept, True
        if kept:
            kept.close()
        self._kept[address] = connection = http.client.HTTPConnection(*address, timeout=self._timeout)
        try:
            connection.connect()
        except OSError as problem:
            place = f"{address[0]}:{address[1]}"
            raise NoAnswerError(f"nobody answers at {place}: {problem.strerror or problem}") from None
        return connection, False

    def _exchange(
        self, connection: http.client.HTTPConnection, method: str, target: str, headers: Headers, body: bytes | None
    ) -> Answer:
        _put(connection, method, target, headers, body)
        begin = time.perf_counter()
        try:
            connection.endheaders(body)
            response = connection.getresponse()
            with response:  # read1 leaves it open at its end, and the connection would not be free
                content = self._read(response, begin)
                seconds = time.perf_counter() - begin
        except TimeoutError:
            connection.close()
            text = f"no whole answer within {durations.text(self._timeout)} (longer: timeout)"
            raise NoAnswerError(text, late=True) from None
        except http.client.IncompleteRead as problem:
            connection.close()
            raise NoAnswerError(f"the answer broke off before its end ({_worker_died(problem)})") from None
        except NoAnswerError:
            connection.close()
            raise
        except (http.client.RemoteDisconnected, ConnectionError):
            raise
        except http.client.HTTPException as problem:
            connection.close()
            raise NoAnswerError(f"the answer is no HTTP: {type(problem).__name__} {problem}".strip()) from None
        return Answer(status=response.status, headers=tuple(response.getheaders()), body=content, seconds=seconds)

    def _read(self, response: http.client.HTTPResponse, begin: float) -> bytes:
        parts: list[bytes] = []
        size = 0
        while part := response.read1(_CHUNK):
            parts.append(part)
            size += len(part)
            if size > LARGEST_BODY:
                raise NoAnswerError(f"the answer is larger than {LARGEST_BODY // 1_000_000} MB")
            if time.perf_counter() - begin > self._timeout:
                raise TimeoutError
        if response.length:  # read1 gives no error where the peer left before Content-Length was reached
            raise http.client.IncompleteRead(b"".join(parts), response.length)
        return b"".join(parts)

    @staticmethod
    def _broken(problem: Exception, begin: float) -> NoAnswerError:
        after = durations.text(time.perf_counter() - begin)
        return NoAnswerError(f"the connection broke after {after} without a whole answer ({_worker_died(problem)})")


def _worker_died(problem: Exception) -> str:
    return f"{type(problem).__name__}; did its worker die?"


def _put(
    connection: http.client.HTTPConnection, method: str, target: str, headers: Headers, body: bytes | None
) -> None:
    names = {name.lower() for name, _ in headers}
    connection.putrequest(method, target, skip_host="host" in names, skip_accept_encoding="accept-encoding" in names)
    for name, value in headers:
        if name.lower() not in _OURS:
            if re.search(r"[\r\n]", value):
                connection.close()
                raise NoAnswerError(f"the value of the header {name} holds a line break")
            connection.putheader(name, value.encode())
    if "user-agent" not in names:  # every client sends one, and there are apps that take it for granted
        connection.putheader("User-Agent", USER_AGENT)
    if body is not None:
        connection.putheader("Content-Length", str(len(body)))
    elif method in ("POST", "PUT", "PATCH"):
        connection.putheader("Content-Length", "0")


def _closed_by_peer(connection: socket.socket) -> bool:
    """An idle connection with something to read was closed (or is out of step): not to be used again."""
    return bool(select.select([connection], [], [], 0)[0])
