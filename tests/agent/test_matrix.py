"""The same tests with the apps under other Pythons and other versions of SQLAlchemy (`make test-matrix`)."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.agent.served import AGENT

pytestmark = [pytest.mark.matrix, pytest.mark.xdist_group("agent-matrix")]

ALWAYS = ["flask", "psycopg[binary]", "psycopg2-binary", "gunicorn", "gevent", "packaging"]
ALWAYS += ["requests", "redis", "valkey"]
CASES = [
    ("3.9", "sqlalchemy>=1.4,<1.5"),
    ("3.9", "sqlalchemy>=2.0,<2.1"),
    ("3.11", "sqlalchemy>=1.4,<1.5"),
    ("3.12", "sqlalchemy>=2.0,<2.1"),
    ("3.12", "sqlalchemy>=2.1"),
    ("3.13", "sqlalchemy>=2.1"),
    ("3.14", "sqlalchemy>=2.1"),
]
TESTS = ["test_traces", "test_servers", "test_steering", "test_boot", "test_guard", "test_property", "test_call_sites"]
TESTS += ["test_trial_files", "test_redirect"]
FIXES = ["eager_load", "replay", "batch", "values", "memoise", "statements", "connections"]
TESTS += [f"test_virtual_fixes_{name}" for name in FIXES]
ROOT = AGENT.parents[1]


def interpreter(version: str) -> Path | None:
    """A Python of this version that runs: on the path, or one of pyenv's."""
    pyenv = Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv")) / "versions"
    found = shutil.which(f"python{version}")
    places = [Path(found)] if found else []
    places += sorted(pyenv.glob(f"{version}.*/bin/python"), reverse=True)
    for place in places:
        answer = subprocess.run([place, "-c", "import sys, venv; print(*sys.version_info[:2], sep='.')"],
                                capture_output=True, text=True, check=False)  # fmt: skip
        if answer.stdout.strip() == version:
            return place
    return None


@pytest.mark.parametrize(("version", "sqlalchemy"), CASES, ids=[f"python{v}-{s}" for v, s in CASES])
def test_the_agent_in_another_environment(tmp_path: Path, version: str, sqlalchemy: str) -> None:
    python = interpreter(version)
    if python is None:
        pytest.skip(f"no Python {version} that runs, neither on the path nor in pyenv's folder")
    environment = tmp_path / "venv"
    subprocess.run([python, "-m", "venv", environment], check=True)
    pip = [environment / "bin" / "python", "-m", "pip", "--disable-pip-version-check", "-q", "install"]
    install = subprocess.run([*pip, *ALWAYS, sqlalchemy], capture_output=True, text=True, check=False)
    if install.returncode:
        pytest.skip(f"{sqlalchemy} cannot be installed for Python {version}: {install.stderr.strip()[-300:]}")
    tests = [f"tests/agent/{name}.py" for name in TESTS]
    run = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-n", "2", *tests],
        cwd=ROOT,
        env={**os.environ, "SUBSECOND_TEST_PYTHON": str(environment / "bin" / "python")},
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.returncode == 0, run.stdout[-6000:] + run.stderr[-2000:]
