"""The only way in and out of a sandbox: connects its network to addresses of this machine, by copying bytes.

Runs by file path, standard library only. Its argument is JSON: `{"control": number of an inherited socket, "port":
number or null, "ways": [{"host", "port", "inside", "databases"}, …]}`. Through `control` it gets sockets that were made
in the sandbox's network (`children/confined.py`); all others are its own, so that the sandbox holds nothing of the
outside. Each way is listened on there, at `inside` and its port, and goes to host and port here; where `databases`
is not empty, PostgreSQL's start-up message must name one of them, in plain text. `port` is where the app will listen
in there; here it is listened on as soon as the app does. Ends with standard input.
"""

from __future__ import annotations

import asyncio
import json
import socket
import sys
from collections.abc import Awaitable, Callable
from typing import Any

LOOPBACK = "127.0.0.1"
FIRST_LOOK_SECONDS, LONGEST_LOOK_SECONDS = 0.01, 0.05
"""Between two looks whether the app listens."""
BACKLOG = 1024
SSL_REQUEST, GSS_REQUEST, CANCEL_REQUEST = 80877103, 80877104, 80877102
LARGEST_START = 10_000
"""Bytes of a start-up message, PostgreSQL's own limit."""
REFUSED = b"SFATAL\0C28000\0M%s\0\0"


class Inside:
    """Makes sockets in the sandbox's network."""

    def __init__(self, control: socket.socket) -> None:
        self._control = control
        self._turn = asyncio.Lock()

    async def socket(self, family: bytes = b"4") -> socket.socket:
        """A new TCP socket. Raises OSError where there is no such family, or nobody to make one."""
        loop = asyncio.get_running_loop()
        async with self._turn:
            await loop.sock_sendall(self._control, family)
            arrived = asyncio.Event()
            loop.add_reader(self._control, arrived.set)
            try:
                await arrived.wait()
            finally:
                loop.remove_reader(self._control)
            said, descriptors, _, _ = socket.recv_fds(self._control, 16, 1)
        if said != b"+" or not descriptors:
            raise OSError("no socket of the sandbox")
        made = socket.socket(fileno=descriptors[0])
        made.setblocking(False)
        return made

    def say(self, word: str) -> None:
        """`go`: all ways are open, the app may start; `!…`: why it may not."""
        self._control.send(word.encode())


