"""Processes that outlive the command that starts them: pid files that cannot be fooled by a reused pid.

A pid file holds the pid, its start time and the file's own run id, so `down` needs nothing else.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import time
import uuid
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

RUN_ID = "DISCOVERY_PROCESS"  # in the environment of every process we start, also of its children
POLL = 0.05  # seconds between two looks


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """One started process, as its pid file holds it."""

    name: str
    order: int  # stopped from the highest to the lowest
    pid: int
    started: str  # of the pid: see start_time
    run_id: str
    port: int
    signals: tuple[int, ...]  # sent one after the other until the process ends
    patience: float  # seconds to wait after each signal
    log: str


def start_time(pid: int) -> str | None:
    """A text that is unique to the process that has this pid now; None when there is none (a zombie counts as none)."""
    try:
        # The command name may hold blanks and brackets: fields are counted after the last bracket.
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        boot = Path("/proc/sys/kernel/random/boot_id").read_text().strip()
        return None if fields[0] in "ZX" else f"{boot}:{fields[19]}"
    except OSError:
        if Path("/proc/self/stat").exists():
            return None
    shown = subprocess.run(["ps", "-o", "stat=,lstart=", "-p", str(pid)], check=False, capture_output=True, text=True)
    state, _, started = shown.stdout.strip().partition(" ")
    return None if not state or state.startswith("Z") else started.strip()


def is_alive(record: Record) -> bool:
    """Whether the very process of the record still runs."""
    return start_time(record.pid) == record.started


def _file(run: Path, name: str) -> Path:
    return run / f"{name}.pid"


def forget(run: Path, record: Record) -> None:
    """Remove the pid file."""
    _file(run, record.name).unlink(missing_ok=True)


def read_all(run: Path) -> list[Record]:
    """All records in the order of starting; a file that cannot be read is removed, nobody can use it."""
    records = []
    for file in sorted(run.glob("*.pid")):
        try:
            content = json.loads(file.read_text())
            records.append(Record(**(content | {"signals": tuple(content["signals"])})))
        except (ValueError, TypeError, KeyError):
            file.unlink(missing_ok=True)
    return sorted(records, key=lambda record: (record.order, record.name))


def write_private(file: Path, text: str) -> None:
    """Write a file that only its owner may read, whole or not at all."""
    draft = file.with_name(f".{file.name}.{os.getpid()}")
    draft.unlink(missing_ok=True)
    with open(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as handle:
        handle.write(text)
    draft.replace(file)


def launch(
    run: Path,
    *,
    name: str,
    order: int,
    command: Sequence[str],
    environment: Mapping[str, str],
    port: int,
    log: Path,
    cwd: Path,
    signals: tuple[int, ...] = (signal.SIGTERM, signal.SIGKILL),
    patience: float = 10.0,
    user: Mapping[str, object] | None = None,
) -> Record:
    """Start a process in a session of its own, write its pid file and return its record.

    user: arguments of Popen that choose another account.
    """
    run_id = uuid.uuid4().hex
    with open(log, "ab") as output:
        child = subprocess.Popen(  # type: ignore[call-overload]
            list(command),
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            cwd=cwd,
            env={**environment, RUN_ID: run_id},
            start_new_session=True,
            **(user or {}),
        )
    record = Record(
        name=name,
        order=order,
        pid=child.pid,
        started=start_time(child.pid) or "",
        run_id=run_id,
        port=port,
        signals=signals,
        patience=patience,
        log=str(log),
    )
    write_private(_file(run, name), json.dumps(asdict(record), indent=1))
    return record


def wait_until(condition: Callable[[], bool], seconds: float) -> bool:
    """Look until the condition holds or the time is up; returns whether it holds."""
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() >= deadline:
            return False
        time.sleep(POLL)
    return True


def orphans(record: Record) -> list[int]:
    """Members of the process's group that still run although their leader is gone: they carry the run id."""
    mark = f"{RUN_ID}={record.run_id}".encode()
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            group = int((folder / "stat").read_text().rpartition(")")[2].split()[2])
            if group == record.pid and mark in (folder / "environ").read_bytes().split(b"\0"):
                found.append(int(folder.name))
        except (OSError, IndexError, ValueError):
            continue
    return found


def _send(pid: int, number: int) -> None:
    try:
        os.kill(pid, number)
    except ProcessLookupError:
        pass


def _reap(pid: int) -> None:
    """Collect the exit code if the process is a child of ours."""
    try:
        os.waitpid(pid, os.WNOHANG)
    except ChildProcessError:
        pass


def has_ended(record: Record) -> bool:
    """Whether the process is gone; collects it first if it is a child of ours."""
    _reap(record.pid)
    return not is_alive(record)


def ask_to_end(records: Sequence[Record]) -> set[str]:
    """Send each its first signal, so that they end side by side; `stop` then waits. Returns names of those that ran."""
    running = [record for record in records if is_alive(record)]
    for record in running:
        _send(record.pid, record.signals[0])
    return {record.name for record in running}


def stop(run: Path, record: Record) -> bool:
    """End the process and what is left of its group, remove the pid file. Returns whether it was still running."""
    running = is_alive(record)
    for number in record.signals if running else ():
        _send(record.pid, number)
        if wait_until(lambda: has_ended(record), record.patience):
            break
    left = orphans(record)
    for pid in left:
        _send(pid, signal.SIGKILL)
    wait_until(lambda: not orphans(record), 5.0)
    forget(run, record)
    return running or bool(left)
