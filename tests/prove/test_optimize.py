"""The case study replayed: a scripted assistant that really edits files, judged, reverted, taught, kept."""

from __future__ import annotations

import sys
import textwrap
from pathlib import Path

import pytest

from subsecond import store
from subsecond.assistant.proposer import Assistant
from subsecond.harness import commits, sandbox
from subsecond.ledger.book import opened
from subsecond.model.audit import Audit, Interval, RequestResult
from subsecond.model.experiment import Experiment
from subsecond.model.finding import Finding
from subsecond.optimize import Limits, optimize
from subsecond.plan.stage import plan
from subsecond.target import load
from tests.prove.conftest import GEVENT, git
from tests.prove.test_contract_edge_budget import EAGER, SHOP

ASSISTANT = '''\
"""Edits the file as its turn says: 1 everything at once, 2 still with what breaks the boot, 3 logic, with a slip."""
import pathlib, sys
prompt = pathlib.Path(sys.argv[1]).read_text()
turns = pathlib.Path(sys.argv[2])
turn = int(turns.read_text()) + 1 if turns.exists() else 1
turns.write_text(str(turn))
(turns.parent / f"prompt-{turn}.md").write_text(prompt)
path = pathlib.Path("shop.py")
text = path.read_text()
eager = (EAGER_OLD, EAGER_NEW)
app = "app = Flask(__name__)\\n"
shared = (app, "import multiprocessing\\nCONFIG = multiprocessing.Manager().dict()\\n" + app)
again = (app, "from multiprocessing import Manager\\ncache = Manager().dict()\\n" + app)
slip = ("if (not seats or r.seats >= seats)", "if (seats is None or r.seats >= max(seats, 1))")
for old, new in {1: [eager, shared], 2: [again], 3: [slip, eager], 4: [eager]}[turn]:
    assert old in text
    text = text.replace(old, new)
path.write_text(text)
print("turn", turn)
'''


@pytest.fixture
def work(repository: Path, tmp_path: Path) -> Path:
    import sqlite3

    with sqlite3.connect(tmp_path / "shop.db") as connection:
        connection.execute("CREATE TABLE rooms (id INTEGER PRIMARY KEY, name TEXT, seats INTEGER, price REAL)")
        connection.execute("CREATE TABLE photos (id INTEGER PRIMARY KEY, room_id INTEGER, url TEXT)")
        connection.executemany(
            "INSERT INTO rooms VALUES (?, ?, ?, 9.5)", [(n, f"Room {n}", n % 4) for n in range(1, 9)]
        )
        connection.executemany("INSERT INTO photos VALUES (?, ?, ?)", [(n, n % 8 + 1, f"p{n}") for n in range(20)])
    connection.close()
    (repository / "shop.py").write_text(SHOP)
    git(repository, "commit", "-q", "-am", "shop")
    script = ASSISTANT.replace("EAGER_OLD", repr(EAGER[0])).replace("EAGER_NEW", repr(EAGER[1]))
    (tmp_path / "assistant.py").write_text(textwrap.dedent(script))
    return repository


@pytest.mark.long
def test_crash_repeat_slip_and_then_it_is_kept(work: Path, tmp_path: Path) -> None:
    target = load(
        work,
        {
            "app": "shop:app", "python": sys.executable, "run": f"{GEVENT} {{app}}", "get": ["/rooms?seats=0&name="],
            "ready": "60s", "timeout": "60s", "env": [f"SHOP_DATABASE={tmp_path / 'shop.db'}"],
        },
    )  # fmt: skip
    [name] = [f"GET {target.get[0]}"]
    finding = Finding(
        id="F1", key="k", kind="lazy-load", phase=2, request=name, requests=(name,), title="Room.photos loaded 8 times",
        file="shop.py", line=36, function="rooms", queries=8, seconds=0.01,
        experiments=(Experiment(fix="eager-load", saves={name: {"queries": 7}}),),
    )  # fmt: skip
    result = RequestResult(
        name=name, method="GET", url=target.get[0], status=200, seconds=Interval(median=0.03, low=0.02, high=0.04)
    )
    audit = Audit(requests=(result,), findings=(finding,))
    words = [sys.executable, str(tmp_path / "assistant.py"), "{prompt_file}", str(tmp_path / "turn")]
    proposer = Assistant(words=words, seconds=60, passed={}, tries=4)
    trusted = sandbox.unavailable() is not None  # the same replay without a sandbox where none can be had
    before = git(work, "rev-parse", "HEAD"), git(work, "status", "--porcelain"), git(work, "worktree", "list")
    said: list[str] = []
    done = optimize(target, audit, plan(audit, None, 0.5), proposer, Limits(), trust_patch=trusted, say=said.append)

    assert [one.outcome for one in done.attempts] == ["reverted", "refused", "reverted", "kept"], done.attempts
    crash, repeat, slip, kept = done.attempts
    assert (
        "BlockingIOError" in crash.why and "Manager().dict()" in crash.culprit and "selectinload" not in crash.culprit
    )
    assert "calls multiprocessing.Manager" in repeat.why and "attempt 1" in repeat.why
    assert slip.gates[-1].gate in ("contract", "edge") and "seats" in slip.why
    told = [one.verdict for one in kept.gates if one.verdict != "not applicable"]
    assert told == ["passed"] * len(told) and len(told) >= 5
    assert done.result == kept.commit
    assert done.after[0].counts_before["queries"] == 9 and done.after[0].counts_after["queries"] == 2
    prompts = [(tmp_path / f"prompt-{turn}.md").read_text() for turn in (1, 2, 3, 4)]
    assert "taken back" in prompts[1] and "Manager().dict()" in prompts[1]
    assert "multiprocessing" in prompts[2].partition("## Rules")[2]
    assert (git(work, "rev-parse", "HEAD"), git(work, "status", "--porcelain"), git(work, "worktree", "list")) == before
    with opened(work) as ledger:
        assert ledger.constraints()[0].rule == "no-module-level"
    assert store.read_plan(work) is None and (work / ".subsecond" / "optimized.json").exists()

    commits.fast_forward(work, done.base, done.result)
    assert EAGER[1] in (work / "shop.py").read_text()
    assert git(work, "log", "--format=%s", "-1").startswith("lazy-load")