class End(asyncio.Protocol):
    """One end of a connection that is copied to its `peer`; what comes before there is one is kept."""

    def __init__(self, opened: Callable[[End], Awaitable[None]] | None = None) -> None:
        self.transport: asyncio.Transport | None = None
        self.peer: End | None = None
        self.early = bytearray()
        self.ended = False
        self.look: Callable[[End], Awaitable[None]] | None = None
        self._opened = opened
        self._tasks: set[asyncio.Task[None]] = set()

    def start(self, work: Awaitable[None]) -> None:
        """Do something for this end, beside all others."""
        task = asyncio.ensure_future(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport
        made = transport.get_extra_info("socket")
        if made is not None:
            made.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if self._opened is not None:
            self.start(self._opened(self))

    def join(self, peer: End) -> None:
        """From now on each gets what the other receives."""
        self.peer, peer.peer = peer, self
        for one, other in ((self, peer), (peer, self)):
            if other.transport is None or one.transport is None or one.transport.is_closing():
                self.close()
                peer.close()
                return
            if one.early:
                other.transport.write(bytes(one.early))
                one.early.clear()
            if one.ended and other.transport.can_write_eof():
                other.transport.write_eof()

    def data_received(self, data: bytes) -> None:
        if self.peer is not None and self.peer.transport is not None:
            self.peer.transport.write(data)
            return
        self.early += data
        if self.look is not None:
            self.start(self.look(self))

    def eof_received(self) -> bool:
        self.ended = True
        if self.peer is not None and self.peer.transport is not None and not self.peer.transport.is_closing():
            self.peer.transport.write_eof()
        return True

    def connection_lost(self, error: Exception | None) -> None:
        self.transport = None
        if self.peer is not None:
            self.peer.close()

    def close(self) -> None:
        if self.transport is not None:
            self.transport.close()

    def pause_writing(self) -> None:
        if self.peer is not None and self.peer.transport is not None:
            self.peer.transport.pause_reading()

    def resume_writing(self) -> None:
        if self.peer is not None and self.peer.transport is not None and not self.peer.transport.is_closing():
            self.peer.transport.resume_reading()


class WayOut:
    """From the sandbox to one address here."""

    def __init__(self, host: str, port: int, databases: list[str]) -> None:
        self.host = host
        self.port = port
        self.databases = databases

    async def opened(self, inner: End) -> None:
        """The app has connected."""
        if self.databases:
            inner.look = self._look
        else:
            await self._join(inner)

    async def _join(self, inner: End) -> None:
        inner.look = None
        try:
            _, outer = await asyncio.get_running_loop().create_connection(End, self.host, self.port)
        except OSError:
            inner.close()
            return
        inner.join(outer)

    async def _look(self, inner: End) -> None:
        """Whether the start-up message names a database of the arm; a wish for encryption is declined."""
        if inner.look is None:
            return
        head = bytes(inner.early)
        length = int.from_bytes(head[:4], "big")
        if len(head) >= 4 and not 8 <= length <= LARGEST_START:
            self._refuse(inner, "no start-up message")
            return
        if len(head) < max(8, length):
            return
        code = int.from_bytes(head[4:8], "big")
        if code in (SSL_REQUEST, GSS_REQUEST):
            del inner.early[:length]
            if inner.transport is not None:
                inner.transport.write(b"N")
            if inner.early:
                await self._look(inner)
        elif code == CANCEL_REQUEST:
            await self._join(inner)
        else:
            name = database(head[8:length])
            if name in self.databases:
                await self._join(inner)
            else:
                self._refuse(inner, f'the database "{name}" is not this arm\'s')

    @staticmethod
    def _refuse(inner: End, why: str) -> None:
        inner.look = None
        body = REFUSED % why.encode()
        if inner.transport is not None:
            inner.transport.write(b"E" + (len(body) + 4).to_bytes(4, "big") + body)
        inner.close()


def database(parameters: bytes) -> str:
    """The database that PostgreSQL's start-up parameters name: by itself, else the user's."""
    words = parameters.split(b"\0")
    pairs = dict(zip(words[::2], words[1::2]))  # noqa: B905  (the end has no partner)
    return pairs.get(b"database", pairs.get(b"user", b"")).decode(errors="replace")


class WayIn:
    """From here to the app's own port in the sandbox. What found it listening serves the first client."""

    def __init__(self, inside: Inside, port: int) -> None:
        self.inside = inside
        self.port = port
        self.spare: socket.socket | None = None
        self.listener = socket.socket()
        self.listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self.listener.bind((LOOPBACK, port))

    async def wait(self) -> None:
        """Listen here as soon as the app does."""
        pause = FIRST_LOOK_SECONDS
        while True:
            try:
                self.spare = await self._connected()
                break
            except OSError:
                await asyncio.sleep(pause)
                pause = min(pause * 2, LONGEST_LOOK_SECONDS)
        await asyncio.get_running_loop().create_server(lambda: End(self.opened), sock=self.listener, backlog=BACKLOG)

    async def _connected(self) -> socket.socket:
        made = await self.inside.socket()
        try:
            await asyncio.get_running_loop().sock_connect(made, (LOOPBACK, self.port))
        except OSError:
            made.close()
            raise
        return made

    async def opened(self, outer: End) -> None:
        """A client has come."""
        found, self.spare = self.spare, None
        try:
            _, inner = await asyncio.get_running_loop().create_connection(End, sock=found or await self._connected())
        except OSError:
            outer.close()
            return
        outer.join(inner)


async def serve(task: dict[str, Any]) -> None:
    """Open all ways, then wait for the end of standard input."""
    control = socket.socket(fileno=task["control"])
    control.setblocking(False)
    inside = Inside(control)
    waiting = None
    try:
        if task["port"] is not None:
            waiting = asyncio.ensure_future(WayIn(inside, task["port"]).wait())
        for one in task["ways"]:
            await open_way(inside, one)
        inside.say("go")
    except OSError as problem:
        inside.say(f"!the sandbox's ways could not be opened: {problem.strerror or problem}")
    end = asyncio.Event()
    asyncio.get_running_loop().add_reader(sys.stdin, end.set)  # nothing is ever written there
    await end.wait()
    if waiting is not None:
        waiting.cancel()


async def open_way(inside: Inside, one: dict[str, Any]) -> None:
    """Listen in the sandbox for what goes to one address here; on IPv6 too where it is loopback and there is such."""
    way = WayOut(one["host"], one["port"], one["databases"])
    for family, address in ((b"4", one["inside"]), (b"6", "::1")):
        if family == b"6" and one["inside"] != LOOPBACK:
            continue
        try:
            listener = await inside.socket(family)
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            listener.bind((address, one["port"]))
        except OSError:
            if family == b"4":
                raise
            continue
        await asyncio.get_running_loop().create_server(lambda: End(way.opened), sock=listener, backlog=BACKLOG)


if __name__ == "__main__":
    asyncio.run(serve(json.loads(sys.argv[1])))
