"""The Python of the app: which one, its version, what is installed there. Nothing of the app is imported."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from subsecond.errors import SubsecondError
from subsecond.model.target import Target
from subsecond.store import from_json

OLDEST = (3, 9)
"""The agent's oldest CPython."""
PROBE_SECONDS = 60.0
_MARK = "subsecond-facts:"
_PROBE = """
import importlib.metadata, json, sys
found = {}
for one in importlib.metadata.distributions(path=sys.argv[1:] + sys.path):
    name = one.metadata["Name"]
    if name:
        found.setdefault(name, one.version)
print("subsecond-facts:" + json.dumps({
    "version": list(sys.version_info[:3]), "implementation": sys.implementation.name, "prefix": sys.prefix,
    "base": sys.base_prefix, "path": sys.path, "libraries": found}))
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class PythonFacts:
    """The app's interpreter. `libraries` maps distribution names (lower case, `-`) to versions."""

    executable: Path
    why: str
    version: tuple[int, int, int]
    implementation: str
    prefix: Path
    base_prefix: Path
    """Where the standard library lies; other than `prefix` in a virtual environment."""
    path: tuple[Path, ...]
    """Folders that modules are looked for in, of the interpreter alone."""
    virtual: bool
    libraries: dict[str, str]

    @property
    def scripts(self) -> Path:
        """The folder of its console scripts."""
        return self.prefix / "bin" if self.virtual else self.executable.parent

    @property
    def version_text(self) -> str:
        return ".".join(map(str, self.version))


def find_python(target: Target) -> tuple[Path, str]:
    """The target's interpreter and why that one: given, `.venv` or `venv` of the project, else `python3`."""
    if target.python:
        return target.python, "given"
    for folder in dict.fromkeys((target.own(target.cwd), target.home)):
        for name in (".venv", "venv"):
            path = folder / name / "bin" / "python"
            if path.exists():
                return path, f"{name} in {folder}"
    found = shutil.which("python3", path=_search_path(target))
    if not found:
        raise SubsecondError("no-python", "no python3 on the path and no .venv in the project; give --python")
    return Path(found), "python3 on the path"


def probe(target: Target) -> PythonFacts:
    """Facts of the target's interpreter, told by a child of it. Raises SubsecondError where it cannot serve."""
    executable, why = find_python(target)
    answer = _ask(executable, _extra_path(target))
    version = tuple(answer["version"])
    if version < OLDEST:
        raise SubsecondError(
            "python-too-old", f"{executable} is Python {version[0]}.{version[1]}; the agent needs 3.9 or later"
        )
    return PythonFacts(
        executable=executable,
        why=why,
        version=(version[0], version[1], version[2]),
        implementation=answer["implementation"],
        prefix=Path(answer["prefix"]),
        base_prefix=Path(answer["base"]),
        path=tuple(Path(one) for one in answer["path"] if one),
        virtual=answer["prefix"] != answer["base"],
        libraries={normal(name): text for name, text in sorted(answer["libraries"].items())},
    )


def normal(name: str) -> str:
    """A distribution's name in its normal form (PEP 503)."""
    return re.sub(r"[-_.]+", "-", name).lower()


def release(version: str) -> tuple[int, ...]:
    """`27.0.1` -> (27, 0, 1); what is no number ends it."""
    numbers = re.match(r"\d+(?:\.\d+)*", version)
    return tuple(map(int, numbers[0].split("."))) if numbers else ()


def app_path(target: Target) -> str | None:
    """`PYTHONPATH` as the app would have it without us: the target's own, else the inherited one."""
    return dict(target.env).get("PYTHONPATH", os.environ.get("PYTHONPATH"))


def _search_path(target: Target) -> str:
    return dict(target.env).get("PATH", os.environ.get("PATH", os.defpath))


def _extra_path(target: Target) -> list[str]:
    parts = (app_path(target) or "").split(os.pathsep)
    return [str(target.cwd / part) for part in parts if part]


def _ask(executable: Path, extra: list[str]) -> dict[str, Any]:
    # -I: a json.py in the working folder or on PYTHONPATH must not answer in place of the library
    command = [str(executable), "-I", "-c", _PROBE, *extra]
    try:
        done = subprocess.run(
            command, capture_output=True, timeout=PROBE_SECONDS, stdin=subprocess.DEVNULL, check=False
        )
    except subprocess.TimeoutExpired:
        raise SubsecondError("python-unusable", f"{executable} did not answer in {PROBE_SECONDS:.0f} s") from None
    except OSError as problem:
        raise SubsecondError("python-unusable", f"{executable} does not start: {problem.strerror}") from None
    lines = [line for line in done.stdout.decode(errors="replace").splitlines() if line.startswith(_MARK)]
    if not lines:
        last = done.stderr.decode(errors="replace").strip().splitlines()[-1:] or [f"exit code {done.returncode}"]
        raise SubsecondError("python-unusable", f"{executable} is no Python that answers: {last[0]}; give --python")
    answer: dict[str, Any] = from_json(lines[-1][len(_MARK) :], dict, str(executable))
    return answer
