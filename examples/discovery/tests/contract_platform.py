"""The running platform with its small data, for the tests of the contract."""

from __future__ import annotations

import http.client
import json
import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from contract_comparison import Answer
from contract_requests import Request

ROOT = Path(__file__).resolve().parent.parent
SECONDS_TO_START = 300.0  # the first start makes the virtual environment
PARTS = ("legacy", "optimized", "auth", "postgres", "valkey", "cache", "crm", "otlp")
"""Everything that listens on a port."""


@dataclass(frozen=True, slots=True)
class Platform:
    """Both versions, each under gunicorn with gevent workers, on databases of their own with equal content."""

    state: dict[str, Any]
    environment: dict[str, str]
    tokens: dict[str, str]

    def ask(self, version: str, request: Request) -> Answer:
        """Sends the request to `legacy` or `optimized`."""
        connection = http.client.HTTPConnection(urlsplit(self.state["apps"][version]).netloc, timeout=60)
        headers = {"Authorization": f"Bearer {self.tokens[request.token]}"} if request.token else {}
        if request.authorization is not None:
            headers["Authorization"] = request.authorization
        try:
            connection.request("GET", request.path, headers=headers)
            response = connection.getresponse()
            return Answer(response.status, {k.lower(): v for k, v in response.getheaders()}, response.read())
        finally:
            connection.close()

    def errors(self, version: str) -> str:
        """The last traceback in a version's log, for the message of a failed test."""
        log = Path(self.environment["DISCOVERY_VAR"]) / "log" / f"{version}.log"
        return log.read_text(errors="replace").rpartition("Traceback")[2][-3000:]

    def probe(self, what: str, given: object = None) -> Any:
        """Runs contract_probe.py with the example's interpreter."""
        return probe(self.environment, what, given)


def python() -> str:
    """The interpreter of the example's virtual environment, which `python -m discovery` makes."""
    return str(Path(os.environ.get("DISCOVERY_VENV") or ROOT / ".venv") / "bin" / "python")


def probe(environment: dict[str, str], what: str, given: object = None) -> Any:
    """The JSON that contract_probe.py prints."""
    done = subprocess.run(
        [python(), str(ROOT / "tests" / "contract_probe.py"), what],
        input=json.dumps(given), capture_output=True, text=True, env=environment, timeout=120, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-2000:]
    return json.loads(done.stdout)


def free_ports(count: int) -> list[int]:
    """Ports that nobody listens on now."""
    with ExitStack() as stack:
        sockets = [stack.enter_context(socket.socket()) for _ in range(count)]
        for one in sockets:
            one.bind(("127.0.0.1", 0))
        return [one.getsockname()[1] for one in sockets]


def discovery(environment: dict[str, str], *arguments: str) -> subprocess.CompletedProcess[str]:
    """Runs `python -m discovery` and waits for it."""
    return subprocess.run(
        [sys.executable, "-m", "discovery", *arguments],
        cwd=ROOT, env=environment, capture_output=True, text=True, timeout=SECONDS_TO_START, check=False,
    )  # fmt: skip


@contextmanager
def started(folder: Path, scale: str = "small") -> Iterator[tuple[dict[str, Any], dict[str, str]]]:
    """Everything, in a folder of its own that is removed afterwards: the state, and the environment of commands."""
    inherited = os.environ.items()
    ours = {key: value for key, value in inherited if key == "DISCOVERY_VENV" or not key.startswith("DISCOVERY_")}
    for foreign in ("DATABASE_URL", "REDIS_URL"):
        ours.pop(foreign, None)
    ports = {
        f"DISCOVERY_{name.upper()}_PORT": str(port) for name, port in zip(PARTS, free_ports(len(PARTS)), strict=True)
    }
    environment = ours | ports | {"DISCOVERY_VAR": str(folder), "PYTHONPATH": str(ROOT)}
    try:
        done = discovery(environment, "up", "--scale", scale)
        assert done.returncode == 0, done.stderr
        yield json.loads((folder / "run" / "state.json").read_text()), environment
    finally:
        discovery(environment, "down", "--purge")


@pytest.fixture(scope="session")
def platform(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Platform]:
    """The platform that all tests of the contract ask; nothing in it is changed."""
    with started(tmp_path_factory.mktemp("var")) as (state, environment):
        yield Platform(state, environment, probe(environment, "tokens"))
