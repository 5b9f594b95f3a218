"""The clock of a request and the ways in which no answer comes, against servers that misbehave."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest

from subsecond.harness import send
from subsecond.harness.send import Answer, Client, NoAnswerError

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
Serve = Callable[[socket.socket, int], None]


@contextmanager
def server(serve: Serve) -> Iterator[str]:
    """A server whose `serve` gets each connection with its number, one after another."""
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def run() -> None:
            number = 0
            while True:
                try:
                    connection, _ = listener.accept()
                except OSError:
                    return
                with connection:
                    try:
                        serve(connection, number)
                    except OSError:
                        pass
                number += 1

        thread = threading.Thread(target=run, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
        listener.shutdown(socket.SHUT_RDWR)
    thread.join(5)


def request_of(connection: socket.socket) -> bytes:
    data = b""
    while b"\r\n\r\n" not in data:
        part = connection.recv(65536)
        if not part:
            raise OSError("closed")
        data += part
    return data


def answer(url: str, timeout: float = 5, **more: object) -> Answer:
    return Client(timeout).send("GET", url, **more)  # type: ignore[arg-type]


def failure(url: str, timeout: float = 5) -> str:
    with pytest.raises(NoAnswerError) as caught:
        answer(url, timeout)
    assert caught.value.exit_code == 1
    assert "\n" not in caught.value.message
    return caught.value.message


def test_seconds_run_from_the_first_byte_sent_to_the_last_received() -> None:
    def serve(connection: socket.socket, number: int) -> None:
        request_of(connection)
        time.sleep(0.1)
        connection.sendall(OK[:-1])
        time.sleep(0.15)
        connection.sendall(OK[-1:])

    with server(serve) as url:
        time.sleep(0.05)
        got = answer(url)
    assert (got.status, got.body) == (200, b"ok")
    assert 0.25 <= got.seconds < 0.4


def test_one_connection_is_kept_and_what_was_sent_is_what_was_said() -> None:
    seen: list[tuple[int, bytes]] = []

    def serve(connection: socket.socket, number: int) -> None:
        while True:
            seen.append((number, request_of(connection)))
            connection.sendall(OK)

    with server(serve) as url:
        client = Client(5)
        for headers in ([], [("Host", "shop.example"), ("X-Ä".replace("Ä", "A"), "ä"), ("Content-Length", "7")]):
            client.send("GET", f"{url}/a?b=1&c", headers)
        client.send("POST", url, (), b"{}")
        client.close()
    assert [number for number, _ in seen] == [0, 0, 0]
    assert seen[0][1].startswith(b"GET /a?b=1&c HTTP/1.1\r\nHost: 127.0.0.1:")
    assert b"Host: shop.example\r\n" in seen[1][1]
    assert seen[1][1].count(b"Host") == 1
    assert "X-A: ä".encode() in seen[1][1]
    assert b"Content-Length" not in seen[1][1]
    assert b"POST / HTTP/1.1" in seen[2][1]
    assert b"Content-Length: 2" in seen[2][1]


@pytest.mark.parametrize("pause", [0.0, 0.1])
def test_a_kept_connection_that_the_server_closed_is_opened_again(pause: float) -> None:
    connections: list[int] = []

    def serve(connection: socket.socket, number: int) -> None:
        connections.append(number)
        request_of(connection)
        connection.sendall(OK)

    with server(serve) as url:
        client = Client(5)
        for _ in range(3):
            assert client.send("GET", url).status == 200
            time.sleep(pause)
        client.close()
    assert connections == [0, 1, 2]


def test_a_worker_that_dies_at_work_is_not_asked_again() -> None:
    connections: list[int] = []

    def serve(connection: socket.socket, number: int) -> None:
        connections.append(number)
        request_of(connection)
        connection.sendall(OK)
        request_of(connection)
        time.sleep(send.STALE_SECONDS * 2)

    with server(serve) as url:
        client = Client(5)
        client.send("GET", url)
        with pytest.raises(NoAnswerError, match=r"the connection broke after .* did its worker die"):
            client.send("GET", url)
        client.close()
    assert connections == [0]


def test_a_posted_request_is_never_sent_twice() -> None:
    connections: list[int] = []

    def serve(connection: socket.socket, number: int) -> None:
        connections.append(number)
        request_of(connection)
        connection.sendall(OK)
        request_of(connection)

    with server(serve) as url:
        client = Client(5)
        client.send("POST", url)
        with pytest.raises(NoAnswerError):
            client.send("POST", url)
        client.close()
    assert connections == [0]


@pytest.mark.parametrize(
    ("reply", "message"),
    [
        (b"", "the connection broke after"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf", "broke off before its end"),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nab", "broke off before its end"),
        (b"220 mail ready\r\n", "the answer is no HTTP: BadStatusLine"),
    ],
)
def test_answers_that_are_none(reply: bytes, message: str) -> None:
    def serve(connection: socket.socket, number: int) -> None:
        request_of(connection)
        connection.sendall(reply)

    with server(serve) as url:
        assert message in failure(url)


def test_a_chunked_answer_and_one_without_a_length() -> None:
    replies = [
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nab\r\n1\r\nc\r\n0\r\n\r\n",
        b"HTTP/1.0 200 OK\r\n\r\nabc",
    ]

    def serve(connection: socket.socket, number: int) -> None:
        request_of(connection)
        connection.sendall(replies[number])

    with server(serve) as url:
        assert [answer(url).body for _ in replies] == [b"abc", b"abc"]


def test_no_answer_in_time() -> None:
    def serve(connection: socket.socket, number: int) -> None:
        request_of(connection)
        time.sleep(0.6)

    with server(serve) as url:
        assert "no whole answer within 300 ms" in failure(url, 0.3)


def test_an_answer_without_end_stops_at_the_time_out() -> None:
    def serve(connection: socket.socket, number: int) -> None:
        request_of(connection)
        connection.sendall(b"HTTP/1.1 200 OK\r\n\r\n")
        while True:
            connection.sendall(b"data: tick\n\n")
            time.sleep(0.02)

    with server(serve) as url:
        begin = time.monotonic()
        assert "no whole answer within 300 ms" in failure(url, 0.3)
        assert time.monotonic() - begin < 2


def test_an_answer_larger_than_the_bound(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(send, "LARGEST_BODY", 1_000_000)

    def serve(connection: socket.socket, number: int) -> None:
        request_of(connection)
        connection.sendall(b"HTTP/1.1 200 OK\r\n\r\n" + b"x" * 2_000_000)

    with server(serve) as url:
        assert "larger than 1 MB" in failure(url)


def test_nobody_there() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    assert f"nobody answers at 127.0.0.1:{port}: Connection refused" in failure(f"http://127.0.0.1:{port}/x")


def test_a_header_that_would_smuggle_another() -> None:
    with (
        server(lambda connection, number: None) as url,
        pytest.raises(NoAnswerError, match="header X holds a line break"),
    ):
        answer(url, headers=[("X", "a\r\nY: b")])
