"""The loop between its attempts: analysed anew on what was kept, and on what the user has committed meanwhile."""

from __future__ import annotations

import sqlite3
import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from subsecond import store, workflow
from subsecond.attempts import Proposal
from subsecond.errors import SubsecondError
from subsecond.harness import sandbox
from subsecond.ledger.book import Ledger
from subsecond.model.attempt import Attempt
from subsecond.model.audit import Audit
from subsecond.model.optimized import Optimized
from subsecond.model.plan import Plan
from subsecond.model.proof import GateVerdict
from subsecond.model.target import Target
from subsecond.optimize import Limits, Work, optimize
from subsecond.target import load
from tests.prove.conftest import GEVENT, git
from tests.prove.test_contract_edge_budget import EAGER, SHOP

MORE = """

@app.get("/plans")
def plans():
    with Session(engine) as session:
        found = session.scalars(select(Room).order_by(Room.id)).all()
        return jsonify([{"id": r.id, "photos": [p.url for p in r.photos]} for r in found])
"""
LAZY = 'relationship(order_by="Photo.id")'
AT_ONCE = 'relationship(order_by="Photo.id", lazy="selectin")'
"""One line that mends both places at once."""


@dataclass
class Scripted:
    """Proposes what `change` makes of the file, and does `meanwhile` before it hands the patch over."""

    change: Callable[[str], str]
    meanwhile: Callable[[int], None] = lambda turn: None
    asked: list[str] = field(default_factory=list)
    tries: int = 1

    def propose(self, work: Work) -> Proposal:
        self.asked.append(f"{work.finding.kind} {work.finding.function}")
        path = work.copy.target.cwd / "shop.py"
        text = path.read_text()
        made = self.change(text)
        git(work.copy.tree, "init", "-q")
        git(work.copy.tree, "add", "-A")
        path.write_text(made)
        patch = git(work.copy.tree, "diff") if made != text else None
        self.meanwhile(len(self.asked))
        return Proposal(
            step=work.step.id, finding=work.finding.id, key=work.finding.key, kind=work.finding.kind,
            proposer="scripted", patch=patch, refusal="" if patch else "nothing to change",
        )  # fmt: skip


@pytest.fixture
def target(repository: Path, tmp_path: Path) -> Target:
    with sqlite3.connect(tmp_path / "shop.db") as connection:
        connection.execute("CREATE TABLE rooms (id INTEGER PRIMARY KEY, name TEXT, seats INTEGER, price REAL)")
        connection.execute("CREATE TABLE photos (id INTEGER PRIMARY KEY, room_id INTEGER, url TEXT)")
        connection.executemany("INSERT INTO rooms VALUES (?, ?, ?, 9.5)", [(n, f"R {n}", n % 4) for n in range(1, 13)])
        connection.executemany("INSERT INTO photos VALUES (?, ?, ?)", [(n, n % 12 + 1, f"p{n}") for n in range(24)])
    connection.close()
    (repository / "shop.py").write_text(SHOP + MORE)
    git(repository, "commit", "-q", "-am", "shop")
    fields = {
        "app": "shop:app", "python": sys.executable, "run": f"{GEVENT} {{app}}", "get": ["/rooms", "/plans"],
        "ready": "60s", "timeout": "60s", "env": [f"SHOP_DATABASE={tmp_path / 'shop.db'}"],
    }  # fmt: skip
    return load(repository, fields)


def run(target: Target, proposer: Scripted) -> tuple[Optimized, list[str]]:
    """Audit without trials, then the loop; what it said."""
    workflow.audit(target, keep_values=False, trials=False, progress=lambda *_: None, say=lambda line: None)
    return again(target, proposer)


def again(target: Target, proposer: Scripted) -> tuple[Optimized, list[str]]:
    said: list[str] = []
    audit = store.read_audit(target.root)
    lazy = tuple(one.id for one in audit.findings if one.kind == "lazy-load")
    trusted = sandbox.unavailable() is not None
    done = optimize(
        target, audit, workflow.plan(target.root, None), proposer, Limits(steps=lazy), trust_patch=trusted,
        say=said.append,
    )  # fmt: skip
    return done, said


