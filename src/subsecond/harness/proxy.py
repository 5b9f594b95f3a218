"""A TCP proxy that makes a database far away, and counts what passes.

Each packet of the client is held for the delay, packets of the server pass at once: one question and its answer cost
one delay more than without. Packets do not wait for one another beyond their order, so nothing is throttled.

Runs by file path, standard library only: `python proxy.py --listen 127.0.0.1:0 --to 127.0.0.1:5432 --delay 2ms`.
The first line on standard output is {"host", "port"}; SIGUSR1 prints the counts as one line, the end prints them once
more. SIGTERM ends it; so does the end of the process that started it.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import json
import os
import re
import select
import selectors
import signal
import sys
from collections import Counter, deque
from dataclasses import dataclass, field
from typing import Any

PARENT_CHECK = 0.5  # seconds between two looks whether the parent still lives
HIGH_WATER = 4_000_000  # bytes held for one client before reading from it pauses
# First words of connections that carry no type byte: SSL, GSS encryption, cancel.
SSL_REQUEST, GSS_REQUEST, CANCEL_REQUEST = 80877103, 80877104, 80877102
SENDS_A_STATEMENT = "QEF"  # simple query, execute, function call
KEPT = 256  # bytes of a message that are looked at: names and the first words of a statement
CONTROL = re.compile(
    rb"\s*(begin|start\s+transaction|commit|end|rollback|abort|savepoint|release|deallocate|set)\b[^;]*;?\s*\Z", re.I
)
BEGINS = (b"begin", b"start")
MOST_NAMES = 10_000  # prepared statements and portals remembered for one connection


class BadTextError(argparse.ArgumentTypeError, ValueError):
    """A delay or an address that cannot be read."""


def parse_delay(text: str) -> float:
    """Seconds from `2ms`, `0.5 ms`, `1s` or `0`; BadTextError for anything else, and above ten seconds."""
    found = re.fullmatch(r"\s*([0-9]+(?:\.[0-9]+)?)\s*(ms|s)?\s*", text)
    if not found or (found[2] is None and float(found[1]) != 0):
        raise BadTextError(f"{text!r} is not a delay; write it as 2ms or 0.5ms")
    seconds = float(found[1]) / (1 if found[2] == "s" else 1000)
    if seconds > 10:
        raise BadTextError(f"{text!r} is above 10 s")
    return seconds


def parse_address(text: str) -> tuple[str, int]:
    """Host and port from `host:port`; BadTextError for anything else."""
    host, _, port = text.rpartition(":")
    if not host or not port.isdigit() or int(port) > 65535:
        raise BadTextError(f"{text!r} is not host:port")
    return host.strip("[]"), int(port)


@dataclass(slots=True)
class Counts:
    """What passed since the start. A round trip is a packet of the client after one of the server (or the first)."""

    connections: int = 0
    client_packets: int = 0
    client_bytes: int = 0
    server_packets: int = 0
    server_bytes: int = 0
    round_trips: int = 0
    encrypted: int = 0  # connections whose messages cannot be counted
    messages: Counter[str] = field(default_factory=Counter)  # PostgreSQL's, by type letter; "startup" for the first
    control: int = 0  # statements that only begin, end or set something
    transactions: int = 0  # of them, those that begin a transaction

    def as_json(self) -> dict[str, Any]:
        """Plain values, for a line of JSON."""
        plain = {name: getattr(self, name) for name in self.__slots__ if name != "messages"}
        statements = sum(self.messages[letter] for letter in SENDS_A_STATEMENT) - self.control
        return plain | {"statements": statements, "messages": dict(sorted(self.messages.items()))}


class MessageCounter:
    """Counts a client's PostgreSQL messages exactly, however they are cut into packets."""

    def __init__(self, counts: Counts) -> None:
        self.counts = counts
        self.head = bytearray()
        self.skip = 0
        self.typed = False
        self.off = False
        self.kind = ""  # of the message whose body is being read
        self.body = bytearray()
        self.statements: dict[bytes, bytes] = {}  # prepared statement -> its word, where it is a control statement
        self.portals: dict[bytes, bytes] = {}

    def feed(self, data: bytes) -> None:
        """Look at the next bytes of the client."""
        view = memoryview(data)
        while view and not self.off:
            if step := min(self.skip, len(view)):
                if self.kind:
                    self.body += view[: min(step, KEPT - len(self.body))]
                self.skip -= step
                view = view[step:]
                if self.kind and not self.skip:
                    self._read()
                continue
            size = 5 if self.typed else 8
            taken = view[: size - len(self.head)]
            self.head += taken
            view = view[len(taken) :]
            if len(self.head) == size:
                self._message()

    def _message(self) -> None:
        head, self.head = bytes(self.head), bytearray()
        length = int.from_bytes(head[1:5] if self.typed else head[:4], "big")
        if length < 4 or length > 1 << 30:
            self.off = True  # not PostgreSQL
            return
        if self.typed:
            letter = chr(head[0])
            self.counts.messages[letter] += 1
            self.skip = length - 4
            self.kind, self.body = (letter if letter in "QPBE" else ""), bytearray()
            return
        code = int.from_bytes(head[4:], "big")
        self.skip = length - 8
        if code not in (SSL_REQUEST, GSS_REQUEST):
            self.counts.messages["cancel" if code == CANCEL_REQUEST else "startup"] += 1
            self.typed = True

    def _read(self) -> None:
        """The beginning of a message is there: a statement, its name, or the name of what is executed."""
        kind, body = self.kind, bytes(self.body)
        self.kind = ""
        first, _, rest = body.partition(b"\0")
        if kind == "Q":
            self._count(control_word(first) if len(body) < KEPT else b"")
        elif kind == "P":
            text, ended, _ = rest.partition(b"\0")
            self._remember(self.statements, first, control_word(text) if ended else b"")
        elif kind == "B":
            self._remember(self.portals, first, self.statements.get(rest.partition(b"\0")[0], b""))
        else:
            self._count(self.portals.get(first, b""))

    @staticmethod
    def _remember(names: dict[bytes, bytes], name: bytes, word: bytes) -> None:
        names.pop(name, None)
        if word and len(names) < MOST_NAMES:
            names[name] = word

    def _count(self, word: bytes) -> None:
        if word:
            self.counts.control += 1
            self.counts.transactions += word in BEGINS

    def answered(self, data: bytes) -> None:
        """Look at an answer: an `S` to a question about encryption means that nothing more can be read."""
        if data == b"S" and not (self.typed or self.head or self.skip or self.off):
            self.off = True
            self.counts.encrypted += 1


