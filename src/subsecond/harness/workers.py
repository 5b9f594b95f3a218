"""The app's workers (a task queue's processes), started beside it with the agent inside, ended with it."""

from __future__ import annotations

import os
import shlex
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from subsecond.errors import SubsecondError
from subsecond.harness import app_log, flags, processes
from subsecond.harness.environment import PythonFacts
from subsecond.harness.server import find_program
from subsecond.harness.start_failure import exit_text
from subsecond.model.target import Target


@dataclass(frozen=True, slots=True)
class Worker:
    """One running worker."""

    text: str
    process: subprocess.Popen[bytes]
    log: Path

    def ended(self, own: tuple[Path, ...]) -> str | None:
        """One line on why it is no longer there, None while it lives."""
        code = self.process.poll()
        if code is None:
            return None
        failure = app_log.first_failure(self.log, own)
        return f"the worker `{self.text}` ended ({exit_text(code)})" + (f": {failure}" if failure else "")


def commands(target: Target, facts: PythonFacts) -> list[list[str]]:
    """The start commands of a target's workers. SubsecondError where one cannot be read or would keep the agent out."""
    return [_command(text, target, facts) for text in target.workers]


def _command(text: str, target: Target, facts: PythonFacts) -> list[str]:
    try:
        parts = shlex.split(text)
    except ValueError as problem:
        raise SubsecondError("bad-run", f"workers: {text!r}: {problem}") from None
    if not parts:
        raise SubsecondError("bad-run", f"workers: {text!r} names no program")
    parts = [part.replace("{python}", str(facts.executable)) for part in parts]
    try:
        program = find_program(parts[0], target, facts)
    except SubsecondError as problem:
        raise SubsecondError(problem.slug, f"workers: {problem.message.removeprefix('run: ')}") from None
    command = [str(program), *parts[1:]]
    flags.refuse(tuple(command), facts.executable)
    return command


@contextmanager
def working(target: Target, facts: PythonFacts, env: Mapping[str, str], folder: Path) -> Iterator[tuple[Worker, ...]]:
    """The target's workers, running; on the way out they are ended. What they left is found by the app's own end."""
    started: list[Worker] = []
    try:
        for number, (text, command) in enumerate(zip(target.workers, commands(target, facts), strict=True), 1):
            started.append(_start(text, command, target, env, folder / f"worker-{number}.log"))
        yield tuple(started)
    finally:
        for worker in started:
            processes.end(worker.process.pid)
            worker.process.wait()


def _start(text: str, command: list[str], target: Target, env: Mapping[str, str], log: Path) -> Worker:
    descriptor = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600)
    try:
        process = subprocess.Popen(
            command, cwd=target.cwd, env=dict(env), stdin=subprocess.DEVNULL, stdout=descriptor, stderr=descriptor,
            start_new_session=True,
        )  # fmt: skip
    except OSError as problem:
        raise SubsecondError("app-start-failed", f"workers: {command[0]} cannot be run: {problem.strerror}") from None
    finally:
        os.close(descriptor)
    return Worker(text, process, log)
