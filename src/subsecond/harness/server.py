"""The start command of the app: the target's own, else a server that its Python has, and why that one."""

from __future__ import annotations

import os
import re
import shlex
import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from subsecond.errors import SubsecondError, did_you_mean
from subsecond.harness.environment import PythonFacts, release
from subsecond.model.target import Target

_ASGI_SOURCE = re.compile(r"\b(FastAPI|Starlette|Quart|Litestar|get_asgi_application)\(")
_WSGI_SOURCE = re.compile(r"\b(Flask|Bottle|get_wsgi_application|Pyramid|Configurator|create_app)\(")
_ASGI_ONLY = ("fastapi", "starlette", "quart", "litestar")
_WSGI = ("flask", "bottle", "pyramid", "falcon", "django")
_SHELL = {"&&", "||", "|", ";", ">", ">>", "<", "&", "2>&1"}
_ASSIGNMENT = re.compile(r"([A-Za-z_]\w*)=(.*)\Z", re.S)
_FIXED_PORT = re.compile(r"(?:(?:--port|-p|--http-port|--bind|-b)[= ]\S*?|:)(\d{2,5})(?!\S*\.\w)(?:\s|\Z)")
_PORT_SHOWN = 999_999
"""No port: stands for `{port}`, which a shell would want in quotes."""
_CONTROL_SOCKET_SINCE = (26,)
"""gunicorn's control socket has one path per user: ours would take the place of a running one's."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Start:
    """How the app is started: `{port}` still in `command` unless `fixed_port` says which it is."""

    command: tuple[str, ...]
    env: tuple[tuple[str, str], ...] = ()
    server: str
    why: str
    fixed_port: int | None = None

    def on(self, port: int) -> list[str]:
        """The command for this port."""
        return [part.replace("{port}", str(port)) for part in self.command]

    def env_on(self, port: int) -> tuple[tuple[str, str], ...]:
        """The variables set before the command (`PORT={port} python app.py`) for this port."""
        return tuple((name, value.replace("{port}", str(port))) for name, value in self.env)

    @property
    def text(self) -> str:
        """The command as a shell would take it."""
        return shlex.join(self.on(_PORT_SHOWN)).replace(str(_PORT_SHOWN), "{port}")


def choose(target: Target, facts: PythonFacts) -> Start:
    """The start command. Raises SubsecondError where none can be had or it would keep the agent out."""
    return _given(target, facts) if target.run else _found(target, facts)


def _given(target: Target, facts: PythonFacts) -> Start:
    assert target.run is not None
    try:
        parts = shlex.split(target.run)
    except ValueError as problem:
        raise SubsecondError("bad-run", f"run = {target.run!r}: {problem}") from None
    env: list[tuple[str, str]] = []
    while parts and (found := _ASSIGNMENT.match(parts[0])):
        env.append((found[1], found[2]))
        parts.pop(0)
    if not parts:
        raise SubsecondError("bad-run", f"run = {target.run!r} names no program")
    if shell := _SHELL.intersection(parts):
        raise SubsecondError(
            "bad-run", f"run = {target.run!r}: {min(shell)!r} needs a shell; write sh -c '…' or a script"
        )
    if "{app}" in target.run and not target.app:
        raise SubsecondError("bad-run", "run holds {app}, but the target names no app; give MODULE:APP")
    parts = [part.replace("{app}", target.app or "").replace("{python}", str(facts.executable)) for part in parts]
    command = (str(find_program(parts[0], target, facts)), *parts[1:])
    return Start(
        command=command,
        env=tuple(env),
        server=_server_name(command),
        why="start command given",
        fixed_port=_fixed_port(target.run),
    )


def _server_name(parts: Sequence[str]) -> str:
    """`gunicorn`, also where it is started as `python -m gunicorn`."""
    return parts[2] if len(parts) > 2 and parts[1] == "-m" else Path(parts[0]).name


def _fixed_port(run: str) -> int | None:
    if "{port}" in run:
        return None
    found = _FIXED_PORT.search(run)
    if not found:
        raise SubsecondError("bad-run", f"run = {run!r} does not tell its port; write {{port}} where the port belongs")
    return int(found[1])


def find_program(name: str, target: Target, facts: PythonFacts) -> Path:
    """The program of a start command: a path, else the app's own scripts, else the search path."""
    if "/" in name:
        path = target.cwd / name
        if path.is_file() and os.access(path, os.X_OK):
            return path
        state = "may not be executed; chmod +x it" if path.is_file() else "does not exist"
        raise SubsecondError("no-program", f"run: {path} {state}")
    if re.fullmatch(r"python3?", name):
        return facts.executable
    own = facts.scripts / name
    if own.is_file():
        return own
    found = shutil.which(name, path=dict(target.env).get("PATH"))
    if not found:
        here = [entry.name for entry in facts.scripts.iterdir()] if facts.scripts.is_dir() else []
        raise SubsecondError(
            "no-program", f"run: no program {name!r} in {facts.scripts} or on the path{did_you_mean(name, here)}"
        )
    return Path(found)