def control_word(text: bytes) -> bytes:
    """The first word of a statement that only begins, ends or sets something, lower case; empty for any other."""
    found = CONTROL.match(text)
    return found[1].split()[0].lower() if found else b""


def pause(transport: asyncio.Transport | None) -> None:
    """Stop reading from one side."""
    if transport is not None and transport.is_reading():
        transport.pause_reading()


def resume(transport: asyncio.Transport | None) -> None:
    """Read from one side again."""
    if transport is not None and not transport.is_closing() and not transport.is_reading():
        transport.resume_reading()


class Upstream(asyncio.Protocol):
    """The connection to the server: passes everything on at once."""

    def __init__(self, client: Client) -> None:
        self.client = client
        self.transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Ready to send what the client said meanwhile."""
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport
        self.client.connected(self)

    def data_received(self, data: bytes) -> None:
        """An answer."""
        self.client.answer(data)

    def connection_lost(self, error: Exception | None) -> None:
        """The server hung up: so do we."""
        self.client.hang_up()

    def pause_writing(self) -> None:
        """The server does not read."""
        pause(self.client.transport)

    def resume_writing(self) -> None:
        """The server reads again."""
        resume(self.client.transport)


class Client(asyncio.Protocol):
    """One connection of a client: holds each packet for the delay, in order."""

    def __init__(self, proxy: Proxy) -> None:
        self.proxy = proxy
        self.counts = proxy.counts
        self.messages = MessageCounter(proxy.counts)
        self.held: deque[tuple[float, bytes]] = deque()  # due time and packet; b"" is the end
        self.held_bytes = 0
        self.timer: asyncio.TimerHandle | None = None
        self.server: Upstream | None = None
        self.transport: asyncio.Transport | None = None
        self.answered = True
        self.task: asyncio.Task[None] | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """A client came: connect to the target."""
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport
        self.counts.connections += 1
        self.proxy.clients.add(self)
        self.task = self.proxy.loop.create_task(self._connect())

    async def _connect(self) -> None:
        try:
            await self.proxy.loop.create_connection(lambda: Upstream(self), *self.proxy.target)
        except OSError:
            self.hang_up()

    def connected(self, server: Upstream) -> None:
        """The target took the connection."""
        self.server = server
        if self.transport is None and server.transport is not None:
            server.transport.close()
        self._send_due()

    def data_received(self, data: bytes) -> None:
        """A packet of the client: due after the delay."""
        self.counts.client_packets += 1
        self.counts.client_bytes += len(data)
        if self.answered:
            self.counts.round_trips += 1
            self.answered = False
        self.messages.feed(data)
        self._hold(data)
        if self.held_bytes > HIGH_WATER:
            pause(self.transport)

    def eof_received(self) -> bool:
        """The client has nothing more to say; that too arrives late."""
        self._hold(b"")
        return True

    def _hold(self, data: bytes) -> None:
        self.held.append((self.proxy.loop.time() + self.proxy.delay, data))
        self.held_bytes += len(data)
        if self.timer is None or self.proxy.delay == 0:
            self._send_due()

    def _send_due(self) -> None:
        """Send what is due, and come back for the next packet."""
        if self.timer is not None:
            self.timer.cancel()
            self.timer = None
        server = self.server.transport if self.server else None
        if server is None:
            return
        now = self.proxy.loop.time()
        while self.held and self.held[0][0] <= now:
            data = self.held.popleft()[1]
            self.held_bytes -= len(data)
            if data:
                server.write(data)
            else:
                server.write_eof()
        if self.held:
            self.timer = self.proxy.loop.call_at(self.held[0][0], self._send_due)
        if self.held_bytes <= HIGH_WATER // 2 and not server.get_write_buffer_size():
            resume(self.transport)

    def answer(self, data: bytes) -> None:
        """A packet of the server: passes at once."""
        self.counts.server_packets += 1
        self.counts.server_bytes += len(data)
        self.answered = True
        self.messages.answered(data)
        if self.transport is not None:
            self.transport.write(data)

    def pause_writing(self) -> None:
        """The client does not read."""
        pause(self.server.transport if self.server else None)

    def resume_writing(self) -> None:
        """The client reads again."""
        resume(self.server.transport if self.server else None)

    def connection_lost(self, error: Exception | None) -> None:
        """The client is gone."""
        self.transport = None
        self.proxy.clients.discard(self)
        if self.timer is not None:
            self.timer.cancel()
        if self.server is not None and self.server.transport is not None:
            self.server.transport.close()

    def hang_up(self) -> None:
        """End the client's connection, after what is still to be written."""
        if self.transport is not None:
            self.transport.close()


