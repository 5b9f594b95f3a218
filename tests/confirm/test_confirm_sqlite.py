"""Trials end to end on SQLite: what is real is confirmed, near misses are not, an unequal response has no gain."""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys

import pytest

from subsecond import store
from tests.confirm.conftest import RUN, SUBSECOND, Project, interrupted

BOOKS, APART, TOLD, CLOCK, LOANS = "GET /books", "GET /apart", "GET /told", "GET /clock", "GET /loans"


def digest(project: Project) -> str:
    return hashlib.sha256((project.folder / "shop.db").read_bytes()).hexdigest()


def test_an_audit_confirms_what_is_real_and_says_why_the_rest_is_not(shop: Project) -> None:
    before = digest(shop)
    findings = shop.audit("/books", "/apart", "/told", "/clock", budget="200s")
    assert digest(shop) == before, "trials changed the app's own database"
    of = {finding.request: finding for finding in findings if finding.kind == "lazy-load"}

    [real] = of[BOOKS].trials
    assert (real.virtual_fix, real.verdict, real.fidelity) == ("eager-load", "confirmed", "measured")
    assert (real.queries_saved, real.response_equal) == (59, True)
    assert real.gain_seconds is not None and real.low is not None and real.high is not None
    assert 0 < real.low <= real.gain_seconds <= real.high
    assert real.why.startswith("59 statements fewer, same response")

    assert {trial.verdict for trial in of[APART].trials} == {"not applied"}
    whys = ("it never acted on this request", "it saved 0 of the 2 statements it was to save")
    assert all(trial.why in whys for trial in of[APART].trials)
    assert {(trial.gain_seconds, trial.fidelity) for trial in of[APART].trials} == {(None, None)}

    for trial in of[TOLD].trials:
        assert (trial.verdict, trial.response_equal) == ("inconclusive", False)
        assert (trial.gain_seconds, trial.low, trial.high, trial.queries_saved) == (None, None, None, None)
        assert "$[1][0] (value)" in trial.why

    assert of[CLOCK].trials[0].verdict == "confirmed"

    trials = store.read_trials(shop.folder)
    assert trials is not None
    assert f"the app runs on a scratch copy of {shop.folder / 'shop.db'}" in trials.isolation
    assert any(note == "GET /clock: differs between equal runs and was not compared: $.now" for note in trials.notes)
    record = next(one for one in trials.trials if one.finding == of[BOOKS].id and one.trial.request == BOOKS)
    assert (record.method, record.promised, record.saved["queries"]) == ("pairs", {"queries": 59}, 59)
    assert record.pairs >= 6 and record.wall is not None and record.floor is not None
    whole = next(one for one in trials.sets if one.request == BOOKS)
    assert (whole.queries_before, whole.queries_after, whole.response_equal) == (61, 2, True)
    assert of[BOOKS].id in whole.findings
    assert set(whole.left) == {"database", "round trips", "waiting", "logs", "garbage", "python"}
    # by the wall, which others on the machine stretch; the base by what its process and its waits took
    assert 0 < sum(whole.left.values()) < 3 * whole.base_seconds and whole.left["round trips"] == 0


@pytest.mark.long
def test_an_index_is_built_in_the_copy_only_and_judged_by_its_seconds(shop: Project) -> None:
    before = digest(shop)
    tried = shop.tried("index", "/loans", parameters={"table": "loans", "columns": ["reader"]}, budget="150s")
    assert (tried[LOANS].verdict, tried[LOANS].response_equal) == ("confirmed", True)
    assert tried[LOANS].low is not None and tried[LOANS].low > 0.005
    near_miss = shop.tried("index", "/loans", parameters={"table": "loans", "columns": ["day"]}, budget="60s")
    assert near_miss[LOANS].verdict in ("refuted", "inconclusive")
    assert near_miss[LOANS].why.startswith(("it saves no statement", "between "))
    assert digest(shop) == before


