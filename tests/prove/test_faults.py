"""Faults of the app and of the machine: no verdict or one clear line, and nothing lost."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from subsecond.harness import sandbox
from subsecond.ledger.book import opened
from tests.prove.conftest import BASE, GEVENT, Prove, git

RANDOM = BASE.replace("import time\n", "import random\nimport time\n").replace(
    '{"rooms": [1, 2]}', '{"rooms": [random.random(), random.random()], "seed": random.random(), "name": "x"}'
)
LIMITED = BASE.replace("def rooms():\n", "def rooms():\n    asked.append(1)\n    if len(asked) > 9: return {}, 429\n")
LIMITED = LIMITED.replace("app = ", "asked = []\napp = ")
EXPIRING = """\
from flask import Flask, request

app = Flask(__name__)
left = {}


@app.get("/login")
def login():
    token = f"t{len(left)}"
    left[token] = 2
    return {"token": token}


@app.get("/rooms")
def rooms():
    token = request.headers.get("Authorization", "")
    if left.get(token, 0) < 1:
        return {"error": "expired"}, 401
    left[token] -= 1
    return {"rooms": [1, 2]}
"""


def test_random_answers_are_no_verdict_with_the_fields_named(repository: Path, prove: Prove) -> None:
    (repository / "shop.py").write_text(RANDOM)
    git(repository, "commit", "-q", "-am", "random")
    found = prove("contract").gates[0]
    assert found.verdict == "no verdict" and "differ between two answers of the base itself" in found.why, found
    assert any("seed" in one for one in found.evidence) and any("rooms" in one for one in found.evidence), found


def test_a_rate_limit_is_no_verdict_and_named(repository: Path, prove: Prove) -> None:
    (repository / "shop.py").write_text(LIMITED)
    git(repository, "commit", "-q", "-am", "limited")
    found = prove("contract", "budget", get=["/rooms", "/rooms?a=1", "/rooms?b=2", "/rooms?c=3"]).gates[0]
    assert found.verdict == "no verdict" and "429" in found.why and "raise the limit" in found.why, found


def test_a_token_that_expires_is_fetched_again(repository: Path, prove: Prove) -> None:
    (repository / "shop.py").write_text(EXPIRING)
    requests = "# @setup\n# @name login\nGET /login\n\n###\n# @name rooms\nGET /rooms\n"
    (repository / "requests.http").write_text(requests + "Authorization: {{login.response.body.token}}\n")
    git(repository, "add", "-A")
    git(repository, "commit", "-q", "-m", "tokens")
    proof = prove("contract", "budget", get=[], requests=[str(repository / "requests.http")])
    assert [one.verdict for one in proof.gates] == ["passed", "passed"], proof


CONFIG = """\
app = "shop:app"
python = "{python}"
run = "{run}"
get = ["/rooms", "/plans"]
ready = "60s"
timeout = "30s"
"""
ASSISTANT = """\
import pathlib, sys, time

def wait(told):
    time.sleep(60)

def fill(told):
    with open(told.read_text(), "wb") as file:
        while True:
            file.write(b"x" * 65536)

path, told = pathlib.Path("shop.py"), pathlib.Path(sys.argv[2])
path.write_text(path.read_text().replace("range(12)", "range(1)"))
if told.exists():
    DOES(told)
"""
QUERIES = """\
from flask import Flask, jsonify
from sqlalchemy import create_engine, text

app = Flask(__name__)
engine = create_engine("sqlite:///DATABASE")


@app.get("/rooms")
def rooms():
    with engine.connect() as connection:
        for number in range(12):
            found = connection.execute(text("SELECT 40 + 2")).scalar()
    return jsonify({"answer": found})


@app.get("/plans")
def plans():
    with engine.connect() as connection:
        for number in range(12):
            found = connection.execute(text("SELECT 40 + 3")).scalar()
    return jsonify({"answer": found})