class Proxy:
    """The listening side; delay in seconds."""

    def __init__(self, target: tuple[str, int], delay: float) -> None:
        self.target = target
        self.delay = delay
        self.counts = Counts()
        self.clients: set[Client] = set()
        self.loop = asyncio.get_running_loop()

    async def listen(self, address: tuple[str, int]) -> tuple[str, int]:
        """Accept connections from now on; returns the host and the port."""
        server = await self.loop.create_server(lambda: Client(self), *address, backlog=1024)
        return tuple(server.sockets[0].getsockname()[:2])


class PreciseSelector(selectors.DefaultSelector):
    """epoll counts in milliseconds; waiting on the epoll itself with select() makes half a millisecond possible."""

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        """Wait for events, at most timeout seconds."""
        if timeout is not None and timeout > 0 and hasattr(self, "fileno"):
            select.select([self.fileno()], [], [], timeout)
            timeout = 0
        return super().select(timeout)


def _print_line(content: dict[str, Any]) -> None:
    with contextlib.suppress(OSError):  # whoever started us may not listen any more
        print(json.dumps(content), flush=True)


async def _serve(listen: tuple[str, int], target: tuple[str, int], delay: float, parent: int) -> None:
    proxy, end = Proxy(target, delay), asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, end.set)
    loop.add_signal_handler(signal.SIGUSR1, lambda: _print_line(proxy.counts.as_json()))
    host, port = await proxy.listen(listen)
    _print_line({"host": host, "port": port})
    while not end.is_set() and os.getppid() == parent:
        try:
            await asyncio.wait_for(end.wait(), PARENT_CHECK)
        except TimeoutError:
            continue
    _print_line(proxy.counts.as_json())


def main(arguments: list[str]) -> int:
    """Run the proxy until it is told to end; returns the exit code."""
    parser = argparse.ArgumentParser(description="Delays and counts the packets to a server.")
    parser.add_argument("--listen", type=parse_address, default=("127.0.0.1", 0), metavar="HOST:PORT")
    parser.add_argument("--to", type=parse_address, required=True, metavar="HOST:PORT")
    parser.add_argument("--delay", type=parse_delay, default=0.0, metavar="TIME", help="such as 2ms")
    given = parser.parse_args(arguments)
    parent = os.getppid()
    try:
        with asyncio.Runner(loop_factory=lambda: asyncio.SelectorEventLoop(PreciseSelector())) as runner:
            runner.run(_serve(given.listen, given.to, given.delay, parent))
    except OSError as error:
        print(f"proxy: {given.listen[0]}:{given.listen[1]}: {error.strerror or error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
