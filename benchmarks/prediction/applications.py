"""The applications: each in a folder of its own, with a `subsecond.toml`, its data, and what has to run beside it."""

from __future__ import annotations

import json
import os
import re
import shutil
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path

from benchmarks.detection.applications import HERE as DETECTION
from benchmarks.field import packaged

HERE = Path(__file__).resolve().parent
DISCOVERY = HERE.parents[1] / "examples" / "discovery"
NOT_COPIED = shutil.ignore_patterns("__pycache__", ".subsecond", "*.db")
SEED_SECONDS = 300.0
READY = "ready"
"""An empty file beside an application that was made to the end."""
PORTS = ("LEGACY", "OPTIMIZED", "AUTH", "POSTGRES", "VALKEY", "CACHE", "CRM", "OTLP")
"""What `python -m discovery up` listens with, as its variables name it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Application:
    """`standing(folder, requests)` makes `folder/base`, a project that `subsecond audit` takes as it is, with those
    requests alone; a context: what has to run beside it is gone afterwards. A folder made before is taken as it is.
    """

    name: str
    origin: str
    standing: Callable[[Path, Sequence[str]], AbstractContextManager[Path]]
    budget: int = 40
    """Seconds for the trials of one request."""
    at_once: int = 1
    """Requests that are audited, and whose patches are timed, together: more where each has one finding only."""


def applications() -> dict[str, Application]:
    """All of them by name."""
    found = [
        Application(
            name="market", origin="written for this benchmark, bottlenecks that overlap",
            standing=_ours(HERE / "market", "market", "MARKET_DB"), budget=70,
        ),
        Application(
            name="library", origin="benchmarks/detection, sealed half",
            standing=_ours(DETECTION / "sealed" / "library", "library", "LIBRARY_DB"),
        ),
        Application(
            name="clinic", origin="benchmarks/detection, sealed half",
            standing=_ours(DETECTION / "sealed" / "clinic", "clinic", "CLINIC_DB"), at_once=8, budget=20,
        ),
        Application(
            name="desk", origin="benchmarks/detection, open half",
            standing=_ours(DETECTION / "open", "desk", "DESK_DB"), at_once=6, budget=20,
        ),
        Application(
            name="discovery", origin="examples/discovery, legacy, small data, PostgreSQL", standing=_discovery,
            budget=70,
        ),
        *(
            Application(name=one.name, origin=f"PyPI: {one.requirement}", standing=_packaged(one), budget=70)
            for one in packaged.every()
        ),
    ]  # fmt: skip
    return {one.name: one for one in found}


def _ours(source: Path, package: str, variable: str) -> Callable[[Path, Sequence[str]], AbstractContextManager[Path]]:
    """An application of this repository on SQLite; it makes its data when it is first imported."""

    @contextmanager
    def standing(folder: Path, requests: Sequence[str]) -> Iterator[Path]:
        base, data = folder / "base", folder / f"{package}.db"
        if not _made(folder):
            data.unlink(missing_ok=True)
            environment = {**os.environ, variable: str(data)}
            shutil.copytree(source, base, ignore=NOT_COPIED)
            told = (source / "requests.http").read_text()
            text = told if told.startswith("@host") else f"@host = localhost\n\n{told}"
            (base / "requests.http").write_text(only(text, requests))
            (base / "subsecond.toml").write_text(
                f'app = "{package}.wsgi:app"\npython = "{sys.executable}"\nrequests = ["requests.http"]\n'
                f'code = ["{package}"]\n\n[env]\n{variable} = "{data}"\n'
            )
            _run([sys.executable, "-c", f"import {package}.wsgi"], base, environment)
            _mark(folder)
        yield base

    return standing


def only(text: str, requests: Sequence[str]) -> str:
    """A request file with these requests alone, and its `# @setup` requests. Raises SystemExit for an unknown name."""
    head, *parts = re.split(r"(?m)^(?=### )", text)
    named = {part.splitlines()[0].removeprefix("### ").strip(): part for part in parts}
    if missing := [name for name in requests if name not in named]:
        raise SystemExit(f"cases.toml: no request is called {', '.join(missing)}; there are {', '.join(named)}")
    kept = [part for name, part in named.items() if name in requests or "# @setup" in part]
    return head + "".join(kept)


@contextmanager
def _discovery(folder: Path, requests: Sequence[str]) -> Iterator[Path]:
    """The example's slow version on the platform with small data, on free ports."""
    base, var = folder / "base", folder / "var"
    python = DISCOVERY / ".venv" / "bin" / "python"
    ours = {"DISCOVERY_VAR": str(var), **{f"DISCOVERY_{name}_PORT": port for name, port in _ports(folder)}}
    kept = {name: value for name, value in os.environ.items() if not name.startswith("DISCOVERY_")}
    kept.pop("DATABASE_URL", None)
    interpreter = str(python if python.exists() else sys.executable)
    try:
        _run([interpreter, "-m", "discovery", "up", "--scale", "small"], DISCOVERY, {**kept, **ours})
        if not _made(folder):
            auth = json.loads((var / "run" / "state.json").read_text())["auth_url"]
            base.mkdir(parents=True)
            text = (DISCOVERY / "requests.http").read_text().replace("http://127.0.0.1:8103", auth)
            (base / "requests.http").write_text(only(text, requests))
            told = (DISCOVERY / "subsecond.toml").read_text().replace('".venv/bin/python"', f'"{python}"')
            (base / "subsecond.toml").write_text(told)
            shutil.copytree(DISCOVERY / "discovery", base / "discovery", ignore=NOT_COPIED)
            _mark(folder)
        before = {name: os.environ.get(name) for name in ours}
        os.environ.update(ours)  # the target's own commands ask the environment where the platform is
        try:
            yield base
        finally:
            for name, value in before.items():
                os.environ.pop(name, None) if value is None else os.environ.update({name: value})
    finally:
        _run([interpreter, "-m", "discovery", "down"], DISCOVERY, {**kept, **ours})


