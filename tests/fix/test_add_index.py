"""Indexes as migrations (catalogue F21): on the head of the project's revisions, which are run for real."""

from __future__ import annotations

import sqlite3
import subprocess
from pathlib import Path

import pytest

from subsecond.fix.fixer import Code
from subsecond.fix.stage import Fixed, fix
from subsecond.model.experiment import Experiment
from subsecond.model.finding import Finding
from subsecond.model.index import IndexKey, IndexSpec
from subsecond.sql.dialect import create_index_sql
from tests.fix.trying import audit

SPEC = IndexSpec(table="loans", keys=(IndexKey(column="book_id"), IndexKey(column="is_open", descending=True)))
ALEMBIC = Path(__file__).parents[2] / "examples" / "discovery" / ".venv" / "bin" / "python"
FIRST = 'revision = "0001"\ndown_revision = None\n'
SECOND = 'revision: str = "0002"\ndown_revision: str | None = "0001"\n'


def drafted(root: Path, *, postgresql: bool = False, experiments: bool = True) -> Fixed:
    shown = (f"{create_index_sql(SPEC, 'postgresql', concurrently=True)};",) if postgresql else ()
    found = Finding(
        id="F1", key="k", kind="missing-index", phase=1, request="books", requests=("books",), title="an index",
        file="pages.py", line=7, function="answer", evidence=shown,
        experiments=(Experiment(fix="index", parameters=SPEC.parameters()),) if experiments else (),
    )  # fmt: skip
    return fix(found, audit(), Code(root))


def versions(root: Path, **files: str) -> Path:
    folder = root / "db" / "versions"
    folder.mkdir(parents=True)
    for name, text in files.items():
        (folder / f"{name}.py").write_text(text)
    return folder


def test_a_revision_on_the_head(tmp_path: Path) -> None:
    versions(tmp_path, a=FIRST, b=SECOND, helper="x = 1\n")
    fixed = drafted(tmp_path, postgresql=True)
    assert fixed.draft is not None, fixed.refusal
    [(file, text)] = fixed.draft.files.items()
    assert file == f"db/versions/0003_{SPEC.name()}.py"
    assert text is not None and "down_revision = '0002'" in text and "autocommit_block" in text
    assert "CREATE INDEX CONCURRENTLY" in text and SPEC.name() in text
    assert fixed.patch is not None and "new file mode" in fixed.patch


def test_sql_without_migrations_which_the_database_takes(tmp_path: Path) -> None:
    fixed = drafted(tmp_path)
    assert fixed.draft is not None
    [(file, text)] = fixed.draft.files.items()
    assert file == f"indexes/{SPEC.name()}.sql" and text is not None
    with sqlite3.connect(":memory:") as connection:
        connection.execute("CREATE TABLE loans (id INTEGER PRIMARY KEY, book_id INTEGER, is_open INTEGER)")
        connection.executescript(text)
        assert connection.execute("SELECT name FROM sqlite_master WHERE type = 'index'").fetchall() == [(SPEC.name(),)]
    connection.close()


def test_refused_for_two_heads_an_index_that_is_there_and_a_finding_without(tmp_path: Path) -> None:
    folder = versions(tmp_path, a=FIRST, b=SECOND, c=SECOND.replace("0002", "0003"))
    assert "2 heads: b.py (0002), c.py (0003)" in drafted(tmp_path).refusal
    (folder / "c.py").write_text(f"{SECOND.replace('0002', '0003').replace('0001', '0002')}\n# {SPEC.name()}\n")
    assert f"db/versions/c.py builds {SPEC.name()} already" in drafted(tmp_path).refusal
    assert "names no index" in drafted(tmp_path, experiments=False).refusal
    (folder / "c.py").write_text("revision = (\n")
    assert "c.py cannot be read" in drafted(tmp_path).refusal
    (folder / "c.py").unlink()
    other = tmp_path / "other" / "versions"
    other.mkdir(parents=True)
    (other / "a.py").write_text(FIRST)
    assert "several folders of migrations" in drafted(tmp_path).refusal
    (tmp_path / "alembic.ini").write_text("[alembic]\nscript_location = %(here)s/db\n")
    assert drafted(tmp_path).patch


def test_alembic_itself_runs_it_up_and_down(tmp_path: Path) -> None:
    if not ALEMBIC.exists():
        pytest.skip("the example's environment, which has Alembic, is not installed")
    versions(
        tmp_path,
        a=f"from alembic import op\n{FIRST}\n\ndef upgrade():\n"
        '    op.execute("CREATE TABLE loans (id INTEGER PRIMARY KEY, book_id INTEGER, is_open INTEGER)")\n',
    )
    (tmp_path / "alembic.ini").write_text("[alembic]\nscript_location = %(here)s/db\npath_separator = os\n")
    (tmp_path / "db" / "env.py").write_text(
        "from alembic import context\nfrom sqlalchemy import create_engine\n"
        "with create_engine('sqlite:///app.db').connect() as connection:\n"
        "    context.configure(connection=connection)\n"
        "    with context.begin_transaction():\n        context.run_migrations()\n"
    )
    fixed = drafted(tmp_path)
    assert fixed.draft is not None, fixed.refusal
    for file, text in fixed.draft.files.items():
        (tmp_path / file).write_text(text or "")

    def indexes(command: str, revision: str) -> list[tuple[str]]:
        run = [str(ALEMBIC), "-m", "alembic", command, revision]
        subprocess.run(run, cwd=tmp_path, check=True, capture_output=True)
        with sqlite3.connect(tmp_path / "app.db") as connection:
            found = connection.execute("SELECT name FROM sqlite_master WHERE name LIKE 'ix_%'").fetchall()
        connection.close()
        return found

    assert indexes("upgrade", "head") == [(SPEC.name(),)]
    assert indexes("downgrade", "-1") == []
