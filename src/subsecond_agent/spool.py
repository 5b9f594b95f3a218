"""Append lines to the spool: one file per process, one `os.write` a line, no lock, no thread, no queue."""

from __future__ import annotations

import json
import os
import stat
import sys
import time

from . import guard
from .protocol import ENV_SPOOL, VERSION

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Callable

folder = os.environ.get(ENV_SPOOL, "")


class File:
    """This process's spool file; `descriptor` is -1 until the first line and after a failure."""

    pid = 0
    descriptor = -1
    identity = (0, 0)
    refused = ""


def write(line: dict[str, Any] | str) -> None:
    """Append one line (an object, or its JSON). A spool that cannot be written is given up with one line on stderr."""
    text = line if isinstance(line, str) else json.dumps(line, ensure_ascii=False, separators=(",", ":"), default=repr)
    if not is_open():
        return
    data = text.encode("utf-8", "replace") + b"\n"  # half a surrogate pair (a strange file name) is no JSON
    try:
        if os.write(File.descriptor, data) != len(data):
            refuse("the disk took only part of a line")
    except OSError as mishap:
        refuse(mishap.strerror or "cannot write")


def is_open() -> bool:
    """Have this process's file open: made at the first line, made anew after a fork.

    The descriptor is looked at before each write: an app that closes all descriptors (a daemon) may have got the same
    number for a file of its own.
    """
    pid = os.getpid()
    if File.pid != pid:
        File.pid, File.descriptor, File.refused = pid, -1, ""
    if File.refused:
        return False
    if File.descriptor >= 0:
        try:
            now = os.fstat(File.descriptor)
            if (now.st_dev, now.st_ino) == File.identity and now.st_nlink:
                return True
        except OSError:
            pass
        File.descriptor = -1
    return open_file()


def open_file() -> bool:
    why = unsafe(folder)
    if why:
        return refuse(why)
    name = f"{File.pid}-{time.time_ns()}.jsonl"
    flags = os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_EXCL
    try:
        File.descriptor = os.open(os.path.join(folder, name), flags, 0o600)
        made = os.fstat(File.descriptor)
    except OSError as mishap:
        return refuse(mishap.strerror or "cannot create a file in it")
    File.identity = (made.st_dev, made.st_ino)
    return True


def unsafe(place: str) -> str:
    """Why the spool folder must not be used, or "". It holds parameter values, so it is ours alone or nothing."""
    try:
        found = os.lstat(place)
    except OSError as mishap:
        return mishap.strerror or "cannot be read"
    if not stat.S_ISDIR(found.st_mode):
        return "not a folder"
    if found.st_uid != os.geteuid():
        return f"belongs to user {found.st_uid}, this process runs as {os.geteuid()}"
    if found.st_mode & 0o077:
        return f"others may enter it (mode {found.st_mode & 0o777:o}); it must be 700"
    return ""


def private_file(path: str, limit: int, refused: Callable[[str], Exception]) -> bytes:
    """Content of a file of the tool's; `refused(why)` is raised where it is no file that this user alone may write.

    limit: most bytes. Raises FileNotFoundError, too.
    """
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except FileNotFoundError:
        raise
    except OSError as mishap:
        raise refused(mishap.strerror or "cannot be read") from None
    try:
        found = os.fstat(descriptor)
        if not stat.S_ISREG(found.st_mode):
            raise refused("not a file")
        if found.st_uid != os.geteuid():
            raise refused(f"belongs to user {found.st_uid}, this process runs as {os.geteuid()}")
        if found.st_mode & 0o077:
            raise refused(f"others may read or write it (mode {found.st_mode & 0o777:o}); it must be 600")
        if found.st_size > limit:
            raise refused(f"larger than {limit} bytes")
        parts: list[bytes] = []
        while True:
            part = os.read(descriptor, limit)
            if not part:
                return b"".join(parts)
            parts.append(part)
    finally:
        os.close(descriptor)


def refuse(why: str) -> bool:
    """Record nothing in this process from now on; say so once."""
    File.refused = why
    File.descriptor = -1
    text = f"subsecond: process {File.pid} records nothing: spool folder {folder}: {why}\n"
    try:
        os.write(2, text.encode("utf-8", "replace"))
    except OSError:
        pass
    return False


def write_notes() -> None:
    """Write the mishaps that have not been written yet; before the first request they wait."""
    while guard.notes and File.descriptor >= 0 and File.pid == os.getpid():
        hook, message = guard.notes.pop(0)
        write({"type": "note", "version": VERSION, "pid": os.getpid(), "hook": hook, "message": message})


def hello(environ: dict[str, Any]) -> bool:
    """First line of a process, at its first request: who runs here. False when the spool is refused."""
    if not is_open():
        return False
    line = {
        "type": "hello",
        "version": VERSION,
        "pid": os.getpid(),
        "argv": list(getattr(sys, "orig_argv", None) or [sys.executable, *sys.argv]),
        "python": sys.version.split()[0],
        "executable": sys.executable,
        "server": environ.get("SERVER_SOFTWARE", ""),
        "libraries": libraries(),
        "hooks": dict(guard.status),
    }
    write(line)
    write_notes()
    return True


def libraries() -> dict[str, str]:
    """Loaded libraries with their versions, read from the names of the `.dist-info` folders: nothing is imported."""
    loaded = {name.lower() for name in list(sys.modules) if "." not in name}
    found: dict[str, str] = {}
    for entry in sys.path:
        try:
            names = os.listdir(entry)
        except OSError:
            continue
        for name in names:
            project, dash, version = name.rpartition(".")[0].partition("-")
            if dash and name.endswith((".dist-info", ".egg-info")):  # `shop.egg-info` names no version
                version = version.partition("-")[0]
                top = project.lower().replace("-", "_")
                if top in loaded or top.partition("_binary")[0] in loaded:
                    found.setdefault(project.lower(), version)
    return found
