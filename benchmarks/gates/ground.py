"""An application of the corpus as a git repository of its own, with its data and the services that it calls."""

from __future__ import annotations

import json
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import psycopg
from psycopg import sql

from benchmarks._postgres import postgres
from benchmarks.gates import corpus
from subsecond import target
from subsecond.harness.checkout import git, revision
from subsecond.model.target import Target

ALLOWED = {
    "clinic": (
        "POST /appointments/501/check-in", "POST /invoices/remind", "POST /invoices/settle",
        "POST /recalls/12/postpone", "POST /readings/import", "POST /patients/1300/move",
    ),
    "library": ("POST /members/reward", "POST /fines/forgive"),
    "fleet": ("POST /tolls/A60", "POST /trips/close", "POST /odometers", "POST /zones", "POST /tracks/rebuild"),
}  # fmt: skip
"""What `allow` says in `benchmarks/detection/sealed/expected.json`, whose applications these are; the others say it in
`app.json` beside their package."""
FILLS = "fill.py"
"""The module that fills a PostgreSQL database; the other applications fill theirs when they are imported."""
GATEWAY = "FLEET_GATEWAY"
SERVICE_SECONDS = 20.0
FILL_SECONDS = 120.0
_WHO = ("-c", "user.name=benchmark", "-c", "user.email=benchmark@localhost")


class _Data(Protocol):
    """An application's data. Made where `environment` leads, once the application has filled them."""

    environment: Mapping[str, str]

    def keep(self) -> None:
        """Remember them as they are."""

    def refill(self) -> None:
        """As they were when they were kept: gates of the patch before have written to them."""


class _Files:
    """SQLite's, in a folder."""

    def __init__(self, name: str, folder: Path) -> None:
        self._data, self._filled = folder / "data", folder / "filled"
        self._data.mkdir()
        self.environment: Mapping[str, str] = {f"{name.upper()}_DB": str(self._data / f"{name}.db")}

    def keep(self) -> None:
        shutil.copytree(self._data, self._filled)

    def refill(self) -> None:
        for path in self._data.iterdir():
            path.unlink()
        for path in self._filled.iterdir():
            shutil.copy2(path, self._data / path.name)


class _Server:
    """A database of a PostgreSQL server (its SQLAlchemy URL), refilled from another one that nobody connects to."""

    def __init__(self, name: str, url: str) -> None:
        self._name, self._url = name, url
        self._made(self._name, "template1")
        own = url.replace("/postgres?", f"/{name}?").rstrip("?")
        self.environment: Mapping[str, str] = {f"{name.upper()}_DATABASE_URL": own}

    def keep(self) -> None:
        self._made(f"{self._name}_filled", self._name)

    def refill(self) -> None:
        self._made(self._name, f"{self._name}_filled")

    def _made(self, name: str, template: str) -> None:
        words = [sql.Identifier(name), sql.Identifier(template)]
        with psycopg.connect(self._url.replace("+psycopg", ""), autocommit=True) as connection:
            connection.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(words[0]))
            connection.execute(sql.SQL("CREATE DATABASE {} TEMPLATE {}").format(*words))


@dataclass(frozen=True, slots=True, kw_only=True)
class Ground:
    """Where one application's patches are judged. `base` is the commit that they change; `server`: whether its data
    are a server's."""

    name: str
    target: Target
    base: str
    server: bool
    _data: _Data

    def refill(self) -> None:
        """Its data as they were."""
        self._data.refill()


@contextmanager
def ground(name: str) -> Iterator[Ground]:
    """The application's repository, data and services, for the time of the block."""
    home = corpus.homes()[name]
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="subsecond-gates-")))
        server = (home / name / FILLS).exists()
        data: _Data = _Server(name, stack.enter_context(postgres(_free_port()))) if server else _Files(name, folder)
        environment = {**data.environment, **stack.enter_context(_services(home, folder))}
        root = folder / "repository"
        shutil.copytree(home, root, ignore=shutil.ignore_patterns("__pycache__"))
        _configured(name, root, environment)
        _fill(name, root, environment)
        data.keep()
        made = target.load(root, {})
        yield Ground(name=name, target=made, base=revision(root, "HEAD"), server=server, _data=data)


def _configured(name: str, root: Path, environment: Mapping[str, str]) -> None:
    requests = root / "requests.http"
    requests.write_text(f"@host = localhost\n\n{requests.read_text()}")
    told = root / "app.json"
    allow = json.loads(told.read_text())["allow"] if told.exists() else list(ALLOWED[name])
    values = {
        "app": f"{name}.wsgi:app", "requests": "requests.http", "python": sys.executable, "allow": allow,
    }  # fmt: skip
    lines = [f"{key} = {json.dumps(value)}" for key, value in values.items()]
    lines += ["[env]", *(f"{key} = {json.dumps(value)}" for key, value in environment.items())]
    (root / "subsecond.toml").write_text("\n".join(lines) + "\n")
    git(root, "init", "--quiet")
    git(root, "add", "--all")
    git(root, *_WHO, "commit", "--quiet", "-m", "base")


def _fill(name: str, root: Path, environment: Mapping[str, str]) -> None:
    """Have the application fill its database."""
    words = ["-m", f"{name}.fill"] if (root / name / FILLS).exists() else ["-c", f"import {name}.wsgi"]
    subprocess.run(
        [sys.executable, "-B", *words], cwd=root, env=dict(environment), check=True, timeout=FILL_SECONDS
    )  # fmt: skip


@contextmanager
def _services(home: Path, folder: Path) -> Iterator[dict[str, str]]:
    """The variable that leads to the services beside the application; nothing where it calls none."""
    program = home / "gateway.py"
    if not program.exists():
        yield {}
        return
    port = _free_port()
    process = subprocess.Popen([sys.executable, "-B", str(program), str(port)], cwd=folder, stderr=subprocess.DEVNULL)
    try:
        _listening(port)
        yield {GATEWAY: f"http://127.0.0.1:{port}"}
    finally:
        process.terminate()
        process.wait(SERVICE_SECONDS)


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port: int = free.getsockname()[1]
    return port


def _listening(port: int) -> None:
    end = time.monotonic() + SERVICE_SECONDS
    while time.monotonic() < end:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.1)
    raise SystemExit(f"gateway-silent: gateway.py does not listen on port {port} after {SERVICE_SECONDS:.0f} s")