def _found(target: Target, facts: PythonFacts) -> Start:
    assert target.app is not None
    have = facts.libraries
    if speaks_asgi(target, facts):
        if "uvicorn" in have:
            return _uvicorn(target, facts)
        raise SubsecondError("no-server", _no_server(facts, "an ASGI app", "uvicorn"))
    if "gunicorn" in have:
        return _gunicorn(target, facts)
    if "flask" in have:
        module = ("-m", "flask", "--app", target.app, "run", "--host", "127.0.0.1", "--port", "{port}", "--no-reload")
        return _start(
            facts, (*module, "--no-debugger"), "flask run", "Flask's development server: gunicorn is not installed"
        )
    if "django" in have and (target.cwd / "manage.py").is_file():
        parts = ("manage.py", "runserver", "--noreload", "127.0.0.1:{port}")
        return _start(facts, parts, "runserver", "Django's development server: gunicorn is not installed")
    raise SubsecondError("no-server", _no_server(facts, "a WSGI app", "gunicorn"))


def _no_server(facts: PythonFacts, what: str, server: str) -> str:
    return (
        f"no server for {what} in {facts.executable}: install {server} there, "
        f'give --python of the environment that has it, or --run "… {{port}} …"'
    )


def _start(facts: PythonFacts, parts: Sequence[str], server: str, why: str) -> Start:
    return Start(command=(str(facts.executable), *parts), server=server, why=why)


def _uvicorn(target: Target, facts: PythonFacts) -> Start:
    parts = ("-m", "uvicorn", "--host", "127.0.0.1", "--port", "{port}", target.app or "")
    return _start(facts, parts, "uvicorn", f"uvicorn {facts.libraries['uvicorn']}, one process: the app speaks ASGI")


def _gunicorn(target: Target, facts: PythonFacts) -> Start:
    version = facts.libraries["gunicorn"]
    worker, why = _worker(target, facts)
    # its own time-out must not end a slow request before ours tells of it
    limit = str(int(target.timeout_seconds) + 30)
    quiet = ("--no-control-socket",) if release(version) >= _CONTROL_SOCKET_SINCE else ()
    parts = (
        "-m",
        "gunicorn",
        "-w",
        "1",
        *worker,
        "-b",
        "127.0.0.1:{port}",
        "--timeout",
        limit,
        *quiet,
        target.app or "",
    )
    return _start(facts, parts, "gunicorn", f"gunicorn {version}, 1 worker, {why}")


def _worker(target: Target, facts: PythonFacts) -> tuple[tuple[str, ...], str]:
    settings = target.cwd / "gunicorn.conf.py"  # gunicorn reads it by itself
    if settings.is_file() and re.search(r"^worker_class\b", settings.read_text(errors="replace"), re.M):
        return (), "worker class of gunicorn.conf.py"
    # gunicorn's gevent worker needs `packaging` without asking for it
    if "gevent" in facts.libraries and "packaging" in facts.libraries:
        return ("-k", "gevent"), f"gevent {facts.libraries['gevent']}: it is installed"
    return ("-k", "gthread", "--threads", "4"), "4 threads: gevent is not installed"


def speaks_asgi(target: Target, facts: PythonFacts) -> bool:
    """Whether the app is ASGI: what its module's text shows, else what is installed."""
    text = source_of(target)
    if _ASGI_SOURCE.search(text):
        return True
    if _WSGI_SOURCE.search(text):
        return False
    have = facts.libraries
    return any(name in have for name in _ASGI_ONLY) and not any(name in have for name in _WSGI)


def source_of(target: Target) -> str:
    """The text of the app's module, empty where it is not found below the project."""
    parts = (target.app or "").partition(":")[0].split(".")
    for base in (target.cwd, target.cwd / "src", target.root):
        for path in (base.joinpath(*parts).with_suffix(".py"), base.joinpath(*parts, "__init__.py")):
            if path.is_file():
                return path.read_text(encoding="utf-8", errors="replace")[:200_000]
    return ""
