"""The Discovery Platform for a long run: in a folder of its own, on free ports, gone afterwards."""

from __future__ import annotations

import json
import os
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from contract_platform import ROOT, discovery, probe, python

from tests.agent.served import Served, free_port
from tests.end_to_end.conftest import free_ports
from tests.long.crowd import Ask, send

PARTS = ("legacy", "optimized", "auth", "postgres", "valkey", "cache", "crm", "otlp")


@dataclass(frozen=True)
class Ground:
    """A running platform: what `up` said about it, and the environment that leads to it."""

    state: dict[str, Any]
    environment: dict[str, str]
    ports: list[str]
    """Options of `up` that say where everything listens."""

    def port(self, version: str) -> int:
        """Where one version listens."""
        return urlsplit(self.state["apps"][version]).port or 0

    def up(self) -> None:
        """Start what does not run any more."""
        started = discovery(self.environment, "up", *self.ports)
        assert started.returncode == 0, started.stderr

    def tokens(self) -> dict[str, str]:
        """Bearer tokens of every kind, by name."""
        found: dict[str, str] = probe(self.environment, "tokens")
        return found

    def errors(self, version: str) -> int:
        """Tracebacks in a version's log."""
        log = Path(self.environment["DISCOVERY_VAR"]) / "log" / f"{version}.log"
        return log.read_text(errors="replace").count("Traceback")


def _ports() -> list[str]:
    return [f"--{name}-port={port}" for name, port in zip(PARTS, free_ports(len(PARTS)), strict=True)]


@contextmanager
def platform(folder: Path, scale: str, seed: int | None = None) -> Iterator[Ground]:
    """`python -m discovery up`, and `down --purge` at the end."""
    kept = {k: v for k, v in os.environ.items() if k == "DISCOVERY_VENV" or not k.startswith("DISCOVERY_")}
    kept.pop("DATABASE_URL", None)
    environment = {**kept, "DISCOVERY_VAR": str(folder / "var"), "PYTHONPATH": str(ROOT)}
    words = ["--scale", scale, *([] if seed is None else ["--seed", str(seed)])]
    try:
        started = discovery(environment, "up", *words, *(ports := _ports()))
        if "in use" in started.stderr:  # somebody was quicker to take one of them
            started = discovery(environment, "up", *words, *(ports := _ports()))
        assert started.returncode == 0, started.stderr
        state = json.loads((folder / "var" / "run" / "state.json").read_text())
        yield Ground(state, environment, ports)
    finally:
        discovery(environment, "down", "--purge")


@contextmanager
def legacy_with_few_connections(ground: Ground, folder: Path) -> Iterator[int]:
    """A server of the legacy version that takes fewer requests at once than its pool has connections; its port."""
    port = free_port()
    command = [
        python(), "-m", "gunicorn", "--worker-class", "gevent", "--workers", "2", "--worker-connections", "4",
        "--bind", f"127.0.0.1:{port}", "--timeout", "120", "--no-control-socket", "discovery.legacy.wsgi:app",
    ]  # fmt: skip
    log = folder / "legacy.log"
    with log.open("wb") as output:
        process = subprocess.Popen(
            command, cwd=ROOT, env=ground.environment, stdout=output, stderr=output, start_new_session=True
        )
    served = Served(process, port, folder, log)
    try:
        deadline = time.monotonic() + 60
        while send(port, Ask("/healthz")).status != 200:
            assert process.poll() is None and time.monotonic() < deadline, log.read_text()[-2000:]
            time.sleep(0.1)
        yield port
    finally:
        served.stop()
