"""A small library as a project of its own, on SQLite and on PostgreSQL."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from subsecond import workflow
from subsecond.model.experiment import Experiment
from subsecond.model.finding import Finding, Trial
from subsecond.model.target import Target
from subsecond.target import load

SHOP = Path(__file__).parent / "shop.py"
RUN = "python -m flask --app {app} run --without-threads --port {port}"
SUBSECOND = Path(sys.executable).with_name("subsecond")


def interrupted(words: Sequence[str], *, later: float = 0.0) -> list[str]:
    """The lines of a command that gets Ctrl-C `later` seconds after the start of its trials' app, and ends by that."""
    command = [str(SUBSECOND), *words]
    tool = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
    assert tool.stderr is not None
    said = []
    for line in tool.stderr:
        said.append(line)
        if line.startswith("the app runs on a scratch copy"):
            time.sleep(later)
            tool.send_signal(signal.SIGINT)
    assert tool.wait(60) == 130
    return said


@dataclass
class Project:
    """A folder with the shop, and the URL of its filled database."""

    folder: Path
    url: str
    said: list[str] = field(default_factory=list)

    def target(self, *paths: str, **options: object) -> Target:
        """The target with these requests; keyword arguments are keys of the configuration."""
        given = {"app": "shop:app", "run": RUN, "python": sys.executable, "env": {"SHOP_DB": self.url}, "repeat": 2}
        return load(self.folder, {**given, "get": list(paths), **options})

    def audit(self, *paths: str, **options: object) -> tuple[Finding, ...]:
        """The findings of an audit with trials; what was said is in `said`."""
        self.said.clear()
        target = self.target(*paths, **options)
        return workflow.audit(target, keep_values=False, progress=lambda *_: None, say=self.said.append).findings

    def tried(self, fix: str, *paths: str, parameters: dict[str, Any], **options: object) -> dict[str, Trial]:
        """The trials of one hypothesis by request."""
        self.said.clear()
        wanted = [Experiment(fix=fix, parameters=parameters)]
        target = self.target(*paths, **options)
        found = workflow.try_one(target, fix, wanted, progress=lambda *_: None, say=self.said.append)
        return {trial.request: trial for finding in found for trial in finding.trials}


def made(folder: Path, url: str) -> Project:
    """The shop's code in `folder`, its database filled."""
    shutil.copy(SHOP, folder / "shop.py")
    environment = {**os.environ, "SHOP_DB": url}
    subprocess.run([sys.executable, "shop.py"], cwd=folder, env=environment, check=True, timeout=120)
    return Project(folder, url)


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Project:
    """The shop on SQLite."""
    folder = tmp_path_factory.mktemp("library")
    return made(folder, f"sqlite:///{folder / 'shop.db'}")


@pytest.fixture(autouse=True)
def nothing_is_left(request: pytest.FixtureRequest) -> Iterator[None]:
    """No run folder, arm or note of a copy stays behind."""
    yield
    projects = [request.getfixturevalue(name) for name in ("shop", "shop_on_postgres") if name in request.fixturenames]
    for project in projects:
        left = [path.name for path in (project.folder / ".subsecond").glob("*-*") if path.is_dir()]
        assert not left, f"left behind: {left}"
        assert not list((project.folder / ".subsecond" / "clones").glob("*"))
