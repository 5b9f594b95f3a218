"""A small project under git, and a change to it that is put through gates."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from subsecond import workflow
from subsecond.model.proof import Proof
from subsecond.target import load

BASE = """\
import time
from flask import Flask

app = Flask(__name__)


@app.get("/rooms")
def rooms():
    time.sleep(0.05)
    return {"rooms": [1, 2]}
"""
GEVENT = f"{sys.executable} -m gunicorn -k gevent -w 1 --timeout 8 -b 127.0.0.1:{{port}}"

Prove = Callable[..., Proof]


def git(folder: Path, *arguments: str) -> str:
    """Runs git as somebody, whatever the machine's settings."""
    who = ("-c", "user.name=t", "-c", "user.email=t@example.org", "-c", "commit.gpgsign=false")
    return subprocess.run(
        ["git", "-C", str(folder), *who, *arguments], check=True, capture_output=True, text=True
    ).stdout


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    """A repository with one commit: a Flask app in a folder below its top."""
    folder = tmp_path / "work" / "service"
    folder.mkdir(parents=True)
    (folder / "shop.py").write_text(BASE)
    (folder / ".gitignore").write_text(".env\n.subsecond\n")
    git(tmp_path / "work", "init", "-q", "-b", "main")
    git(tmp_path / "work", "add", "-A")
    git(tmp_path / "work", "commit", "-q", "-m", "base")
    return folder


@pytest.fixture
def prove(repository: Path) -> Prove:
    """Puts the working tree, or a revision, through gates."""

    def run(
        *gates: str, candidate: str | None = None, flags: str = "", ready: str = "12s", faster: tuple[str, ...] = (),
        speed_seconds: float = 60.0, reveal: bool = False, **options: object,
    ) -> Proof:  # fmt: skip
        fields = {
            "app": "shop:app", "python": sys.executable, "run": f"{GEVENT} {flags} {{app}}", "get": ["/rooms"],
            "ready": ready, "timeout": "8s", **options,
        }  # fmt: skip
        target = load(repository, fields)
        return workflow.prove(
            target, "main", candidate, wanted=gates, only=(), faster=faster, speed_seconds=speed_seconds,
            reveal=reveal, say=lambda line: None,
        )  # fmt: skip

    return run
