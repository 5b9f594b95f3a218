"""Applications from PyPI: an environment of their own, their data, a project folder around them."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

HERE = Path(__file__).resolve().parent
SERVER = "gunicorn"
NEWER = 3
"""Minor versions that are looked for, from the oldest on."""
INSTALL_SECONDS, FILL_SECONDS = 400.0, 300.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Packaged:
    """One application. `fill/NAME_data.py`, run by its interpreter in the project's folder, makes its data by its own
    models and leaves `wsgi.py`, `subsecond.toml` and `requests.http` there (the interpreter is told as argument)."""

    name: str
    package: str
    requirement: str
    least: tuple[int, int] = (3, 11)
    """The oldest Python that it runs on."""


def every() -> list[Packaged]:
    """The one that `python -m benchmarks.field` audits comes first."""
    return [
        Packaged(name="ihatemoney", package="ihatemoney", requirement="ihatemoney==7.2.1"),
        Packaged(name="flaskbb", package="flaskbb", requirement="flaskbb==3.0.0rc5", least=(3, 12)),
    ]


def installed(one: Packaged, folder: Path) -> Path:
    """Its interpreter, after a virtual environment with it was made in `folder`, unless it is there already.

    Raises SystemExit with pip's last line where it cannot be installed.
    """
    python, done = folder / "bin" / "python", folder / "installed.json"
    if not done.exists():
        _run([_interpreter(one), "-m", "venv", "--clear", str(folder)], folder.parent, INSTALL_SECONDS, one)
        wanted = [one.requirement, SERVER]
        _run([str(python), "-m", "pip", "install", "--quiet", "--pre", *wanted], folder, INSTALL_SECONDS, one)
        done.write_text(json.dumps(wanted))
    return python


def _interpreter(one: Packaged) -> str:
    """A Python that is new enough: this one, else the first of the path. SystemExit where there is none."""
    if sys.version_info[:2] >= one.least:
        return sys.executable
    for minor in range(one.least[1], one.least[1] + NEWER):
        found = shutil.which(f"python3.{minor}")
        if found and subprocess.run([found, "-c", ""], capture_output=True, check=False).returncode == 0:
            return found
    raise SystemExit(f"python-missing: {one.name} runs on Python 3.{one.least[1]} and newer, and none is on the path")


def filled(one: Packaged, python: Path, project: Path) -> None:
    """Make `project` with the application's data, its `wsgi.py`, `subsecond.toml` and `requests.http`."""
    project.mkdir(parents=True, exist_ok=True)
    _run([str(python), str(HERE / "fill" / f"{one.name}_data.py"), str(python)], project, FILL_SECONDS, one)


def package_of(one: Packaged, python: Path) -> Path:
    """The folder of its package in its environment."""
    script = f"import importlib.util as u; print(u.find_spec('{one.package}').submodule_search_locations[0])"
    return Path(_run([str(python), "-c", script], python.parent, FILL_SECONDS, one).strip())


def versions(one: Packaged, python: Path) -> dict[str, str]:
    """Versions of the application, SQLAlchemy and Flask, and of the interpreter."""
    script = (
        "import importlib.metadata as m, json, platform;"
        f"names = ('{one.package}', 'sqlalchemy', 'flask', 'gunicorn');"
        "print(json.dumps({'python': platform.python_version(), **{name: m.version(name) for name in names}}))"
    )
    return dict(json.loads(_run([str(python), "-c", script], python.parent, FILL_SECONDS, one)))


def _run(command: Sequence[str], folder: Path, seconds: float, one: Packaged) -> str:
    folder.mkdir(parents=True, exist_ok=True)
    done = subprocess.run(command, cwd=folder, capture_output=True, check=False, text=True, timeout=seconds)
    if done.returncode:
        said = (done.stderr or done.stdout).strip().splitlines()[-1:] or [f"exit code {done.returncode}"]
        raise SystemExit(f"application-failed: {one.name}: {said[0]}")
    return done.stdout
