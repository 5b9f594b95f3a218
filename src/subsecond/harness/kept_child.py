"""Children that are asked many times: started at the first question, one line each way, ended with the tool.

A gate asks hundreds of small things of the app's databases; an interpreter and a driver started for each took a quarter
of a gate's processor time (measured, benchmarks/gates, 2026-11-27).
"""

from __future__ import annotations

import atexit
import os
import subprocess
import threading
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass

from subsecond.harness import processes

CLOSE_SECONDS = 2.0
_guard = threading.Lock()
_idle: dict[tuple[str, ...], list[subprocess.Popen[bytes]]] = {}


@dataclass(frozen=True, slots=True)
class Answer:
    """`text`: the line after its mark, None where the child ended without one; `said`: the last line before it."""

    text: str | None
    said: str


def ask(command: Sequence[str], question: str, mark: str, seconds: float) -> Answer:
    """Put one line to a child that runs `command`, an idle one or a new one, and read the line that begins with `mark`.

    The child gets no variables that would change how it imports. Raises TimeoutError after `seconds` (it is killed
    then), OSError where there is no such program.
    """
    child, late, said = _taken(tuple(command)), threading.Event(), ""
    assert child.stdin is not None
    assert child.stdout is not None

    def stop() -> None:
        late.set()
        child.kill()

    timer = threading.Timer(seconds, stop)
    timer.daemon = True
    timer.start()
    try:
        child.stdin.write(question.encode() + b"\n")
        child.stdin.flush()
        for line in iter(child.stdout.readline, b""):
            text = line.decode(errors="replace").strip()
            if text.startswith(mark):
                with _guard:
                    _idle.setdefault(tuple(command), []).append(child)
                return Answer(text[len(mark) :], said)
            said = text or said
    except BrokenPipeError:
        pass  # it ended before it read: what it said stands in its output
    except BaseException:
        child.kill()  # broken off in the middle: what it answers belongs to no other question
        raise
    finally:
        timer.cancel()
    code = child.wait()
    child.stdout.close()
    with suppress(OSError):  # what it never read
        child.stdin.close()
    if late.is_set():
        raise TimeoutError
    return Answer(None, said or f"exit code {code}")


def _taken(command: tuple[str, ...]) -> subprocess.Popen[bytes]:
    with _guard:
        idle = _idle.get(command, [])
        while idle:
            child = idle.pop()
            if child.poll() is None:
                return child
    return subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, cwd="/",
        env={**os.environ, "PYTHONPATH": "", "PYTHONSAFEPATH": "1"},
        start_new_session=True,  # a Ctrl-C is for the tool, which still has databases to drop by it
    )  # fmt: skip


def _close() -> None:
    """They end with the tool's end of the pipe; wait for it, so that none is seen after the tool."""
    with _guard:
        for child in [child for some in _idle.values() for child in some]:
            processes.close(child, CLOSE_SECONDS)
        _idle.clear()


atexit.register(_close)
