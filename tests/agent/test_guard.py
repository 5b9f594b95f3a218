"""A mishap of the agent is noted once, its hook goes off, the app goes on; so does it with a spool that is no good."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.agent.served import AGENT, Served

pytestmark = pytest.mark.xdist_group("agent-guard")


def sabotaged(tmp_path: Path, hook: str, old: str, new: str) -> Path:
    """A copy of the agent with one line of one file changed."""
    agent = tmp_path / "agent"
    shutil.copytree(AGENT, agent, ignore=shutil.ignore_patterns("__pycache__"))
    file = agent / hook
    text = file.read_text()
    assert text.count(old) >= 1, (hook, old)
    file.write_text(text.replace(old, new))
    return agent


MISHAPS = [
    # hook, file, line, instead, path that meets it
    (
        "logging",
        "hooks/logging.py",
        "    patches.replace(",
        "    raise OSError('install')\n    patches.replace(",
        "/logs",
    ),
    ("logging", "hooks/logging.py", "    ended = now()\n", "    ended = now() / 0\n", "/logs"),
    ("sqlalchemy.engine", "hooks/sqlalchemy__engine.py", "record.queries.append(", "record.gone.append(", "/books/3"),
    (
        "sqlalchemy.engine",
        "hooks/sqlalchemy__engine.py",
        "    record, span = noted\n",
        "    record = noted.x\n",
        "/rows",
    ),
    ("sqlalchemy.engine", "hooks/sqlalchemy__engine.py", "record.transactions.append(1)", "1 / 0", "/write"),
    ("sqlalchemy.pool", "hooks/sqlalchemy__pool.py", "attributes = {DB_POOL", "attributes = 1 / {DB_POOL", "/nested"),
    ("sqlalchemy.pool", "hooks/sqlalchemy__pool.py", "record, span = holder", "record, span = 1 / 0", "/nested"),
    ("sqlalchemy.orm", "hooks/sqlalchemy__orm.py", "    timed = record", "    timed = 1 / 0 or record", "/books/3"),
    ("sqlalchemy.orm", "hooks/sqlalchemy__orm.py", "checkout = checkout_of(", "checkout = 1 / checkout_of(", "/nested"),
    ("flask", "hooks/flask.py", "    rule = getattr(", "    rule = 1 / getattr(", "/books/3"),
    ("flask", "recorder.py", "    pid = os.getpid()\n", "    pid = os.getpid() / 0\n", "/books/3"),
    ("flask", "recorder.py", "spool.write(trace_line(record.taken()))\n", "spool.write(1 / 0)\n", "/stream"),
    ("threading", "hooks/threading.py", "request = current()", "request = 1 / 0", "/thread"),
    ("threading", "hooks/threading.py", "vars(self).pop(KEY, None)", "vars(self).nothing", "/thread"),
    ("concurrent.futures.thread", "hooks/concurrent__futures__thread.py", "KEY, current())", "KEY, 1 / 0)", "/pool"),
]


@pytest.mark.parametrize(("hook", "file", "old", "new", "path"), MISHAPS)
def test_a_failing_hook_leaves_the_app_untouched(
    serve: Callable[..., Served], shop: Served, tmp_path: Path, hook: str, file: str, old: str, new: str, path: str
) -> None:
    served = serve("sync", agent=sabotaged(tmp_path, file, old, new))
    for _ in range(2):
        assert served.get(path) == shop.get(path)
    served.get("/core")
    notes = served.lines("note")
    assert [note["hook"] for note in notes] == ([hook] if file != "recorder.py" or "pid" not in old else [])
    assert all(note["version"] == 1 and note["pid"] for note in notes)
    if notes and hook != "flask":
        trace = served.traced("/logs")
        if hook == "logging":
            assert trace["counts"]["logs"] == 0
    served.stop()


def answers(served: Served) -> None:
    assert served.json("/apart") == ["author 1", "author 2", "author 3"]


def test_a_spool_that_others_may_enter_is_refused(serve: Callable[..., Served], tmp_path: Path) -> None:
    place = tmp_path / "open"
    place.mkdir()
    place.chmod(0o755)
    served = serve("sync", SUBSECOND_SPOOL=str(place))
    answers(served)
    assert list(place.iterdir()) == []
    assert served.log.read_text().count("records nothing: spool folder") == 1
    assert "others may enter it (mode 755); it must be 700" in served.log.read_text()


@pytest.mark.skipif(os.geteuid() != 0, reason="a foreign owner needs root")
def test_a_spool_of_another_user_is_refused(serve: Callable[..., Served], tmp_path: Path) -> None:
    place = tmp_path / "foreign"
    place.mkdir(mode=0o700)
    os.chown(place, 65534, -1)
    served = serve("sync", SUBSECOND_SPOOL=str(place))
    answers(served)
    assert list(place.iterdir()) == []
    assert "belongs to user 65534, this process runs as 0" in served.log.read_text()


@pytest.mark.parametrize("kind", ["missing", "file", "link"])
def test_a_spool_that_is_no_folder_is_refused(serve: Callable[..., Served], tmp_path: Path, kind: str) -> None:
    place = tmp_path / "place"
    if kind == "file":
        place.write_text("")
    elif kind == "link":
        (tmp_path / "real").mkdir(mode=0o700)
        place.symlink_to(tmp_path / "real")
    served = serve("sync", SUBSECOND_SPOOL=str(place))
    answers(served)
    assert served.log.read_text().count("records nothing: spool folder") == 1


def test_a_spool_that_vanishes_meanwhile(serve: Callable[..., Served]) -> None:
    served = serve("sync")
    answers(served)
    shutil.rmtree(served.spool)
    for _ in range(3):
        answers(served)
    assert not served.spool.exists()
    assert served.log.read_text().count("records nothing: spool folder") == 1


def test_a_read_only_spool(serve: Callable[..., Served], tmp_path: Path) -> None:
    place = tmp_path / "locked"
    place.mkdir(mode=0o500)
    if os.geteuid() == 0:
        pytest.skip("root may write everywhere; the same path is taken for a folder that is gone")
    served = serve("sync", SUBSECOND_SPOOL=str(place))
    answers(served)
    assert list(place.iterdir()) == []


def test_descriptors_that_the_app_closes(serve: Callable[..., Served], tmp_path: Path) -> None:
    """A daemon closes all descriptors; then ours may be a file of the app, which must not get our lines."""
    (tmp_path / "closing.py").write_text(
        "import os\n"
        "from shop import app\n"
        "@app.get('/close-all')\n"
        "def close_all():\n"
        f"    spool = {str(tmp_path)!r}\n"
        "    mine = [fd for fd in os.listdir('/proc/self/fd') if os.path.exists('/proc/self/fd/' + fd)\n"
        "            and os.readlink('/proc/self/fd/' + fd).endswith('.jsonl')]\n"
        "    os.close(int(mine[0]))\n"
        "    taken = os.open(spool + '/own-file', os.O_CREAT | os.O_WRONLY)\n"
        "    return str(taken == int(mine[0]))\n"
    )
    served = serve(
        "sync", "closing:app", PYTHONPATH=f"{AGENT / 'inject'}:{tmp_path}:{AGENT.parents[1] / 'tests/agent/apps'}"
    )
    assert served.get("/close-all") == (200, b"True")
    trace = served.traced("/core")
    assert trace["counts"]["queries"] == 1
    assert (tmp_path / "own-file").read_bytes() == b""
    assert len(list(served.spool.glob("*.jsonl"))) == 2
