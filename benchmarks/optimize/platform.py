"""The Discovery Platform that the exported application runs against: its database, keys, key-value store."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

EXAMPLE = Path(__file__).resolve().parents[2] / "examples" / "discovery"
PYTHON = EXAMPLE / ".venv" / "bin" / "python"
SMALL = "small"
STATUS_SECONDS = 60.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Platform:
    """A platform that is up. `var`: its folder; `environment`: what its own commands need.

    `read` and `connect`: files and addresses that the application itself needs of it, besides its database.
    """

    var: Path
    scale: str
    auth_url: str
    database_url: str
    read: tuple[Path, ...]
    connect: tuple[str, ...]
    environment: dict[str, str]


def stop(text: str) -> SystemExit:
    """The end of a command that cannot go on, in one line."""
    return SystemExit(f"benchmark-optimize: {text}")


def default_var() -> Path:
    """The folder that `python -m discovery` uses."""
    return Path(os.environ.get("DISCOVERY_VAR") or EXAMPLE / "var").absolute()


def running(var: Path, scale: str | None = None) -> Platform:
    """The platform of a folder. Ends the command where it is not up, or not with the data of `scale`."""
    environment = {**os.environ, "DISCOVERY_VAR": str(var)}
    up = f"DISCOVERY_VAR={var} python -m discovery up --scale {scale or SMALL}"
    done = subprocess.run(
        [sys.executable, "-m", "discovery", "status", "--json"], cwd=EXAMPLE, env=environment, capture_output=True,
        text=True, check=False, timeout=STATUS_SECONDS,
    )  # fmt: skip
    if done.returncode:
        raise stop(f"the Discovery Platform of {var} is not up; in examples/discovery: {up}")
    state = json.loads((var / "run" / "state.json").read_text())
    if scale is not None and state["scale"] != scale:
        raise stop(f"the platform runs with the {state['scale']} data; python -m discovery down, then {up}")
    return _platform(state, var, environment)


@contextmanager
def own(scale: str = SMALL) -> Iterator[Platform]:
    """A platform for the time of the block, on free ports, in a folder that is removed afterwards."""
    from contract_platform import started

    with tempfile.TemporaryDirectory(prefix="subsecond-benchmark-") as folder:
        var = Path(folder) / "var"
        with started(var, scale) as (state, environment):
            yield _platform(state, var, environment)


def _platform(state: dict[str, Any], var: Path, environment: dict[str, str]) -> Platform:
    return Platform(
        var=var, scale=state["scale"], auth_url=state["auth_url"], database_url=state["databases"]["legacy"],
        read=(var / "run" / "state.json", Path(state["jwks"])), environment=environment,
        connect=tuple(urlsplit(state[name]).netloc.rpartition("@")[2] for name in ("keyvalue_url", "cache_url")),
    )  # fmt: skip
