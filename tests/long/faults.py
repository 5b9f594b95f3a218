"""What can go wrong around an audit, done on purpose: each fault is a function of the running audit."""

from __future__ import annotations

import json
import os
import random
import resource
import signal
import subprocess
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from subsecond.harness import processes
from subsecond_agent import protocol
from tests.end_to_end.conftest import SUBSECOND, Platform
from tests.long.ground import Ground

SMALL_DISK = "1M"
FEW_BYTES = 8_192
"""Largest file that an app under RLIMIT_FSIZE may write: a dozen spool lines."""
AUDIT_SECONDS = 120.0


@dataclass
class Audit:
    """`subsecond audit` as a process of its own, and what was done to it."""

    platform: Platform
    ground: Ground
    chance: random.Random
    process: subprocess.Popen[str]
    heal: list[Callable[[], None]] = field(default_factory=list)
    """Called when the audit has ended: what was broken is mended."""

    def app(self) -> list[int]:
        """Processes of the app under audit: the spool in their environment says so; the first one started first."""
        mark = f"{protocol.ENV_SPOOL}={self.platform.project}".encode()
        return sorted(pid for pid in map(int, _numbers()) if mark in _environment(pid))

    def wait_for(self, found: Callable[[], list[int]]) -> list[int]:
        """What `found` finds, looked for until the audit ends."""
        while self.process.poll() is None:
            if pids := found():
                return pids
            time.sleep(0.01)
        return []

    def answered(self) -> list[int]:
        """The app's processes once one of them has answered: the agent's file is there."""
        return self.app() if list(self.platform.project.glob(".subsecond/run-*/spool/*")) else []

    def let_go_on(self, seconds: float) -> None:
        """Wait so long, or until the audit ends."""
        moment = time.monotonic() + seconds
        while self.process.poll() is None and time.monotonic() < moment:
            time.sleep(0.01)

    def masters(self) -> list[int]:
        """The app's first process."""
        app = self.app()
        return [pid for pid in app if _parent(pid) not in app]

    def workers(self) -> list[int]:
        """gunicorn's workers: those whose parent is of the app too."""
        app = self.app()
        return [pid for pid in app if _parent(pid) in app]


def start(platform: Platform, ground: Ground, chance: random.Random, repeat: int) -> Audit:
    """Start an audit; its error output goes to a pipe."""
    process = subprocess.Popen(
        [str(SUBSECOND), "audit", "--repeat", str(repeat), "--no-trials"], cwd=platform.project, env=platform.env,
        stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    return Audit(platform, ground, chance, process)


def worker_killed(audit: Audit) -> None:
    for pid in audit.wait_for(audit.workers):
        _kill(pid)


def master_killed(audit: Audit) -> None:
    for pid in audit.wait_for(audit.masters):
        _kill(pid)


def postgres_stopped(audit: Audit) -> None:
    """Stopped until the audit has ended."""
    _stop_postgres(audit.ground)
    audit.heal.append(audit.ground.up)


def postgres_restarted(audit: Audit) -> None:
    _stop_postgres(audit.ground)
    audit.ground.up()


def disk_full(audit: Audit) -> None:
    """The disk with `.subsecond/` (a small tmpfs where we may mount one) has no room left from now on."""
    filler = audit.platform.project / ".subsecond" / "filler"
    with filler.open("wb", buffering=0) as out:
        try:
            while True:
                out.write(bytes(4096))
        except OSError:
            pass
    audit.heal.append(filler.unlink)


def files_limited(audit: Audit) -> None:
    """The app may write small files only from now on, as on a disk that is full."""
    for pid in audit.wait_for(audit.app):
        try:
            resource.prlimit(pid, resource.RLIMIT_FSIZE, (FEW_BYTES, FEW_BYTES))
        except OSError:  # it has just ended
            pass


def interrupted(audit: Audit) -> None:
    audit.process.send_signal(signal.SIGINT)


def terminated(audit: Audit) -> None:
    audit.process.send_signal(signal.SIGTERM)


def killed(audit: Audit) -> None:
    audit.process.send_signal(signal.SIGKILL)


def wait_until_it_writes(audit: Audit) -> None:
    """Return when the audit begins to write its outcome, or has ended."""
    folder = audit.platform.project / ".subsecond" / "traces"
    before = _changed(folder)
    while audit.process.poll() is None and _changed(folder) == before:
        time.sleep(0.0002)


def _changed(folder: Path) -> int:
    return folder.stat().st_mtime_ns if folder.exists() else 0


def _stop_postgres(ground: Ground) -> None:
    record = json.loads((Path(ground.environment["DISCOVERY_VAR"]) / "run" / "postgres.pid").read_text())
    os.kill(record["pid"], signal.SIGINT)  # its "fast" shutdown: connections are broken off
    deadline = time.monotonic() + 20
    while processes.started(record["pid"]) and time.monotonic() < deadline:
        time.sleep(0.02)
    assert not processes.started(record["pid"])


def _kill(pid: int) -> None:
    try:
        os.kill(pid, signal.SIGKILL)
    except ProcessLookupError:
        pass


def _numbers() -> list[str]:
    return [entry for entry in os.listdir("/proc") if entry.isdecimal()]


def _environment(pid: int) -> bytes:
    try:
        return Path(f"/proc/{pid}/environ").read_bytes()
    except OSError:
        return b""


def _parent(pid: int) -> int:
    try:
        return int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])
    except OSError:
        return 0
