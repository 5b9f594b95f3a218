"""The delay proxy: what it adds, what it counts, and that it never outlives its parent."""

from __future__ import annotations

import importlib.util
import socket
import statistics
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType

import pytest

FILE = Path(__file__).resolve().parents[3] / "src" / "subsecond" / "harness" / "proxy.py"

pytestmark = pytest.mark.xdist_group("ground")


def _load(file: Path) -> ModuleType:
    spec = importlib.util.spec_from_file_location(f"{file.stem}_under_test", file)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


proxy, delay = _load(FILE), _load(FILE.with_name("delay_proxy.py"))


def _echo(connection: socket.socket) -> None:
    with connection:
        while data := connection.recv(65536):
            connection.sendall(data)


@contextmanager
def echo_server() -> Iterator[int]:
    """A server that says what it hears."""
    server = socket.create_server(("127.0.0.1", 0))

    def accept() -> None:
        while True:
            try:
                connection, _ = server.accept()
            except OSError:
                return
            threading.Thread(target=_echo, args=(connection,), daemon=True).start()

    threading.Thread(target=accept, daemon=True).start()
    yield server.getsockname()[1]
    server.close()


def _connect(port: int) -> socket.socket:
    connection = socket.create_connection(("127.0.0.1", port), timeout=10)
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return connection


def _round_trip(connection: socket.socket) -> float:
    started = time.perf_counter()
    connection.sendall(b"x")
    assert connection.recv(10) == b"x"
    return time.perf_counter() - started


def test_a_round_trip_takes_the_delay_longer() -> None:
    with echo_server() as port, delay.DelayProxy(("127.0.0.1", port), 0.02) as slow, _connect(slow.port) as connection:
        times = [_round_trip(connection) for _ in range(20)]
        counts = slow.counts()
    assert min(times) >= 0.02
    assert statistics.median(times) < 0.035
    assert (counts["round_trips"], counts["client_packets"], counts["connections"]) == (20, 20, 1)


def test_packets_do_not_wait_for_one_another() -> None:
    with echo_server() as port, delay.DelayProxy(("127.0.0.1", port), 0.05) as slow, _connect(slow.port) as connection:
        started, heard = time.perf_counter(), b""
        for number in range(100):
            connection.sendall(bytes([number]))
            time.sleep(0.001)
        while len(heard) < 100:
            heard += connection.recv(1000)
        took = time.perf_counter() - started
    assert heard == bytes(range(100)), "in order"
    assert took < 2.5, "one after the other would have taken five seconds"


def test_large_messages_pass_whole() -> None:
    text = bytes(range(256)) * 40_000  # ten megabytes, more than the proxy holds at once
    with echo_server() as port, delay.DelayProxy(("127.0.0.1", port), 0.005) as slow, _connect(slow.port) as connection:
        threading.Thread(target=connection.sendall, args=(text,), daemon=True).start()
        heard = bytearray()
        while len(heard) < len(text):
            heard += connection.recv(1 << 20)
        assert slow.counts()["client_bytes"] == len(text)
    assert heard == text


def test_the_end_of_a_connection_passes_too() -> None:
    with echo_server() as port, delay.DelayProxy(("127.0.0.1", port), 0.01) as slow, _connect(slow.port) as connection:
        connection.sendall(b"last words")
        connection.shutdown(socket.SHUT_WR)
        heard = b""
        while data := connection.recv(100):
            heard += data
    assert heard == b"last words"


def _message(letter: bytes, body: bytes = b"") -> bytes:
    return letter + (len(body) + 4).to_bytes(4, "big") + body


@pytest.mark.parametrize("piece", [1, 2, 3, 5, 7, 64, 100_000])
def test_postgres_messages_are_counted_however_they_are_cut(piece: int) -> None:
    ssl = (8).to_bytes(4, "big") + (80877103).to_bytes(4, "big")
    startup = (18).to_bytes(4, "big") + (196608).to_bytes(4, "big") + b"user\0me\0\0\0"[:10]
    stream = ssl + startup + _message(b"p", b"secret\0")
    for number in range(5):
        stream += _message(b"P", b"s" * number * 50) + _message(b"B", b"\0" * 12) + _message(b"E") + _message(b"S")
    stream += _message(b"Q", b"BEGIN\0") + _message(b"X")
    counts = proxy.Counts()
    counter = proxy.MessageCounter(counts)
    for start in range(0, len(stream), piece):
        counter.feed(stream[start : start + piece])
    found = counts.as_json()
    assert found["messages"] == {"startup": 1, "p": 1, "P": 5, "B": 5, "E": 5, "S": 5, "Q": 1, "X": 1}
    assert (found["statements"], found["control"], found["transactions"]) == (5, 1, 1)


def test_what_is_not_postgres_or_encrypted_is_not_counted() -> None:
    counts = proxy.Counts()
    proxy.MessageCounter(counts).feed(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
    hidden = proxy.MessageCounter(counts)
    hidden.feed((8).to_bytes(4, "big") + (80877103).to_bytes(4, "big"))
    hidden.answered(b"S")
    hidden.feed(b"\x16\x03\x01 whatever follows")
    assert counts.as_json()["messages"] == {}
    assert counts.encrypted == 1


def test_it_ends_when_its_parent_is_killed() -> None:
    code = (
        f"import sys; sys.path.insert(0, {str(FILE.parent)!r}); import time\n"
        "from delay_proxy import DelayProxy\n"
        "with DelayProxy(('127.0.0.1', 9), 0.0) as slow:\n"
        "    print(slow.port, flush=True); time.sleep(60)\n"
    )
    with subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True) as parent:
        assert parent.stdout is not None
        port = int(parent.stdout.readline())
        _connect(port).close()
        parent.kill()
    deadline = time.monotonic() + 10
    while time.monotonic() < deadline:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) != 0:
                return
        time.sleep(0.1)
    pytest.fail("the proxy still listens")


@pytest.mark.parametrize(("text", "seconds"), [("2ms", 0.002), ("0", 0.0), (" 0.5 ms", 0.0005), ("1s", 1.0)])
def test_delays_are_read(text: str, seconds: float) -> None:
    assert proxy.parse_delay(text) == pytest.approx(seconds)


@pytest.mark.parametrize("text", ["", "2", "-1ms", "2m", "11s", "ms", "1e3ms"])
def test_bad_delays_are_refused(text: str) -> None:
    done = subprocess.run([sys.executable, str(FILE), "--to", "127.0.0.1:1", f"--delay={text}"], check=False,
                          capture_output=True, text=True, timeout=20)  # fmt: skip
    assert done.returncode == 2
    assert "Traceback" not in done.stderr
    assert "--delay" in done.stderr


def test_a_taken_port_is_one_line() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        address = f"127.0.0.1:{taken.getsockname()[1]}"
        done = subprocess.run([sys.executable, str(FILE), "--to", "127.0.0.1:1", "--listen", address], check=False,
                              capture_output=True, text=True, timeout=20)  # fmt: skip
    assert done.returncode == 1
    assert done.stderr.startswith(f"proxy: {address}")
    assert done.stderr.count("\n") == 1
