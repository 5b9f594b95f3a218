"""The real platform with small data, once for all end-to-end tests: its own folder and free ports."""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[2]
EXAMPLE = ROOT / "examples" / "discovery"
SUBSECOND = Path(sys.executable).with_name("subsecond")


@dataclass(frozen=True)
class Platform:
    """A running Discovery Platform and a project folder whose `subsecond.toml` points at it."""

    state: dict[str, Any]
    project: Path
    env: dict[str, str]

    def beside(self, folder: Path) -> Platform:
        """The same platform with a project of its own that asks one quick request."""
        project = _project(folder / "project", self.state["auth_url"])
        asked = project / "requests.http"
        login, _, rest = asked.read_text().partition("### discovery\n")
        asked.write_text(f"{login}### detail\n{rest.partition('### detail')[2].partition('###')[0]}")
        return replace(self, project=project)

    def discovery(self, *words: str) -> str:
        """Run a command of the example that must succeed; what it prints."""
        done = subprocess.run(
            [sys.executable, "-m", "discovery", *words],
            cwd=EXAMPLE,
            env=self.env,
            capture_output=True,
            check=False,
            text=True,
            timeout=120,
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    def subsecond(self, *words: str, check: int | None = 0, **more: Any) -> subprocess.CompletedProcess[str]:
        """Run the command line as a user would."""
        done = subprocess.run(
            [str(SUBSECOND), *words],
            cwd=self.project,
            env=self.env,
            capture_output=True,
            check=False,
            text=True,
            timeout=240,
            **more,
        )
        assert check is None or done.returncode == check, f"exit {done.returncode}: {done.stdout}{done.stderr}"
        return done


def free_ports(count: int) -> list[int]:
    """Ports that nobody listens on now."""
    sockets = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    ports = [one.getsockname()[1] for one in sockets]
    for one in sockets:
        one.close()
    return ports


@pytest.fixture(scope="session")
def platform(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Platform]:
    """`python -m discovery up --scale small`, and `down` at the end."""
    base = tmp_path_factory.mktemp("platform")
    names = ("LEGACY", "OPTIMIZED", "AUTH", "POSTGRES", "VALKEY", "CACHE", "CRM", "OTLP")
    ports = {f"DISCOVERY_{name}_PORT": str(port) for name, port in zip(names, free_ports(len(names)), strict=True)}
    env = {**os.environ, **ports, "DISCOVERY_VAR": str(base / "var"), "COLUMNS": "160"}
    env.pop("DATABASE_URL", None)
    discovery = [sys.executable, "-m", "discovery"]
    try:
        subprocess.run([*discovery, "up", "--scale", "small"], cwd=EXAMPLE, env=env, check=True, timeout=400)
        state = json.loads((base / "var" / "run" / "state.json").read_text())
        yield Platform(state, _project(base / "project", state["auth_url"]), env)
    finally:
        subprocess.run([*discovery, "down", "--purge"], cwd=EXAMPLE, env=env, check=True, timeout=120)


def _project(folder: Path, auth_url: str) -> Path:
    """The example's own target and requests, in a folder of their own, so that tests do not meet in `.subsecond/`."""
    folder.mkdir()
    target = (EXAMPLE / "subsecond.toml").read_text()
    target = target.replace('".venv/bin/python"', f'"{EXAMPLE / ".venv/bin/python"}"')
    (folder / "subsecond.toml").write_text(target)
    requests = (EXAMPLE / "requests.http").read_text()
    (folder / "requests.http").write_text(requests.replace("http://127.0.0.1:8103", auth_url))
    shutil.copy(EXAMPLE / "requirements.lock", folder)
    shutil.copytree(EXAMPLE / "discovery", folder / "discovery", ignore=shutil.ignore_patterns("__pycache__"))
    return folder
