"""Counts from in front of PostgreSQL, and migrations with a way back: real server, real database."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.postgres import connect
from tests.prove.conftest import Prove, git
from tests.prove.hall import EAGER, HALL, changed, database

MIGRATE = """\
import os, sys, pathlib
from sqlalchemy import create_engine, text

engine = create_engine(os.environ["HALL_DATABASE"])
steps = sorted(pathlib.Path(__file__).parent.glob("migrations/*.sql"))
with engine.begin() as connection:
    connection.execute(text("CREATE TABLE IF NOT EXISTS hall_version (step int)"))
    done = connection.execute(text("SELECT coalesce(max(step), 0) FROM hall_version")).scalar()
    for number, path in enumerate(steps, 1):
        up, _, down = path.read_text().partition("-- down")
        if sys.argv[1] == "up" and number > done:
            connection.execute(text(up))
            connection.execute(text("INSERT INTO hall_version VALUES (:n)"), {"n": number})
        if sys.argv[1] == "down" and number == done:
            connection.execute(text(down))
            connection.execute(text("DELETE FROM hall_version WHERE step = :n"), {"n": number})
"""


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[int, str]]:
    with database(tmp_path_factory.mktemp("postgres"), "subsecond-outside") as found:
        yield found


Halls = tuple[Path, dict[str, object]]


@pytest.fixture
def halls(repository: Path, server: tuple[int, str]) -> Halls:
    (repository / "shop.py").write_text(HALL)
    (repository / "migrate.py").write_text(MIGRATE)
    (repository / "migrations").mkdir()
    (repository / "migrations" / "1.sql").write_text("SELECT 1 -- down\nSELECT 1")
    git(repository, "add", "-A")
    git(repository, "commit", "-q", "-m", "halls")
    options = {"env": [f"HALL_DATABASE={server[1]}"], "get": ["/halls?seats=1", "/halls/3"]}
    return repository, options


@pytest.mark.long
def test_fewer_statements_are_confirmed_from_outside(halls: Halls, prove: Prove) -> None:
    changed(halls[0], EAGER)
    [gate] = prove("budget", **halls[1]).gates
    assert gate.verdict == "passed", gate
    assert "37 → 2 queries" in gate.evidence[0]
    assert "37 → 2 statements, 1 → 1 transactions" in gate.evidence[2], gate.evidence


def test_an_app_that_forges_its_counts_is_caught(halls: Halls, prove: Prove) -> None:
    forged = """
@app.after_request
def forge(response):
    import sys
    for name, module in list(sys.modules.items()):
        if "subsecond" in name and name.endswith(".recorder"):
            del module.current().queries[2:]
    return response


@app.get("/halls")
"""
    changed(halls[0], ('@app.get("/halls")\n', forged.lstrip("\n")))
    [gate] = prove("budget", **halls[1]).gates
    assert gate.verdict == "failed", gate
    assert "tells of 2 queries, its database of 37 statements" in gate.why


@pytest.mark.long
def test_statements_behind_the_agents_back_are_caught(halls: Halls, prove: Prove) -> None:
    behind = "        raw = session.connection().connection.driver_connection\n        raw.execute('SELECT 1')\n"
    changed(halls[0], ("        found = session.get", f"{behind}        found = session.get"))
    [gate] = prove("budget", **halls[1]).gates
    assert gate.verdict == "failed", gate
    assert "/halls/3: 2 statements reach the database instead of 1" in gate.why


UP = f"{sys.executable} migrate.py up"
DOWN = f"{sys.executable} migrate.py down"


@pytest.mark.long
def test_no_migration_is_neither_passed_nor_failed(halls: Halls, prove: Prove) -> None:
    changed(halls[0], EAGER)
    proof = prove("import", "migration", **halls[1])
    assert [one.verdict for one in proof.gates] == ["passed", "not applicable"]
    assert proof.verdict == "passed"


@pytest.mark.long
@pytest.mark.parametrize(
    ("down", "verdict", "why"),
    [
        ("DROP INDEX by_hall", "passed", "down, the base's schema and its 2 answers are back"),
        ("SELECT 1", "failed", "the way back leaves another schema: + index CREATE INDEX by_hall"),
    ],
)
def test_a_migration_needs_its_way_back(
    halls: Halls, prove: Prove, server: tuple[int, str], down: str, verdict: str, why: str
) -> None:
    text = f"CREATE INDEX by_hall ON photos (hall_id) -- down\n{down}"
    (halls[0] / "migrations" / "2.sql").write_text(text)
    [gate] = prove("migration", migrate=UP, migrate_down=DOWN, **halls[1]).gates
    assert gate.verdict == verdict, gate
    assert why in gate.why, gate.why
    with connect(server[0], "hall") as connection:  # the app's own database was never touched
        found = connection.execute("SELECT count(*) FROM pg_indexes WHERE indexname = 'by_hall'").fetchone()
    assert found == (0,)


@pytest.mark.long
def test_a_migration_that_fails_is_the_candidates_fault(halls: Halls, prove: Prove) -> None:
    (halls[0] / "migrations" / "2.sql").write_text("CREATE INDEX ON nothing (id) -- down\nSELECT 1")
    [gate] = prove("migration", migrate=UP, migrate_down=DOWN, **halls[1]).gates
    assert gate.verdict == "failed", gate
    assert "migrate failed" in gate.why and "nothing" in gate.why


@pytest.mark.long
def test_code_that_needs_its_migration_boots_on_a_copy_that_has_it(halls: Halls, prove: Prove) -> None:
    repository, options = halls
    (repository / "migrations" / "2.sql").write_text(
        "ALTER TABLE halls ADD COLUMN floor int NOT NULL DEFAULT 1 -- down\nALTER TABLE halls DROP COLUMN floor"
    )
    changed(repository, ("    seats: Mapped[int]\n", "    seats: Mapped[int]\n    floor: Mapped[int]\n"))
    [without] = prove("boot", **options).gates
    assert without.verdict == "failed" and "500" in without.why, without
    [gate] = prove("boot", migrate=UP, **options).gates
    assert gate.verdict == "passed", gate


def test_a_migration_that_no_command_applies_has_no_verdict(halls: Halls, prove: Prove) -> None:
    (halls[0] / "migrations" / "2.sql").write_text("CREATE INDEX ix ON halls (seats) -- down\nDROP INDEX ix")
    git(halls[0], "add", "-A")
    [gate] = prove("migration", **halls[1]).gates
    assert gate.verdict == "no verdict" and "migrations/2.sql is a migration" in gate.why, gate
    [gate] = prove("speed", faster=("GET /halls/3",), **halls[1]).gates
    assert gate.verdict == "no verdict" and "migrations/2.sql is a migration" in gate.why, gate


@pytest.mark.long
def test_postgresql_hands_out_rows_otherwise_and_an_order_kept_by_chance_is_told(halls: Halls, prove: Prove) -> None:
    changed(halls[0], (".order_by(Hall.id)", ""))
    [gate] = prove("contract", **halls[1]).gates
    assert gate.verdict == "failed", gate
    assert "where rows lie otherwise in the database: $" in gate.why and "order" in gate.why, gate.why
