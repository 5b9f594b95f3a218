"""One running copy of the target's app with the agent inside, ended on every way out."""

from __future__ import annotations

import os
import secrets
import signal
import subprocess
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from types import FrameType

from subsecond import store
from subsecond.errors import SubsecondError
from subsecond.harness import app_log, flags, processes, ready, run_folder, sandbox
from subsecond.harness.environment import PythonFacts, app_path
from subsecond.harness.first_request import first_request
from subsecond.harness.server import Start
from subsecond.harness.start_failure import KEPT_LOG, exit_text, misspelt, not_started
from subsecond.model.target import RequestSpec, Target
from subsecond_agent import protocol

SETTLE_SECONDS = 0.2
TOKEN_SECONDS = 12 * 3600
"""Longer than any budget; a copied environment is worth nothing tomorrow."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RunningApp:
    """The app, answering. `pid` leads its process group; `seconds` is what it took until its first answer."""

    url: str
    port: int
    pid: int
    log_path: Path
    spool: Path
    token: str
    command: tuple[str, ...]
    seconds: float
    process: subprocess.Popen[bytes] = field(repr=False)
    own: tuple[Path, ...] = ()

    def ended(self, seconds: float = 0.0) -> str | None:
        """Why the app is no longer there, in one line; None while its first process lives (waited for so long)."""
        try:
            code = self.process.wait(seconds)
        except subprocess.TimeoutExpired:
            return None
        failure = app_log.first_failure(self.log_path, self.own)
        return f"the app ended ({exit_text(code)})" + (f": {failure}" if failure else "")

    def logged_failure(self) -> str | None:
        """The first traceback in the app's log, as one line with the innermost own place; None without one."""
        return app_log.first_traceback(self.log_path, self.own)

    def said_by_agent(self) -> list[str]:
        """The agent's own lines in the app's log."""
        return app_log.said_by_agent(self.log_path)

    def trim_log(self) -> None:
        """Keep the log within its bounds; called now and then while the app is used."""
        app_log.trim(self.log_path)


def inject_folder() -> Path:
    """The one folder that goes on the app's PYTHONPATH."""
    return Path(protocol.__file__).absolute().parent / "inject"


def plain_environment(target: Target, facts: PythonFacts, start: Start) -> dict[str, str]:
    """The environment of the app's process without the agent: ours, the target's over it, its own `bin` first."""
    env = {**sandbox.inherited(target), **dict(target.env), **dict(start.env)}
    env.pop("PYTHONHOME", None)  # of the tool's own Python
    if facts.virtual:
        env["VIRTUAL_ENV"] = str(facts.prefix)
    env["PATH"] = os.pathsep.join([str(facts.scripts), env.get("PATH", os.defpath)])
    return env


def environment_of(target: Target, facts: PythonFacts, start: Start, spool: Path, token: str) -> dict[str, str]:
    """The environment of the app's process with the agent's way in."""
    env = plain_environment(target, facts, start)
    path = dict(start.env).get("PYTHONPATH", app_path(target))
    env["PYTHONPATH"] = os.pathsep.join([str(inject_folder()), *([path] if path else [])])
    code = {"root": str(target.root), "code": list(target.code), "app": (target.app or "").partition(":")[0] or None}
    env[protocol.ENV_SPOOL] = str(spool)
    env[protocol.ENV_TOKEN] = token
    env[protocol.ENV_EXPIRES] = str(int(time.time()) + TOKEN_SECONDS)
    env[protocol.ENV_CODE] = store.to_json(code, indent=0)
    if target.jobs:
        env[protocol.ENV_JOBS] = store.to_json(list(target.jobs), indent=0)
    return env


