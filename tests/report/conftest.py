"""A real audit of the small library on SQLite, with trials, a plan and a ledger: what reports are made from."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from subsecond import store, workflow
from subsecond.cli._sources import sources
from subsecond.diagnose.stage import kinds
from subsecond.ledger.book import opened
from subsecond.model.attempt import Attempt
from subsecond.model.constraint import Constraint
from subsecond.model.proof import GateVerdict
from subsecond.report.page.sources import Draft, Sources
from tests.confirm.conftest import made

SECRET = "s3cr3t-0815"
NAMING = """
[report.people]
Reader = "Borrows books"
[report.names]
app = "The library"
"""
PATCH = "--- a/shop.py\n+++ b/shop.py\n@@ -1 +1,2 @@\n-old\n+new </script><script>alert(1)</script>\n"


@pytest.fixture(scope="session")
def library(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The audited project's folder."""
    project = made(folder := tmp_path_factory.mktemp("library"), f"sqlite:///{folder / 'shop.db'}")
    target = project.target(
        "/books", f"/told?token={SECRET}", f"/apart?day={SECRET}", headers={"Authorization": f"Bearer {SECRET}"},
        budget="5s",
    )  # fmt: skip
    (folder / "subsecond.toml").write_text(NAMING)
    workflow.audit(target, keep_values=False, progress=lambda *_: None, say=lambda _: None)
    workflow.plan(folder, 0.01)
    with opened(folder) as ledger:
        first = store.read_audit(folder).findings[0]
        begun = Attempt(
            number=0, step="S1", finding=first.id, key=first.key, kind=first.kind, proposer="person", base="abc",
            patch=PATCH,
        )  # fmt: skip
        evidence = ("$.items[0].name: type: text(3) became 7", 'curl -g "$BASE/books"')
        gates = (
            GateVerdict(gate="import", verdict="passed", why="imports"),
            GateVerdict(gate="contract", verdict="failed", why="books: another value", evidence=evidence),
        )
        done = ledger.begin(begun)
        ledger.end(
            Attempt(**{**_fields(done), "outcome": "reverted", "why": "contract", "gates": gates, "culprit": PATCH})
        )
        ledger.constrain(Constraint(rule="no-new-imports", text="zero new imports", because="attempt 1"))
    return folder


def _fields(attempt: Attempt) -> dict[str, object]:
    return {name: getattr(attempt, name) for name in attempt.__dataclass_fields__}


@pytest.fixture(scope="session")
def gathered(library: Path) -> Sources:
    """The sources of the library's report, without a second audit."""
    draft = {store.read_audit(library).findings[-1].id: Draft(by="fixer x", patch=PATCH)}
    return sources(library, None, draft, live=False)


@pytest.fixture
def copied(library: Path, tmp_path: Path) -> Callable[[], Path]:
    """A copy of the audited project that a test may break."""
    return lambda: Path(shutil.copytree(library, tmp_path / "copy"))


@pytest.fixture(scope="session")
def pages() -> dict[str, str]:
    """The manual pages by kind."""
    return kinds()