@pytest.mark.long
def test_what_a_kept_step_took_along_is_dropped_and_new_commits_make_the_analysis_stale(target: Target) -> None:
    both = Scripted(lambda text: text.replace(LAZY, AT_ONCE))
    done, said = run(target, both)
    assert [one.outcome for one in done.attempts] == ["kept"], done.attempts
    assert len(both.asked) == 1
    assert any("lazy-load" in line and "no count of it can fall" in line for line in said), said
    assert {one.request: one.counts_after["queries"] for one in done.after} == {"GET /rooms": 2, "GET /plans": 2}

    (target.root / "README").write_text("new\n")
    git(target.root, "add", "-A")
    git(target.root, "commit", "-q", "-m", "a new commit between two runs")
    one = Scripted(lambda text: text.replace(*EAGER))
    done, said = again(target, one)
    assert sum("it is stale, redone" in line for line in said) == 1, said
    assert done.attempts[1].outcome == "kept" and done.attempts[1].base == git(target.root, "rev-parse", "HEAD").strip()
    assert any("beginning anew" in line for line in said)


@pytest.mark.long
def test_what_was_refused_is_asked_again_once_something_is_kept(target: Target) -> None:
    asked: list[str] = []

    def change(text: str) -> str:
        asked.append(proposer.asked[-1])
        if len(asked) == 1:
            return text  # a precondition does not hold on this code
        order = "Room.id" if asked[-1].endswith("plans") else "Room.price"
        return text.replace(
            f"select(Room).order_by({order}", f"select(Room).options(selectinload(Room.photos)).order_by({order}"
        )

    proposer = Scripted(change)
    done, _ = run(target, proposer)
    assert [one.outcome for one in done.attempts] == ["refused", "kept", "kept"], done.attempts
    assert asked[0] == asked[2] != asked[1]
    assert again(target, proposer)[0].attempts[3:] == ()


@pytest.mark.long
def test_nothing_more_is_asked_where_the_base_itself_does_not_start(
    target: Target, monkeypatch: pytest.MonkeyPatch
) -> None:
    judged: list[str] = []

    def no_ground(target: Target, base: str, proposal: Proposal, ledger: Ledger, **_: object) -> Attempt:
        judged.append(proposal.finding)
        gate = GateVerdict(gate="boot", verdict="no verdict", why="the base does not start in the sandbox")
        return Attempt(number=1, step="S1", finding="F1", kind="lazy-load", proposer="scripted", outcome="reverted",
                       base=base, patch="", gates=(gate,), why=gate.why)  # fmt: skip

    monkeypatch.setattr("subsecond.optimize.attempt", no_ground)
    proposer = Scripted(lambda text: text.replace(*EAGER))
    _, said = run(target, proposer)
    assert len(judged) == len(proposer.asked) == 1
    assert any("no patch can be judged here (boot)" in line for line in said), said


@pytest.mark.long
def test_a_commit_while_it_runs_begins_it_anew_on_the_new_head(target: Target) -> None:
    (target.root / "notes.txt").write_text("not committed\n")
    git(target.root, "add", "notes.txt")

    def meanwhile(turn: int) -> None:
        if turn == 1:
            git(target.root, "commit", "-q", "-m", "the user goes on")

    proposer = Scripted(lambda text: text.replace(LAZY, AT_ONCE), meanwhile)
    old = git(target.root, "rev-parse", "HEAD").strip()
    done, said = run(target, proposer)
    head = git(target.root, "rev-parse", "HEAD").strip()
    assert any("changes that are not committed" in line for line in said)
    assert sum(f"HEAD has moved from {old[:10]} to {head[:10]}" in line for line in said) == 1, said
    assert done.base == head and [one.base for one in done.attempts] == [old, head]
    assert git(target.root, "show", "--format=", "--name-only", done.result).split() == ["service/shop.py"]


def test_no_repository_and_no_sandbox_are_told_before_anything_runs(
    tmp_path: Path, repository: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sandbox, "unavailable", lambda: None)
    bare = tmp_path / "bare"
    bare.mkdir()
    (bare / "shop.py").write_text(SHOP)
    for folder, slug in ((bare, "not-a-repository"), (repository, "untrusted-patch")):
        target = load(folder, {"app": "shop:app", "python": sys.executable, "get": ["/rooms"]})
        plan = Plan(goal_seconds=None)
        with pytest.raises(SubsecondError) as caught:
            optimize(target, Audit(), plan, Scripted(lambda text: text), Limits(), say=lambda line: None)
        assert caught.value.slug == slug
        monkeypatch.setattr(sandbox, "unavailable", lambda: "bubblewrap is not installed")
