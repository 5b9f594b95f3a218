"""Processes of an app: who they are, what they listen on, and their end, whatever happens to the tool.

Standard library only and no import of ours: run as a script it is the *watcher*, a process of its own that
ends the app when the tool dies without a word (`kill -9`), which no code inside the tool could do.
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterable, Iterator
from pathlib import Path

PROC = Path("/proc")
POLL_SECONDS = 0.03
TERM_SECONDS = 4.0
"""Time to end by oneself before SIGKILL: gunicorn waits for requests that are under way."""
WATCHER_TERM_SECONDS = 2.0
KILL_SECONDS = 3.0
ESTABLISHED, LISTENING = "01", "0A"
"""States of /proc/net/tcp."""


def started(pid: int) -> str | None:
    """When the process was started, as a text to compare; None where it is gone (or a zombie)."""
    if PROC.is_dir():
        fields = _stat(pid)
        return fields[19] if fields and fields[0] != "Z" else None
    done = subprocess.run(["ps", "-o", "lstart=", "-p", str(pid)], capture_output=True, text=True, check=False)
    return done.stdout.strip() or None


def _stat(pid: int) -> list[str]:
    """Fields of /proc/<pid>/stat from the state on (the name before may hold blanks and brackets)."""
    try:
        return (PROC / str(pid) / "stat").read_text().rpartition(")")[2].split()
    except OSError:
        return []


def _pids() -> Iterator[int]:
    for entry in os.listdir(PROC) if PROC.is_dir() else []:
        if entry.isdecimal():
            yield int(entry)


def members(group: int | None, spool: Path | None = None) -> list[int]:
    """Living processes of the group, and those outside it that were started with this spool (daemons)."""
    mark = f"\0SUBSECOND_SPOOL={spool}\0".encode() if spool else None
    found = []
    for pid in _pids():
        fields = _stat(pid)
        if not fields or fields[0] == "Z":
            continue
        if int(fields[2]) == group or (mark and mark in _environment(pid)):
            found.append(pid)
    return found


def _environment(pid: int) -> bytes:
    try:
        return b"\0" + (PROC / str(pid) / "environ").read_bytes() + b"\0"
    except OSError:
        return b""


def end(group: int | None, spool: Path | None = None, *, seconds: float = TERM_SECONDS) -> None:
    """End the group and its daemons: SIGTERM, wait up to `seconds`, SIGKILL. Returns when none is left.

    `group` None: only the processes that were started with this spool.
    """
    _signal(group, spool, signal.SIGTERM)
    deadline = time.monotonic() + seconds
    killed = False
    while _alive(group, spool) or _alive_again(group, spool):
        if time.monotonic() > deadline:
            if killed:  # one that even SIGKILL does not end waits inside the kernel
                return
            _signal(group, spool, signal.SIGKILL)
            killed, deadline = True, time.monotonic() + KILL_SECONDS
        time.sleep(POLL_SECONDS)
        _reap(group)


def close(child: subprocess.Popen[bytes], seconds: float) -> None:
    """End a child that ends with its standard input; kill it where it has not after `seconds`."""
    assert child.stdin is not None
    child.stdin.close()
    try:
        child.wait(seconds)
    except subprocess.TimeoutExpired:
        child.kill()
        child.wait()


def _alive(group: int | None, spool: Path | None) -> bool:
    if PROC.is_dir():
        return bool(members(group, spool))
    try:
        if group is None:
            return False
        os.killpg(group, 0)
    except OSError:
        return False
    return True


def _alive_again(group: int | None, spool: Path | None) -> bool:
    """A second look: one that forks to become a daemon may be missed by a single pass over /proc."""
    time.sleep(POLL_SECONDS)
    return _alive(group, spool)


def _signal(group: int | None, spool: Path | None, number: int) -> None:
    if group is not None and group > 1:  # 0 would be our own group, 1 everybody
        try:
            os.killpg(group, number)
        except OSError:
            pass
    for pid in members(None, spool) if spool else ():
        try:
            os.kill(pid, number)
        except OSError:
            pass


def _reap(group: int | None) -> None:
    """Collect a dead child of ours: where there is no /proc, a zombie would count as alive for ever."""
    if group and not PROC.is_dir():
        try:
            os.waitpid(group, os.WNOHANG)
        except OSError:
            pass


def listening(pids: Iterable[int]) -> list[str]:
    """What these processes accept connections on: `127.0.0.1:8000`, `[::1]:8000`, `unix:/path`. Linux only."""
    found: set[str] = set()
    for pid in pids:  # each is asked for its own network: one in a sandbox has another than ours
        wanted = set(_sockets(pid))
        if wanted:
            found |= {*_tcp(pid, "tcp", wanted), *_tcp(pid, "tcp6", wanted), *_unix(pid, wanted)}
    return sorted(found)


def connected(pids: Iterable[int]) -> list[tuple[str, int]]:
    """Addresses of this machine that these processes have a TCP connection to, themselves left out. Linux only."""
    pids = list(pids)
    own = {place.rpartition(":")[2] for place in listening(pids)}
    found: set[tuple[str, int]] = set()
    for pid in pids:
        wanted = set(_sockets(pid))
        for name in ("tcp", "tcp6"):
            for row in _rows(pid, name):
                if len(row) > 9 and row[3] == ESTABLISHED and row[9] in wanted:
                    near, far = row[1].rpartition(":")[2], row[2].rpartition(":")
                    if str(int(near, 16)) not in own:
                        found.add((_address(far[0]).strip("[]").removeprefix("::ffff:"), int(far[2], 16)))
    return sorted(one for one in found if one[0].startswith("127.") or one[0] == "::1")


def _sockets(pid: int) -> Iterator[str]:
    folder = PROC / str(pid) / "fd"
    try:
        names = os.listdir(folder)
    except OSError:
        return
    for name in names:
        try:
            target = os.readlink(folder / name)
        except OSError:
            continue
        if target.startswith("socket:["):
            yield target[8:-1]


def _rows(pid: int, name: str) -> list[list[str]]:
    try:
        return [line.split() for line in (PROC / str(pid) / "net" / name).read_text().splitlines()[1:]]
    except OSError:
        return []


def _tcp(pid: int, name: str, wanted: set[str]) -> Iterator[str]:
    for row in _rows(pid, name):
        if len(row) > 9 and row[3] == LISTENING and row[9] in wanted:
            address, _, port = row[1].partition(":")
            yield f"{_address(address)}:{int(port, 16)}"


def _unix(pid: int, wanted: set[str]) -> Iterator[str]:
    for row in _rows(pid, "unix"):
        if len(row) > 7 and row[6] in wanted and row[3] == "00010000":
            yield f"unix:{row[7]}"


def _address(text: str) -> str:
    """The kernel's hexadecimal address, words in the machine's order, for a reader."""
    import socket

    raw = b"".join(int(text[i : i + 8], 16).to_bytes(4, sys.byteorder) for i in range(0, len(text), 8))
    if len(raw) == 4:
        return socket.inet_ntop(socket.AF_INET, raw)
    return f"[{socket.inet_ntop(socket.AF_INET6, raw)}]"


class Watcher:
    """The process that outlives a killed tool: told what to end, it waits for our end of its pipe to close."""

    def __init__(self, group: int, spool: Path, folder: Path) -> None:
        # a session of its own: Ctrl-C in the terminal must not end it together with the tool
        self._process = subprocess.Popen(
            [sys.executable, "-I", "-S", __file__], stdin=subprocess.PIPE, stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL, start_new_session=True, cwd="/",
        )  # fmt: skip
        task = {"group": group, "spool": str(spool), "folder": str(folder)}
        self._tell(json.dumps(task).encode() + b"\n")

    def dismiss(self) -> None:
        """The app was ended in order: nothing is left to watch."""
        self._tell(b"done\n")
        if self._process.stdin:
            self._process.stdin.close()
        self._process.wait()

    def _tell(self, line: bytes) -> None:
        try:
            assert self._process.stdin is not None
            self._process.stdin.write(line)
            self._process.stdin.flush()
        except OSError:  # it was killed; the next command's clean-up takes its place
            pass


def _watch() -> None:
    task = json.loads(sys.stdin.readline() or "null")
    if task is None or sys.stdin.read().strip() == "done":
        return
    end(task["group"], Path(task["spool"]), seconds=WATCHER_TERM_SECONDS)
    shutil.rmtree(task["folder"], ignore_errors=True)


if __name__ == "__main__":
    _watch()