"""


@pytest.fixture
def audited(repository: Path, tmp_path: Path) -> Path:
    """An application with a statement that is repeated, audited without trials."""
    import sqlite3

    sqlite3.connect(tmp_path / "shop.db").close()
    (repository / "shop.py").write_text(QUERIES.replace("DATABASE", str(tmp_path / "shop.db")))
    (repository / "subsecond.toml").write_text(
        CONFIG.format(python=sys.executable, run=f"{GEVENT} {{app}}".replace("--timeout 8", "--timeout 60"))
    )
    (tmp_path / "assistant.py").write_text(ASSISTANT.replace("DOES", "wait"))
    git(repository, "add", "-A")
    git(repository, "commit", "-q", "-m", "shop")
    done = subsecond(repository, "audit", "--no-trials")
    assert done.returncode == 0, done.stderr
    return repository


def command(*words: str) -> list[str]:
    return [str(Path(sys.executable).with_name("subsecond")), *words]


def subsecond(folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(command(*words), cwd=folder, capture_output=True, text=True, check=False, timeout=280)


def optimizing(tmp_path: Path) -> list[str]:
    assistant = f"{sys.executable} {tmp_path / 'assistant.py'} {{prompt_file}} {tmp_path / 'wait'}"
    trust = ["--trust-patch"] if sandbox.unavailable() else []
    return ["optimize", "--assistant", assistant, "--attempts", "3", *trust]


STAGES = {
    "while the assistant works": ("S1 ", True),
    "in the contract gate": ("contract:", False),
    "while what was kept is analysed": ("analysing what stands now", False),
    "in the last measurement": ("measuring before and after", False),
}


@pytest.mark.long
@pytest.mark.parametrize(("line", "wait"), STAGES.values(), ids=STAGES.keys())
def test_killed_at_any_stage_it_goes_on_where_it_was(audited: Path, tmp_path: Path, line: str, wait: bool) -> None:
    if wait:
        (tmp_path / "wait").write_text("")
    child = subprocess.Popen(
        command(*optimizing(tmp_path)), cwd=audited, stderr=subprocess.PIPE, stdout=subprocess.DEVNULL, text=True
    )
    assert child.stderr is not None
    for said in child.stderr:
        if line in said:
            break
    else:
        pytest.fail(f"it never said {line!r}")
    time.sleep(0.5)
    child.send_signal(signal.SIGKILL)
    child.wait()
    child.stderr.close()
    (tmp_path / "wait").unlink(missing_ok=True)
    with opened(audited) as ledger:
        kept = [one for one in ledger.attempts() if one.outcome == "kept"]
    done = subsecond(audited, *optimizing(tmp_path))
    assert done.returncode == 0, done.stderr
    with opened(audited) as ledger:
        attempts = ledger.attempts()
    assert [one for one in attempts if one.outcome == "kept"][: len(kept)] == kept
    assert sum(one.outcome == "kept" for one in attempts) == 1, attempts
    assert not any(one.outcome == "running" for one in attempts)
    left = [path.name for path in (audited / ".subsecond").iterdir()]
    assert not [name for name in left if name.startswith(("tree-", "arm-", "run-"))], left
    assert git(audited, "status", "--porcelain") == ""


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of a few megabytes; skips where none may be mounted."""
    folder = tmp_path / "work"
    folder.mkdir()
    made = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=24m", "none", str(folder)], capture_output=True, check=False
    )
    if made.returncode:
        pytest.skip(f"no file system can be mounted here: {made.stderr.decode().strip()}")
    try:
        yield folder
    finally:
        subprocess.run(["umount", "-l", str(folder)], check=True)


@pytest.mark.long
def test_a_disk_that_is_full_in_mid_attempt_is_one_line_and_loses_nothing(
    small_disk: Path, repository: Path, audited: Path, tmp_path: Path
) -> None:
    assert small_disk in audited.parents
    filler = small_disk / "filler"
    (tmp_path / "assistant.py").write_text(ASSISTANT.replace("DOES", "fill"))
    (tmp_path / "wait").write_text(str(filler))
    done = subsecond(audited, *optimizing(tmp_path))
    assert "Traceback" not in done.stderr, done.stderr
    assert done.returncode and ("No space left" in done.stderr or "make room" in done.stderr), done.stderr
    filler.unlink()
    (tmp_path / "wait").unlink()
    done = subsecond(audited, *optimizing(tmp_path))
    assert done.returncode == 0, done.stderr
    with opened(audited) as ledger:
        outcomes = [one.outcome for one in ledger.attempts()]
    assert outcomes[-1] == "kept" and "running" not in outcomes, outcomes
