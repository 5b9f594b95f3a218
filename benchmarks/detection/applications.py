"""The applications of both halves: their labels in one shape, their seal, and an audit of a copy of each."""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
SEALED = HERE / "sealed"
SUBSECOND = Path(sys.executable).with_name("subsecond")
GATEWAY_SECONDS = 20.0
"""The services of an application need a moment to listen; after this they will not."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Application:
    """One application of the corpus. `labels` are entries as the README of the sealed half describes them."""

    name: str
    sealed: bool
    folder: Path
    app: str
    package: str
    database: str
    """Name of the environment variable that holds the path of its database."""
    gateway: str = ""
    """Name of the variable that holds the address of the services it calls; empty: it calls none."""
    allow: tuple[str, ...] = ()
    labels: tuple[dict[str, Any], ...] = ()


def applications() -> list[Application]:
    """The open half, then the three sealed ones."""
    return [_open(), *_sealed()]


def seal() -> str:
    """The sha256 over the sealed half, after it was held against `SEAL`; SystemExit where something was changed."""
    names = sorted(f"./{path.relative_to(SEALED)}" for path in SEALED.rglob("*") if path.is_file() and _counts(path))
    lines = [f"{hashlib.sha256((SEALED / name).read_bytes()).hexdigest()}  {name}\n" for name in names]
    found = hashlib.sha256("".join(lines).encode()).hexdigest()
    if found != (SEALED / "SEAL").read_text().strip():
        raise SystemExit("seal-broken: a file of benchmarks/detection/sealed is not as it was sealed: git checkout it")
    return found


def _counts(path: Path) -> bool:
    return path.name != "SEAL" and "__pycache__" not in path.parts and ".subsecond" not in path.parts


def _open() -> Application:
    folder = HERE / "open"
    planted = json.loads((folder / "expected.json").read_text())
    names = re.findall(r"^### (.+)$", (folder / "requests.http").read_text(), re.M)
    near = [{"request": name, "near": name.partition("/")[0]} for name in names if "/near" in name]
    labels = [{"request": name, "planted": True, **label} for name, label in planted.items()]
    return Application(
        name="desk", sealed=False, folder=folder, app="desk.wsgi:app", package="desk", database="DESK_DB",
        labels=(*labels, *near),
    )  # fmt: skip


def _sealed() -> Iterator[Application]:
    for name, told in json.loads((SEALED / "expected.json").read_text()).items():
        yield Application(
            name=name, sealed=True, folder=SEALED / told["folder"], app=told["app"], package=told["package"],
            database=told["database"], gateway=told.get("gateway", "").partition(" ")[0],
            allow=tuple(told["allow"]), labels=tuple(told["routes"]),
        )  # fmt: skip


@contextmanager
def copied(one: Application) -> Iterator[tuple[Path, dict[str, str]]]:
    """A copy of the application in a folder of its own, its services running -> (folder, environment it needs)."""
    with tempfile.TemporaryDirectory(prefix="subsecond-detection-") as name:
        folder = Path(name) / one.name
        shutil.copytree(one.folder, folder, ignore=shutil.ignore_patterns("__pycache__", ".subsecond"))
        requests = folder / "requests.http"  # of the sealed half: they leave `host` to whoever sends them
        requests.write_text(f"@host = localhost\n\n{requests.read_text()}")
        environment = {one.database: str(folder / f"{one.name}.db")}
        with _services(folder, one.gateway) as address:
            yield folder, {**environment, **({one.gateway: address} if one.gateway else {})}


@contextmanager
def _services(folder: Path, wanted: str) -> Iterator[str]:
    if not wanted:
        yield ""
        return
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    process = subprocess.Popen([sys.executable, "gateway.py", str(port)], cwd=folder)
    try:
        _listening(port)
        yield f"http://127.0.0.1:{port}"
    finally:
        process.terminate()
        process.wait(10)


def _listening(port: int) -> None:
    end = time.monotonic() + GATEWAY_SECONDS
    while time.monotonic() < end:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.1)
    raise SystemExit(f"gateway-silent: gateway.py does not listen on port {port} after {GATEWAY_SECONDS:.0f} s")


def audited(one: Application, budget: str | None) -> dict[str, Any]:
    """The JSON of one audit of a copy, with `traces` and the commit of the `detectors`.

    `budget`: time for trials such as `4m`, None: no trials.
    """
    with copied(one) as (folder, environment):
        words = ["audit", one.app, "requests.http", "--code", one.package, "--json", "--python", sys.executable]
        words += ["--repeat", "1", "--no-trials"] if budget is None else ["--budget", budget]
        words += [word for name, value in environment.items() for word in ("--env", f"{name}={value}")]
        words += [word for allowed in one.allow for word in ("--allow", allowed)]
        done = subprocess.run(
            [str(SUBSECOND), *words], cwd=folder, capture_output=True, check=False, text=True, env=os.environ
        )
        if not done.stdout.strip():
            raise SystemExit(f"audit-failed: {one.name}: {done.stderr.strip().splitlines()[-1:]}")
        outcome: dict[str, Any] = json.loads(done.stdout)
        outcome["traces"] = _traces(folder)
        outcome["detectors"] = _detectors()
        return outcome


def _traces(folder: Path) -> list[dict[str, Any]]:
    """All recorded traces of the audit just run."""
    found = sorted((folder / ".subsecond" / "traces").glob("*.jsonl"))
    return [json.loads(line) for path in found for line in path.read_text().splitlines()]


def _detectors() -> str:
    """The commit that last touched what detects."""
    parts = ["src/subsecond/diagnose", "src/subsecond/observe", "src/subsecond/sql", "src/subsecond_agent"]
    commit = _git("log", "-1", "--format=%h", "--", *parts)
    return commit + (" and changes not committed" if _git("status", "--porcelain", "--", *parts) else "")


def _git(*words: str) -> str:
    return subprocess.run(
        ["git", *words], cwd=HERE.parents[1], capture_output=True, text=True, check=True
    ).stdout.strip()
