"""A running platform whose parts tests may kill, stop and start again; what was damaged is mended before the next."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import pytest
from booking_ground import Answer, BookingGround
from contract_platform import ROOT, discovery, free_ports, python, started

LISTING = "/v1/discovery?city=lisbon&date=2026-10-14"
DETAIL = "/v1/locations/1/detail?date=2026-10-14"
VERSIONS = ("legacy", "optimized")


@dataclass
class Timed:
    """An answer and the seconds it took."""

    answer: Answer
    seconds: float

    @property
    def status(self) -> int:
        """Of the answer."""
        return self.answer.status

    @property
    def cache(self) -> str:
        """What the optimized version says where the answer comes from."""
        return self.answer.headers.get("cache-status", "")

    def stages(self) -> dict[str, float]:
        """Milliseconds of each stage."""
        parts = (part.partition(";dur=") for part in self.answer.headers["server-timing"].split(", "))
        return {name: float(value) for name, _, value in parts}


class PartsGround(BookingGround):
    """The same platform as the tests of bookings have, and its processes."""

    def record(self, name: str) -> dict[str, Any]:
        """What the pid file of a part holds."""
        return dict(json.loads((self.var / "run" / f"{name}.pid").read_text()))

    def signal(self, name: str, number: int) -> None:
        """Sends a signal to a part and its children."""
        os.killpg(self.record(name)["pid"], number)

    def kill(self, name: str) -> None:
        """Ends a part as a crash does; returns when it is gone."""
        port = self.record(name)["port"]
        self.signal(name, signal.SIGKILL)
        wait_for(lambda: not listens(port), 10)

    @contextmanager
    def stopped(self, name: str) -> Iterator[None]:
        """A part that is there, accepts connections and never answers."""
        self.signal(name, signal.SIGSTOP)
        try:
            yield
        finally:
            self.signal(name, signal.SIGCONT)

    def get(self, path: str, version: str = "optimized", user: int | None = None) -> Timed:
        """A GET request."""
        began = time.perf_counter()
        answer = self.on(version).ask("GET", path, user)
        return Timed(answer, time.perf_counter() - began)

    def on(self, version: str) -> PartsGround:
        """The same platform in that version."""
        found = self._versions.get(version) or PartsGround(
            self.state, self.environment, version, self._tokens, _versions=self._versions
        )
        assert isinstance(found, PartsGround)
        return found

    def command(self, *arguments: str) -> str:
        """A command of the platform that must succeed; what it says."""
        done = discovery(self.environment, *arguments)
        assert done.returncode == 0, done.stderr
        return done.stdout

    def python(self, code: str) -> str:
        """Runs code with the example's interpreter; what it prints."""
        done = subprocess.run(
            [python(), "-c", code],
            cwd=ROOT, env=self.environment, capture_output=True, text=True, timeout=120, check=False,
        )  # fmt: skip
        assert done.returncode == 0, done.stderr[-2000:]
        return done.stdout

    def lines(self, kind: str) -> str:
        """What the collector has of `traces`, `metrics` or `logs`."""
        file = self.var / "otlp" / f"{kind}.jsonl"
        return file.read_text() if file.exists() else ""

    @contextmanager
    def by_hand(self, version: str, output: str, **variables: str) -> Iterator[int]:
        """A version started without `up`, as an audit does it; its output goes to a file. Yields its port."""
        (port,) = free_ports(1)
        target = f"discovery.{version}.wsgi:app"
        known = ("PATH", "HOME", "DISCOVERY_VAR", "PYTHONPATH")
        environment = {name: self.environment[name] for name in known if name in self.environment} | variables
        command = [python(), "-m", "gunicorn", "-k", "gevent", "-w", "1", "-b", f"127.0.0.1:{port}", target]
        with (
            open(output, "ab") as sink,
            subprocess.Popen(
                [*command, "--no-control-socket"], cwd=ROOT, env=environment, stdout=sink, stderr=sink
            ) as server,
        ):
            try:
                wait_for(lambda: server.poll() is None and listens(port), 60)
                yield port
            finally:
                server.terminate()
                server.wait(20)


def listens(port: int) -> bool:
    """Whether a port accepts connections."""
    with socket.socket() as probe:
        probe.settimeout(1.0)
        return probe.connect_ex(("127.0.0.1", port)) == 0


def wait_for(condition: Callable[[], object], seconds: float) -> None:
    """Waits until the condition holds; fails when the time is up."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, f"not within {seconds} s"
        time.sleep(0.1)


@pytest.fixture(scope="session")
def parts(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PartsGround]:
    """A platform whose parts are looked at one by one."""
    with started(tmp_path_factory.mktemp("parts")) as (state, environment):
        yield PartsGround(state, environment)


@pytest.fixture
def mended(parts: PartsGround) -> Iterator[PartsGround]:
    """The same for a test that damages it: whole again afterwards."""
    yield parts
    parts.command("up")
    wait_for(lambda: discovery(parts.environment, "status").returncode == 0, 60)
