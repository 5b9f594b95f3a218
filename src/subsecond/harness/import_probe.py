"""Importing the app in a child under its server's runtime: about a second, and most broken boots show already."""

from __future__ import annotations

import re
import subprocess
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from subsecond import store
from subsecond.harness import processes, sandbox
from subsecond.harness.app import plain_environment
from subsecond.harness.environment import PythonFacts
from subsecond.harness.server import Start
from subsecond.model.target import Target

CHILD = Path(__file__).parent / "children" / "import_app.py"
_GEVENT_SETTING = re.compile(r"^\s*worker_class\s*=\s*['\"](?:gevent|ggevent)", re.M)
_PRELOAD_SETTING = re.compile(r"^\s*preload_app\s*=\s*True", re.M)


@dataclass(frozen=True, slots=True, kw_only=True)
class Imported:
    """How the import went. `error`: last line of the traceback, None where it went well; `hung`: no end in time."""

    error: str | None = None
    place: str = ""
    """Innermost frame below the project: ` (file, line n)`, or nothing."""
    hung: bool = False
    modules: tuple[tuple[str, str], ...] = ()
    """Name and file of each module that has a file."""
    printed: str = ""
    """Last line it printed where it ended without an answer."""


def patched_first(start: Start, target: Target) -> bool:
    """Whether the server patches the standard library (gevent) before it imports the app."""
    words = " ".join(start.command)
    settings = target.cwd / "gunicorn.conf.py"
    text = settings.read_text(errors="replace") if settings.is_file() else ""
    gevent = re.search(r"(?:-k|--worker-class)[ =]\s*gevent", words) or _GEVENT_SETTING.search(text)
    preload = "--preload" in start.command or _PRELOAD_SETTING.search(text)
    return bool(gevent) and not preload


def import_app(target: Target, facts: PythonFacts, start: Start, seconds: float) -> Imported:
    """Import the target's app in its own interpreter. The child and what it started are ended at the deadline."""
    assert target.app is not None
    with tempfile.TemporaryDirectory(prefix="subsecond-import-") as folder:
        result = Path(folder) / "result.json"
        task = {
            "app": target.app,
            "patch": "first" if patched_first(start, target) else "never",
            "path": str(target.cwd),
            "result": str(result),
        }
        command = [str(facts.executable), str(CHILD), store.to_json(task, indent=0)]
        with sandbox.wrapped(command, target, facts, writable=(Path(folder),)) as inside:
            child = inside.spawn(
                cwd=target.cwd, env=plain_environment(target, facts, start), stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
            )  # fmt: skip
            try:
                printed, _ = child.communicate(timeout=seconds)
            except subprocess.TimeoutExpired:
                return _read(result, target, hung=True)
            finally:
                processes.end(child.pid)
                child.communicate()
        return _read(result, target, printed=printed)


def _read(result: Path, target: Target, *, hung: bool = False, printed: bytes = b"") -> Imported:
    if not result.exists():
        last = printed.decode(errors="replace").strip().splitlines()[-1:]
        return Imported(error=None if hung else "the interpreter ended", hung=hung, printed="".join(last))
    answer: dict[str, Any] = store.from_json(result.read_bytes(), dict, "the import's answer")
    return Imported(
        error=answer["error"],
        place=_place(answer.get("frames", ()), target.root),
        modules=tuple(sorted(answer["modules"].items())),
    )


def _place(frames: Sequence[Sequence[Any]], root: Path) -> str:
    for file, line in reversed(list(frames)):
        path = Path(file)
        if path.is_relative_to(root) and "site-packages" not in path.parts:
            return f" ({path.relative_to(root)}, line {line})"
    return ""
