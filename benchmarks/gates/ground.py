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
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from benchmarks.gates.corpus import SEALED
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
"""What `allow` says in `benchmarks/detection/sealed/expected.json`, whose applications these are."""
GATEWAY = "FLEET_GATEWAY"
SERVICE_SECONDS = 20.0
FILL_SECONDS = 120.0
_WHO = ("-c", "user.name=benchmark", "-c", "user.email=benchmark@localhost")


@dataclass(frozen=True, slots=True, kw_only=True)
class Ground:
    """Where one application's patches are judged. `base` is the commit that they change."""

    name: str
    target: Target
    base: str
    _data: Path
    _filled: Path

    def refill(self) -> None:
        """Its data as they were: gates of the patch before have written to them."""
        for path in self._data.iterdir():
            path.unlink()
        for path in self._filled.iterdir():
            shutil.copy2(path, self._data / path.name)


@contextmanager
def ground(name: str) -> Iterator[Ground]:
    """The application's repository, data and services, for the time of the block."""
    with tempfile.TemporaryDirectory(prefix="subsecond-gates-") as folder, _services(name, Path(folder)) as more:
        root, data, filled = (Path(folder) / part for part in ("repository", "data", "filled"))
        shutil.copytree(SEALED / "apps" / name, root, ignore=shutil.ignore_patterns("__pycache__"))
        data.mkdir()
        environment = {f"{name.upper()}_DB": str(data / f"{name}.db"), **more}
        _configured(name, root, environment)
        _fill(name, root, environment)
        shutil.copytree(data, filled)
        made = target.load(root, {})
        yield Ground(name=name, target=made, base=revision(root, "HEAD"), _data=data, _filled=filled)


def _configured(name: str, root: Path, environment: Mapping[str, str]) -> None:
    requests = root / "requests.http"
    requests.write_text(f"@host = localhost\n\n{requests.read_text()}")
    values = {
        "app": f"{name}.wsgi:app", "requests": "requests.http", "python": sys.executable, "allow": list(ALLOWED[name]),
    }  # fmt: skip
    lines = [f"{key} = {json.dumps(value)}" for key, value in values.items()]
    lines += ["[env]", *(f"{key} = {json.dumps(value)}" for key, value in environment.items())]
    (root / "subsecond.toml").write_text("\n".join(lines) + "\n")
    git(root, "init", "--quiet")
    git(root, "add", "--all")
    git(root, *_WHO, "commit", "--quiet", "-m", "base")


def _fill(name: str, root: Path, environment: Mapping[str, str]) -> None:
    """The application fills its database when it is imported."""
    subprocess.run(
        [sys.executable, "-B", "-c", f"import {name}.wsgi"], cwd=root, env=dict(environment), check=True,
        timeout=FILL_SECONDS,
    )  # fmt: skip


@contextmanager
def _services(name: str, folder: Path) -> Iterator[dict[str, str]]:
    """The variable that leads to the services beside the application; nothing where it calls none."""
    program = SEALED / "apps" / name / "gateway.py"
    if not program.exists():
        yield {}
        return
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    process = subprocess.Popen([sys.executable, "-B", str(program), str(port)], cwd=folder, stderr=subprocess.DEVNULL)
    try:
        _listening(port)
        yield {GATEWAY: f"http://127.0.0.1:{port}"}
    finally:
        process.terminate()
        process.wait(SERVICE_SECONDS)


def _listening(port: int) -> None:
    end = time.monotonic() + SERVICE_SECONDS
    while time.monotonic() < end:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.1)
    raise SystemExit(f"gateway-silent: gateway.py does not listen on port {port} after {SERVICE_SECONDS:.0f} s")
