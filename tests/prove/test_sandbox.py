"""A patch from elsewhere in its sandbox: what it cannot read, reach or write, and that its app serves all the same."""

from __future__ import annotations

import json
import os
import socket
import sys
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from subsecond import workflow
from subsecond.errors import SubsecondError
from subsecond.harness import processes, sandbox
from subsecond.harness.checkout import checkout
from subsecond.harness.send import RequestFailed
from subsecond.prove.sides import Sides
from subsecond.target import load
from tests.prove.conftest import GEVENT, git
from tests.prove.hall import HALL, changed, database

LOOK = '''

@app.get("/look")
def look():
    """What this process can see of the machine, and whom it reaches."""
    import pathlib, socket, subprocess
    import psycopg

    def tried(work):
        try:
            return ["done", str(work())]
        except Exception as problem:
            return ["failed", f"{type(problem).__name__}: {problem}"]

    outside = pathlib.Path(OUTSIDE)
    url = os.environ["HALL_DATABASE"].replace("+psycopg", "")
    daemon = "import os, time; os.setsid(); time.sleep(600)"
    if os.environ["HOME"] == SANDBOXED:
        subprocess.Popen([os.sys.executable, "-c", daemon], env={})
    with Session(engine) as session:
        rows = session.execute(text("SELECT count(*) FROM halls")).scalar()
    return {
        "secret": tried(lambda: (outside / "secret").read_text()),
        "variable": os.environ.get("HALL_SECRET"),
        "home": os.environ["HOME"],
        "home_files": sorted(map(str, pathlib.Path(HOME).iterdir())) if pathlib.Path(HOME).exists() else [],
        "connect": tried(lambda: socket.create_connection(("127.0.0.1", PORT), 2)),
        "internet": tried(lambda: socket.create_connection(("192.0.2.1", 80), 2)),
        "write": tried(lambda: (outside / "written").write_text("x")),
        "write_here": tried(lambda: pathlib.Path("written").write_text("x")),
        "original": tried(lambda: psycopg.connect(url)),
        "others": [one for one in os.listdir("/proc") if one.isdigit() and int(one) > 1000],
        "rows": rows,
    }
'''


@pytest.fixture(autouse=True)
def possible() -> None:
    if why := sandbox.unavailable():
        pytest.skip(f"no sandbox here: {why}")


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[int, str]]:
    with database(tmp_path_factory.mktemp("postgres"), "subsecond-sandbox") as found:
        yield found


@pytest.fixture
def outside(tmp_path: Path) -> Path:
    folder = tmp_path / "outside"
    folder.mkdir()
    (folder / "secret").write_text("key")
    return folder


def halls(repository: Path, outside: Path, port: int, more: str = "") -> None:
    (repository / "shop.py").write_text(HALL)
    names = {"OUTSIDE": repr(str(outside)), "PORT": str(port), "HOME": repr(os.path.expanduser("~"))}
    names |= {"SANDBOXED": repr(sandbox.HOME)}
    text = LOOK
    for name, value in names.items():
        text = text.replace(f"({name}", f"({value}").replace(f" {name}", f" {value}")
    changed(repository, ('"weight": weight(100_000 + size)}\n', '"weight": weight(100_000 + size)}\n' + text + more))
    git(repository, "add", "-A")
    git(repository, "commit", "-q", "-m", "halls")


