"""What the app printed: kept on disk within bounds, its first failure found for the one-line message."""

from __future__ import annotations

import os
import re
import shutil
from pathlib import Path

HEAD_BYTES = 1_000_000
LARGEST_BYTES = 64_000_000
KEPT_BYTES = 256_000
_TRACEBACK = "Traceback (most recent call last):"
_FRAME = re.compile(r'\s+File "(.+?)", line (\d+)')
_TELLING = re.compile(r"\b(\w*error|failed|cannot|could not|no module|not found|denied|in use|invalid)\b", re.I)
_USAGE = re.compile(r"^(usage:|try '|hint:)", re.I)
MESSAGE_LENGTH = 300


def trim(path: Path) -> None:
    """Cut the log back to its head when it has grown large; the app appends, so it writes on from there."""
    try:
        if path.stat().st_size > LARGEST_BYTES:
            os.truncate(path, HEAD_BYTES)
    except OSError:
        pass


def keep(path: Path, to: Path) -> None:
    """Copy the log to a place that stays: whole, or its first and last part."""
    try:
        to.unlink(missing_ok=True)  # it may be a link to somewhere else
        with path.open("rb") as log, to.open("xb") as out:
            size = log.seek(0, os.SEEK_END)
            log.seek(0)
            if size <= 2 * KEPT_BYTES:
                shutil.copyfileobj(log, out)
                return
            out.write(log.read(KEPT_BYTES))
            out.write(f"\n… {size - 2 * KEPT_BYTES} bytes left out …\n".encode())
            log.seek(size - KEPT_BYTES)
            shutil.copyfileobj(log, out)
    except OSError:
        pass


def head(path: Path) -> list[str]:
    """The first lines of the log, at most `HEAD_BYTES`."""
    try:
        with path.open("rb") as log:
            return log.read(HEAD_BYTES).decode(errors="replace").splitlines()
    except OSError:
        return []


def said_by_agent(path: Path) -> list[str]:
    """What the agent could only say on standard error: that it did not start, or may not write to its spool."""
    return [_short(line) for line in head(path) if line.startswith("subsecond: ")][:3]


def first_failure(path: Path, own: tuple[Path, ...]) -> str | None:
    """The first traceback's last line with the innermost place of the user's code, else the most telling line.

    `own` holds the folders whose files are the user's; None where the log is empty.
    """
    lines = head(path)
    if failure := first_traceback(path, own):
        return failure
    spoken = [line.strip() for line in lines if line.strip() and not _USAGE.match(line.strip())]
    telling = [line for line in spoken if _TELLING.search(line)]
    return _short((telling or spoken[-1:])[0]) if spoken else None


def first_traceback(path: Path, own: tuple[Path, ...]) -> str | None:
    """The first traceback's last line with the innermost place of the user's code; None without a traceback."""
    lines = head(path)
    for number, line in enumerate(lines):
        if line.rstrip().endswith(_TRACEBACK):
            return _short(_of_traceback(lines[number + 1 :], own))
    return None


def _of_traceback(lines: list[str], own: tuple[Path, ...]) -> str:
    place = ""
    for line in lines:
        frame = _FRAME.match(line)
        if frame:
            place = _place(frame[1], frame[2], own) or place
        elif line and not line[0].isspace():
            return f"{line.strip()}{place}"
    return f"a traceback without an end{place}"


def _place(file: str, line: str, own: tuple[Path, ...]) -> str | None:
    path = Path(file)
    if any(part in ("site-packages", "dist-packages") for part in path.parts) or not path.is_absolute():
        return None
    for folder in own:
        if path.is_relative_to(folder):
            return f" ({path.relative_to(folder)}, line {line})"
    return None


def _short(text: str) -> str:
    text = " ".join(text.split())
    return text if len(text) <= MESSAGE_LENGTH else text[: MESSAGE_LENGTH - 1] + "…"