def test_a_confirmed_index_is_weighed_by_its_room_and_by_what_a_written_row_costs(shop: Project) -> None:
    before = digest(shop)
    [finding] = [one for one in shop.audit("/loans", budget="150s") if one.kind == "missing-index"]
    assert finding.trials[0].verdict == "confirmed"
    trials = store.read_trials(shop.folder)
    assert trials is not None
    [index] = trials.indexes
    assert (index.findings, index.kept, index.why) == ((finding.id,), True, "")
    assert index.index.startswith("loans (reader")
    assert index.seconds > 0.001
    assert index.bytes is None or 500_000 < index.bytes < 20_000_000, "400,000 rows"
    assert index.write_seconds is not None and 0 <= index.write_seconds < 0.001
    assert any(line.startswith("  index loans (reader") and "for each row written" in line for line in shop.said)
    assert digest(shop) == before


def test_a_hypothesis_that_does_not_exist_or_is_malformed_is_told(shop: Project) -> None:
    tried = shop.tried("eager-load", "/books", parameters={"relation": "Book.publisher"}, budget="20s")
    assert tried[BOOKS].verdict == "not applied"
    tried = shop.tried("eager-load", "/books", parameters={"relation": "no relation"}, budget="20s")
    assert tried[BOOKS].verdict == "not testable"
    assert "malformed: fix 0 (eager-load): relation wants Model.relation" in tried[BOOKS].why


def test_what_a_fix_remembers_is_there_in_each_process_of_the_server(shop: Project) -> None:
    run = "gunicorn --workers 3 --bind 127.0.0.1:{port} {app}"
    tried = shop.tried("remember-response", "/books", "/loans", "/apart", parameters={}, run=run, budget="40s")
    assert len(tried) == 3
    for trial in tried.values():
        assert trial.verdict in ("confirmed", "inconclusive", "refuted"), trial.why
        assert "never acted" not in trial.why
        assert trial.response_equal is True


def test_a_budget_that_is_spent_is_told(shop: Project) -> None:
    findings = shop.audit("/books", "/told", budget="10ms")
    whys = [trial.why for finding in findings for trial in finding.trials]
    assert any(why.startswith("not tried: the budget of 10 ms was spent") for why in whys)
    trials = store.read_trials(shop.folder)
    assert trials is not None and trials.untested
    assert trials.untested[0].why.startswith("F")


def subsecond(shop: Project, *words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [str(SUBSECOND), *words, "--cwd", str(shop.folder)], capture_output=True, text=True, timeout=120, check=False,
        env={**os.environ, "COLUMNS": "200"},
    )  # fmt: skip


def test_try_says_what_is_wrong_with_a_hypothesis(shop: Project) -> None:
    for words, message in (
        (["eager-lode"], 'unknown-hypothesis: "eager-lode" is no virtual fix and no kind; did you mean "eager-load"?'),
        (["lazy-load", "relation=Book.author"], "lazy-load is a kind, its parameters are learnt"),
        (["index", "columns=shelf"], "an index needs `table`, a name"),
    ):
        done = subsecond(shop, "try", *words, "shop:app")
        assert done.returncode == 2
        assert message in done.stderr
        assert len(done.stderr.splitlines()) == 1
    assert "subsecond try eager-load relation=Order.lines" in subsecond(shop, "try", "--help").stdout


def test_an_audit_that_is_interrupted_in_its_trials_keeps_what_it_recorded(shop: Project) -> None:
    own = shop.folder / ".subsecond"
    before = own.rename(shop.folder / "before") if own.exists() else None
    words = [
        "audit",
        "shop:app",
        "--cwd",
        str(shop.folder),
        "--get",
        "/books",
        "--run",
        RUN,
        "--python",
        sys.executable,
    ]
    words += ["--env", f"SHOP_DB={shop.url}"]
    try:
        said = interrupted(words)
        assert any("what was recorded and found is written" in line for line in said), said
        audit = store.read_audit(shop.folder)
        assert [one.kind for one in audit.findings] == ["lazy-load"] and store.read_trials(shop.folder) is None
        assert any("nothing is confirmed" in note for note in audit.notes)
    finally:
        shutil.rmtree(own, ignore_errors=True)
        if before is not None:
            before.rename(own)