@contextmanager
def running(
    target: Target, facts: PythonFacts, start: Start, first: RequestSpec, more: Mapping[str, str] | None = None
) -> Iterator[RunningApp]:
    """Start the app, wait for an answer to `first` (sent without credentials and without the agent's header).

    `more` is environment on top of all else.

    On the way out the whole process group is ended and the run folder removed, also by an exception, Ctrl-C
    or SIGTERM; the log stays as `.subsecond/app.log`. Raises SubsecondError where the app does not come up.
    """
    flags.refuse(start.command, facts.executable)
    port = _port(start)
    command = start.on(port)
    start = replace(start, env=start.env_on(port))
    token = secrets.token_hex(16)
    with _signals_raise():
        folder = run_folder.make(target.home)
        process: subprocess.Popen[bytes] | None = None
        watcher: processes.Watcher | None = None
        try:
            env = {**environment_of(target, facts, start, folder.spool, token), **(more or {})}
            with sandbox.wrapped(command, target, facts, port=port, writable=(folder.spool,)) as inside:
                process = _spawn(inside, target, env, folder.log)
                watcher = processes.Watcher(process.pid, folder.spool, folder.path)
                folder.remember(process.pid)
                seconds = _await(process, port, target, folder, first)
                yield RunningApp(
                    url=f"http://{ready.HOST}:{port}", port=port, pid=process.pid, log_path=folder.log,
                    spool=folder.spool, token=token, command=tuple(command), seconds=seconds, process=process,
                    own=(target.root, target.cwd),
                )  # fmt: skip
        finally:
            _stop(process, watcher, folder, target.home)


def _port(start: Start) -> int:
    if start.fixed_port is None:
        return ready.free_port()
    if ready.in_use(start.fixed_port):
        raise SubsecondError(
            "port-in-use",
            f"port {start.fixed_port} of the start command is in use; end what listens there, or write {{port}} in run "
            "and a free one is chosen",
        )
    return start.fixed_port


def _spawn(inside: sandbox.Inside, target: Target, env: dict[str, str], log: Path) -> subprocess.Popen[bytes]:
    descriptor = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600)
    try:
        return inside.spawn(cwd=target.cwd, env=env, stdout=descriptor, stderr=descriptor)
    except OSError as problem:
        raise SubsecondError(
            "app-start-failed", f"{inside.command[0]} cannot be run: {problem.strerror}; is its first line (#!) right?"
        ) from None
    finally:
        os.close(descriptor)


def _stop(
    process: subprocess.Popen[bytes] | None, watcher: processes.Watcher | None, folder: run_folder.RunFolder, root: Path
) -> None:
    if process:
        processes.end(process.pid, folder.spool)
        process.wait()
        app_log.keep(folder.log, root / store.FOLDER / KEPT_LOG)
    if watcher:
        watcher.dismiss()
    folder.remove()


def _await(
    process: subprocess.Popen[bytes], port: int, target: Target, folder: run_folder.RunFolder, first: RequestSpec
) -> float:
    def ended() -> bool:
        app_log.trim(folder.log)
        return process.poll() is not None

    def listens_on() -> list[str]:
        return processes.listening(processes.members(process.pid, folder.spool))

    result = ready.wait(port, first_request(first, port), target.ready_seconds, ended, listens_on)
    if result.state != "ready":
        time.sleep(SETTLE_SECONDS)  # one that becomes a daemon may be between two processes
        left = bool(processes.members(process.pid, folder.spool))
        said = app_log.first_failure(folder.log, (target.root, target.cwd))
        raise not_started(result, port, process.returncode, said and said + misspelt(target, said), left)
    return result.seconds


@contextmanager
def _signals_raise() -> Iterator[None]:
    """SIGTERM and SIGHUP as SystemExit, so that the clean-up runs; only where nobody else handles them."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def leave(number: int, frame: FrameType | None) -> None:
        raise SystemExit(128 + number)

    ours = [one for one in (signal.SIGTERM, signal.SIGHUP) if signal.getsignal(one) is signal.SIG_DFL]
    for number in ours:
        signal.signal(number, leave)
    try:
        yield
    finally:
        for number in ours:
            signal.signal(number, signal.SIG_DFL)
