"""`.subsecond/run-XXXX/`: spool, log and process ids of one running app; left-overs of killed runs; the lock."""

from __future__ import annotations

import fcntl
import os
import shutil
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from subsecond import store
from subsecond.errors import SubsecondError
from subsecond.harness import processes

PREFIX = "run-"
_PIDS = "pids.json"
LOCK = "lock"
SCRATCH = ("arm-", "facts-", "sandbox-")
"""Folders of scratch databases and of sandboxes; who holds the lock and has not made one yet finds only left ones."""
FRESH_SECONDS = 10.0


@dataclass(frozen=True, slots=True)
class _Pids:
    group: int
    started: str | None
    tool: int
    tool_started: str | None


@dataclass(frozen=True, slots=True)
class RunFolder:
    """The folder of one running app, mode 0700."""

    path: Path

    @property
    def spool(self) -> Path:
        return self.path / "spool"

    @property
    def log(self) -> Path:
        return self.path / "app.log"

    def remember(self, group: int) -> None:
        """Write down who must be ended if we cannot: the process group and the tool itself."""
        tool = os.getpid()
        pids = _Pids(group, processes.started(group), tool, processes.started(tool))
        store.write(self.path / _PIDS, [store.to_json(pids)])

    def remove(self) -> None:
        shutil.rmtree(self.path, ignore_errors=True)


def make(root: Path) -> RunFolder:
    """A new run folder with its spool."""
    folder = RunFolder(Path(tempfile.mkdtemp(prefix=PREFIX, dir=store.folder(root))))  # mkdtemp makes it 0700
    folder.spool.mkdir(mode=0o700)
    return folder


def clean_leftovers(root: Path) -> list[str]:
    """End apps and remove what a killed tool left; one line about each run that still had processes."""
    notes = []
    store.sweep(root)
    for prefix in SCRATCH:
        for path in (root / store.FOLDER).glob(f"{prefix}*"):
            shutil.rmtree(path, ignore_errors=True)
    for path in sorted((root / store.FOLDER).glob(f"{PREFIX}*")):
        folder = RunFolder(path)
        pids = _pids(folder)
        if _same(pids.tool, pids.tool_started) if pids else _fresh(path):
            continue
        if ended := _end(folder, pids):
            notes.append(f"{ended} process(es) of an earlier run that was killed were still there: ended")
        folder.remove()
    return notes


def _fresh(path: Path) -> bool:
    """Whether another tool may be between making the folder and writing its ids."""
    try:
        return time.time() - path.stat().st_mtime < FRESH_SECONDS
    except OSError:
        return True


def _pids(folder: RunFolder) -> _Pids | None:
    try:
        return store.from_json((folder.path / _PIDS).read_bytes(), _Pids, str(folder.path))
    except (OSError, SubsecondError):
        return None


def _same(pid: int, started: str | None) -> bool:
    return started is not None and processes.started(pid) == started


def _end(folder: RunFolder, pids: _Pids | None) -> int:
    # the leader's start time tells a reused number apart; without it only the spool's name counts
    group = pids.group if pids and _same(pids.group, pids.started) else None
    found = processes.members(group, folder.spool)
    if found or group:
        processes.end(group, folder.spool)
    return max(len(found), 1 if group else 0)


@contextmanager
def lock(root: Path) -> Iterator[None]:
    """One audit or loop per target: the kernel's lock, so `kill -9` releases it. Raises SubsecondError if held."""
    path = store.folder(root) / LOCK
    try:  # not through a link: what it points to would be emptied
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
    except OSError as problem:
        raise store.not_writable(path, problem) from None
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            other = os.pread(descriptor, 40, 0).decode(errors="replace").strip()
            who = f"process {other}" if other.isdecimal() else "another process"
            raise SubsecondError("already-running", f"{who} is at work on {root}; wait for it or end it") from None
        os.ftruncate(descriptor, 0)
        os.pwrite(descriptor, str(os.getpid()).encode(), 0)
        yield
    finally:
        os.close(descriptor)