def test_it_serves_and_reaches_nothing_but_its_arm(
    repository: Path, outside: Path, server: tuple[int, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HALL_SECRET", "key")
    with socket.create_server(("127.0.0.1", 0)) as listener, ExitStack() as stack:
        halls(repository, outside, listener.getsockname()[1])
        target = load(
            repository,
            {
                "app": "shop:app", "python": sys.executable, "run": f"{GEVENT} {{app}}", "ready": "60s",
                "timeout": "60s", "get": ["/look"], "env": [f"HALL_DATABASE={server[1]}"],
            },
        )  # fmt: skip
        copies = [stack.enter_context(checkout(target, "main", confined=True)) for _ in range(2)]
        sides = Sides(copies[0], copies[1], stack, lambda line: None)
        sides.look()
        (outside / "written").unlink()  # the base was run once outside, to see what it connects to
        [spec] = sides.requests
        answer = sides.ask("candidate", spec, counted=True)
        assert not isinstance(answer, RequestFailed), answer
        told: dict[str, Any] = json.loads(answer.reply.body)
        left = processes.members(sides.arm("candidate").app.app.pid)
        assert len(left) >= 3
    assert told["secret"][0] == told["write"][0] == "failed", told
    assert all(one in sys.base_prefix or one in sys.prefix for one in told["home_files"]), told
    assert told["connect"][0] == told["internet"][0] == "failed", told
    assert told["variable"] is None and told["home"] == sandbox.HOME and told["others"] == []
    assert told["original"][0] == "failed" and "not this arm's" in told["original"][1], told
    assert told["write_here"][0] == "done" and told["rows"] == 40
    assert answer.counts is not None and answer.counts["queries"] == 1
    assert answer.outside is not None and answer.outside["statements"] == 1
    assert not (outside / "written").exists() and not (repository / "written").exists()
    assert not [pid for pid in left if processes.started(pid)]


@pytest.mark.long
def test_gates_judge_a_named_revision_in_it(repository: Path, outside: Path, server: tuple[int, str]) -> None:
    halls(repository, outside, 1)
    git(repository, "checkout", "-q", "-b", "other")
    reads = f"import pathlib\nSECRET = pathlib.Path({str(outside / 'secret')!r}).read_text()\n"
    writes = f"{reads}pathlib.Path({str(outside / 'log')!r}).write_text(SECRET)\n"
    (repository / "shop.py").write_text(reads + (repository / "shop.py").read_text())
    git(repository, "commit", "-q", "-am", "it reads what is not its own")
    git(repository, "checkout", "-q", "main")
    fields = {
        "app": "shop:app", "python": sys.executable, "run": f"{GEVENT} {{app}}", "ready": "60s", "timeout": "60s",
        "get": ["/halls/3"], "env": [f"HALL_DATABASE={server[1]}"],
    }  # fmt: skip

    def prove(*gates: str, **more: object) -> Any:
        return workflow.prove(
            load(repository, {**fields, **more}), "main", "other", wanted=gates, only=(), say=lambda line: None
        )

    found = prove("import").gates[0]
    assert found.verdict == "failed" and "FileNotFoundError" in found.why, found
    with_file = {"sandbox": {"read": [str(outside / "secret")]}}
    proof = prove("import", "boot", "contract", "budget", **with_file)
    assert [one.verdict for one in proof.gates] == ["passed"] * 4, proof
    git(repository, "checkout", "-q", "other")
    (repository / "shop.py").write_text(writes + (repository / "shop.py").read_text())
    git(repository, "commit", "-q", "-am", "it writes there, too")
    git(repository, "checkout", "-q", "main")
    proof = prove("import", "boot", "contract", **{"sandbox": {"write": [str(outside)]}})
    assert [one.verdict for one in proof.gates] == ["passed"] * 3, proof
    assert [path.name for path in outside.iterdir()] == ["secret"]


def test_without_a_sandbox_a_patch_is_refused_in_one_line(repository: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sandbox, "unavailable", lambda: "bubblewrap is not installed")
    target = load(repository, {"app": "shop:app", "python": sys.executable, "get": ["/rooms"]})
    with pytest.raises(SubsecondError) as caught:
        workflow.prove(target, "main", "main", wanted=("import",), only=(), say=lambda line: None)
    assert caught.value.slug == "untrusted-patch" and "--trust-patch" in caught.value.message
    trusted = workflow.prove(
        target, "main", "main", wanted=("import",), only=(), trust_patch=True, say=lambda line: None
    )
    assert trusted.verdict == "passed"
    assert workflow.prove(target, "main", None, wanted=("import",), only=(), say=lambda line: None).verdict == "passed"


def test_what_a_trusted_patch_writes_elsewhere_is_found(repository: Path) -> None:
    git(repository, "checkout", "-q", "-b", "other")
    reach = f"import pathlib\npathlib.Path({str(repository / 'notes.txt')!r}).write_text('x')\n"
    (repository / "shop.py").write_text(reach + (repository / "shop.py").read_text())
    git(repository, "commit", "-q", "-am", "it writes elsewhere")
    git(repository, "checkout", "-q", "main")
    target = load(repository, {"app": "shop:app", "python": sys.executable, "get": ["/rooms"]})
    with pytest.raises(SubsecondError) as caught:
        workflow.prove(target, "main", "other", wanted=("import",), only=(), trust_patch=True, say=lambda line: None)
    assert caught.value.slug == "wrote-outside" and "service/notes.txt" in caught.value.message
