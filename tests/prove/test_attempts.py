"""The revert cycle: kept, reverted with its culprit, remembered, refused the next time."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from subsecond.attempts import Proposal, attempt
from subsecond.harness import commits, run_folder
from subsecond.harness.checkout import revision
from subsecond.ledger.book import opened
from subsecond.model.attempt import Attempt
from subsecond.model.promise import Promise
from subsecond.target import load
from tests.prove.conftest import BASE, GEVENT, git

SHARED = (
    BASE.replace("import time\n", "import multiprocessing\nimport time\n")
    .replace("app = Flask", "CONFIG = multiprocessing.Manager().dict()\napp = Flask")
    .replace("[1, 2]", "list((1, 2))")
)
AGAIN = BASE.replace("import time\n", "from multiprocessing import Manager as Shared\nimport time\n").replace(
    "app = Flask", "def make():\n    return Shared()\n\n\ncache = make().dict()\napp = Flask"
)

Try = Callable[..., Attempt]


@pytest.fixture
def tried(repository: Path) -> Try:
    """Tries a new text of the app's file."""
    fields = {
        "app": "shop:app", "python": sys.executable, "run": f"{GEVENT} {{app}}", "get": ["/rooms"], "ready": "12s",
        "timeout": "8s",
    }  # fmt: skip
    target = load(repository, fields)
    said = list[str]()

    def run(text: str, *gates: str, promised: Promise | None = None) -> Attempt:
        path = repository / "shop.py"
        path.write_text(text)
        patch = git(repository, "diff")
        path.write_text(BASE)
        proposal = Proposal(
            step="S1", finding="F1", kind="static-lookup", proposer="person", patch=patch,
            promised=promised or Promise(),
        )  # fmt: skip
        with run_folder.lock(target.home), opened(target.home) as ledger:
            return attempt(target, revision(repository, "HEAD"), proposal, ledger, gates=gates, say=said.append)

    return run


def test_a_failed_attempt_is_reverted_its_culprit_named_and_its_repeat_refused(repository: Path, tried: Try) -> None:
    head, status = git(repository, "rev-parse", "HEAD"), git(repository, "status", "--porcelain")
    first = tried(SHARED, "import", "boot")
    assert first.outcome == "reverted"
    assert "BlockingIOError" in first.why
    assert "+CONFIG = multiprocessing.Manager().dict()" in first.culprit
    assert "list((1, 2))" not in first.culprit
    with opened(repository) as ledger:
        [learnt] = ledger.constraints()
    assert learnt.rule == "no-module-level" and learnt.parameters == {"names": ["multiprocessing"]}
    again = tried(AGAIN, "import", "boot")
    assert (again.outcome, again.gates) == ("refused", ())
    assert "constraint" in again.why and "attempt 1" in again.why
    harmless = tried(BASE.replace("[1, 2]", "list((1, 2))"), "import", "boot")
    assert harmless.outcome == "kept", harmless
    assert commits.recalled(repository, "kept/3") == harmless.commit
    assert (git(repository, "rev-parse", "HEAD"), git(repository, "status", "--porcelain")) == (head, status)
    assert git(repository, "branch", "--list").split() == ["*", "main"]


def test_what_was_promised_and_did_not_come_is_reverted_without_a_search_for_a_culprit(
    repository: Path, tried: Try
) -> None:
    harmless = BASE.replace("[1, 2]", "list((1, 2))").replace("import time", "import sys\nimport time")
    found = tried(harmless, "budget", promised=Promise(counts={"GET /rooms": {"queries": 1}}))
    assert found.outcome == "reverted" and found.gates[-1].unmet, found
    assert "0 queries saved where 1 were promised" in found.why
    assert found.culprit == ""
    with opened(repository) as ledger:
        assert ledger.constraints() == []
    assert tried(harmless, "budget").outcome == "kept"


@pytest.mark.long
def test_where_only_seconds_are_promised_the_speed_gate_judges(tried: Try) -> None:
    harmless = BASE.replace("[1, 2]", "list((1, 2))")
    found = tried(harmless, "import", "speed", promised=Promise(faster=("GET /rooms",)))
    assert [one.gate for one in found.gates] == ["import", "speed"]
    assert found.outcome == "reverted" and "was to be faster" in found.why
    assert [one.gate for one in tried(harmless, "import", "speed").gates] == ["import"]


def test_a_patch_that_does_not_apply_and_one_that_touches_its_judges_are_refused(repository: Path, tried: Try) -> None:
    target = load(repository, {"app": "shop:app", "python": sys.executable, "get": ["/rooms"]})
    head = "diff --git a/service/shop.py b/service/shop.py\n--- a/service/shop.py\n+++ b/service/shop.py\n"
    nonsense = f"{head}@@ -1 +1 @@\n-no such line\n+x\n"
    (repository / "tests").mkdir()
    (repository / "tests" / "test_shop.py").write_text("assert True\n")
    subprocess.run(["git", "-C", str(repository), "add", "-N", "tests"], check=True)
    judges = git(repository, "diff")
    project = "[tool.subsecond]\nmax_stale = '9m'\n"
    settings = (
        "diff --git a/pyproject.toml b/pyproject.toml\nnew file mode 100644\n--- /dev/null\n+++ b/pyproject.toml\n"
    )
    settings += "@@ -0,0 +1,2 @@\n" + "".join(f"+{line}\n" for line in project.splitlines())
    for patch, why in (
        (nonsense, "does not apply"), (judges, "stay as they are"), (settings, "[tool.subsecond] is changed"),
        ("", "changes nothing"),
    ):  # fmt: skip
        proposal = Proposal(step="S1", finding="F1", kind="x", proposer="person", patch=patch)
        with opened(target.home) as ledger:
            found = attempt(target, revision(repository, "HEAD"), proposal, ledger, say=lambda line: None)
        assert found.outcome == "refused"
        assert why in found.why or "No valid patches" in found.why, found.why