def _ports(folder: Path) -> Iterator[tuple[str, str]]:
    """A free port for each part, the same ones each time: the application's requests name one of them."""
    kept = folder / "ports.json"
    if not kept.exists():
        sockets = [socket.create_server(("127.0.0.1", 0)) for _ in PORTS]
        folder.mkdir(parents=True, exist_ok=True)
        kept.write_text(json.dumps([one.getsockname()[1] for one in sockets]))
        for one in sockets:
            one.close()
    yield from zip(PORTS, map(str, json.loads(kept.read_text())), strict=True)


def _packaged(one: packaged.Packaged) -> Callable[[Path, Sequence[str]], AbstractContextManager[Path]]:
    """An application from PyPI in its own environment; its package is copied out of it, so that it can be patched."""

    @contextmanager
    def standing(folder: Path, requests: Sequence[str]) -> Iterator[Path]:
        base = folder / "base"
        if not _made(folder):
            python = packaged.installed(one, folder / "environment")
            packaged.filled(one, python, base)
            text = (base / "requests.http").read_text()
            (base / "requests.http").write_text(only(text, requests))
            shutil.copytree(packaged.package_of(one, python), base / one.package, ignore=NOT_COPIED)
            _mark(folder)
        yield base

    return standing


def _made(folder: Path) -> bool:
    """Whether `folder/base` is whole; what was left half made is removed."""
    folder.mkdir(parents=True, exist_ok=True)
    if (folder / READY).exists():
        return True
    shutil.rmtree(folder / "base", ignore_errors=True)
    return False


def _mark(folder: Path) -> None:
    (folder / READY).touch()


def _run(command: Sequence[str], folder: Path, environment: dict[str, str]) -> None:
    done = subprocess.run(
        command, cwd=folder, env=environment, capture_output=True, check=False, text=True, timeout=SEED_SECONDS
    )
    if done.returncode:
        said = (done.stderr or done.stdout).strip().splitlines()[-1:] or [f"exit code {done.returncode}"]
        raise SystemExit(f"application-failed: {' '.join(command[1:])[:60]}: {said[0]}")
