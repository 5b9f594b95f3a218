"""What `optimize` kept is recorded and held against the audit: the user's own application before and after."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from subsecond import store, workflow
from subsecond.cli._sources import sources
from subsecond.fixes import Fixers
from subsecond.optimize import Limits, optimize
from subsecond.report.page.data import KEPT, report
from tests.confirm.conftest import made


def git(folder: Path, *arguments: str) -> None:
    """Runs git as somebody."""
    who = ("-c", "user.name=t", "-c", "user.email=t@example.org", "-c", "commit.gpgsign=false")
    subprocess.run(["git", "-C", str(folder), *who, *arguments], check=True, capture_output=True)


@pytest.mark.long
def test_the_report_shows_before_and_after_of_what_was_kept(tmp_path: Path) -> None:
    project = made(tmp_path, f"sqlite:///{tmp_path / 'shop.db'}")
    (tmp_path / ".gitignore").write_text("*.db\n.subsecond/\n__pycache__/\n")
    git(tmp_path, "init", "-q", "-b", "main")
    git(tmp_path, "add", "-A")
    git(tmp_path, "commit", "-q", "-m", "as it is")
    target = project.target("/books", budget="5s")
    workflow.audit(target, keep_values=False, progress=lambda *_: None, say=lambda _: None)
    plan = workflow.plan(tmp_path, 0.01)
    audit = store.read_audit(tmp_path)
    lazy = next(one for one in audit.findings if one.kind == "lazy-load" and "Book.author" in one.title)
    limits = Limits(attempts=3, steps=(lazy.id,))
    done = optimize(target, audit, plan, Fixers(), limits, trust_patch=True, say=lambda _: None)
    [attempt] = done.attempts
    assert attempt.outcome == "kept", attempt.why

    shown = report(sources(tmp_path, None, {}, live=False))
    assert shown.compared == KEPT and {one.side for one in shown.requests} == {"legacy", "optimised"}
    before, after = (view for view in shown.views if view.kind == "flow")
    assert (before.side, after.side, before.pair) == ("legacy", "optimised", after.id)
    assert sum(step.times for step in after.steps) < sum(step.times for step in before.steps)
    assert [one.sort for one in before.callouts].count("wins") == 0
    wins = [line.text for one in after.callouts if one.sort == "wins" for line in one.lines]
    assert any(line.startswith("Queries: ") for line in wins)
    [compared] = shown.overview.comparisons
    rows = {row.key: (row.before, row.after) for row in compared.rows}
    [measured] = done.after
    assert rows["queries"] == (measured.counts_before["queries"], measured.counts_after["queries"])
    assert rows["lazy_loads"] == (60, 0)
    assert shown.plan is not None and shown.plan.requests[0].kept
    assert shown.plan.requests[0].queries_measured == measured.counts_after["queries"]
    # code of the side that was kept is shown as it then was, though the working tree never had it
    place = next(box for box in after.boxes if box.code)
    assert place.code is not None and shown.excerpts[place.code].code_html
    assert "joinedload" in attempt.patch
    assert "joinedload" not in (tmp_path / lazy.file).read_text()

    # a new audit is a new before
    store.write_outcome(tmp_path, audit, store.read_recorded(tmp_path))
    assert not store.kept(tmp_path).exists() and store.read_optimized(tmp_path) is None
    assert report(sources(tmp_path, None, {}, live=False)).compared is None
    shutil.rmtree(tmp_path / ".subsecond")
