"""Bringing a scratch copy of the database to the state that a side's code wants, and back; what state it is in.

The target's `migrate` runs with the agent inside, so that what connects through SQLAlchemy (alembic) is led to the
copy, and with libpq's variables set to it (psql); any other tool takes `{host}`, `{port}`, `{dbname}`, `{user}` or
`{path}` from its command line. The app's own database is looked at before and after: a command that reached it instead
of the copy is told at once.
"""

from __future__ import annotations

import re
import secrets
import shlex
import subprocess
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from subsecond import durations
from subsecond.errors import EXIT_FAILED, SubsecondError
from subsecond.harness import clones, processes, sandbox
from subsecond.harness.app import environment_of
from subsecond.harness.checkout import Checkout
from subsecond.harness.clones import Connection
from subsecond.harness.server import find_program
from subsecond.harness.session import Ground

MIGRATION_SECONDS = 600.0
SHOWN_LINES = 2
_VERSIONS = re.compile(r"version|migration", re.I)
_MOST_ROWS = 1000
_POSTGRES = (
    "SELECT 'column ' || concat_ws(' ', table_schema, table_name, column_name, udt_name, is_nullable, column_default) "
    "FROM information_schema.columns WHERE table_schema NOT IN ('pg_catalog', 'information_schema') "
    "UNION ALL SELECT 'index ' || indexdef FROM pg_indexes WHERE schemaname NOT IN ('pg_catalog', "
    "'information_schema') UNION ALL SELECT 'constraint ' || concat_ws(' ', conrelid::regclass, conname, "
    "pg_get_constraintdef(c.oid)) FROM pg_constraint c JOIN pg_namespace n ON n.oid = c.connamespace WHERE "
    "n.nspname NOT IN ('pg_catalog', 'information_schema') UNION ALL SELECT 'view ' || concat_ws(' ', schemaname, "
    "viewname, definition) FROM pg_views WHERE schemaname NOT IN ('pg_catalog', 'information_schema')"
)
_POSTGRES_TABLES = (
    "SELECT quote_ident(schemaname) || '.' || quote_ident(tablename) FROM pg_tables "
    "WHERE schemaname NOT IN ('pg_catalog', 'information_schema')"
)
_SQLITE = (
    "SELECT type || ' ' || name || ' ' || coalesce(sql, '') FROM sqlite_master WHERE name NOT LIKE 'sqlite!_%' "
    "ESCAPE '!'"
)
_SQLITE_TABLES = "SELECT '\"' || replace(name, '\"', '\"\"') || '\"' FROM sqlite_master WHERE type = 'table'"


_MIGRATES = {
    ".py": re.compile(r"^(?:down_revision\b|class Migration\()", re.M),
    ".sql": re.compile(r"^\s*(?:create|alter|drop)\s", re.M | re.I),
}
"""What a migration's text holds: Alembic's or Django's own words, statements that change the schema."""


@dataclass(frozen=True, slots=True)
class State:
    """What a migration changes: the schema's lines, and the rows of tables that say how far it is."""

    lines: frozenset[str]
    version: str | None
    """Of a table of one row and one column (`alembic_version`); None where there is none."""


def unapplied(base: Checkout, candidate: Checkout) -> str | None:
    """Why the candidate's data is not what its code wants: it brings a migration that no command applies; else None."""
    if candidate.target.migrate is not None:
        return None
    for path in sorted(candidate.tree.rglob("*")):
        looks, before = _MIGRATES.get(path.suffix), base.tree / path.relative_to(candidate.tree)
        if looks is None or path.is_symlink() or not path.is_file() or ".git" in path.parts:
            continue
        content = path.read_bytes()
        if (not before.is_file() or before.read_bytes() != content) and looks.search(content.decode(errors="replace")):
            name = path.relative_to(candidate.tree)
            return f'{name} is a migration that nothing here applies: say how (migrate = "alembic upgrade head")'
    return None


def up(ground: Ground, databases: Mapping[Connection, Connection], env: Mapping[str, str]) -> None:
    """Run the target's `migrate`, if it names one, on an arm's copies. Raises SubsecondError where it fails."""
    if ground.target.migrate is not None:
        _run(ground, databases, env, "migrate", ground.target.migrate)


def down(
    ground: Ground, databases: Mapping[Connection, Connection], env: Mapping[str, str], version: str | None
) -> None:
    """Run the target's `migrate_down`; `version` stands for `{version}`. Raises SubsecondError where it fails."""
    command = ground.target.migrate_down
    assert command is not None
    if "{version}" in command and version is None:
        raise SubsecondError(
            "bad-migrate", "migrate_down holds {version}, but the base's database has no table that says its version"
        )
    _run(ground, databases, env, "migrate_down", command.replace("{version}", version or ""))


def state(ground: Ground, database: Connection) -> State:
    """The state of one database."""
    if database.system == "postgresql":
        schema, tables = _POSTGRES, _POSTGRES_TABLES
    else:
        schema, tables = _SQLITE, _SQLITE_TABLES
    lines, names = (found["rows"] for found in _asked(ground, database, schema, tables))
    told = [name for (name,) in names if _VERSIONS.search(name)]
    rows = _asked(ground, database, *(f"SELECT * FROM {name} LIMIT {_MOST_ROWS}" for name in told)) if told else []
    version, kept = None, {line for (line,) in lines}
    for name, found in zip(told, rows, strict=True):
        if len(found["rows"]) < _MOST_ROWS:
            kept |= {f"row of {name}: {row}" for row in found["rows"]}
        if len(found["rows"]) == 1 and len(found["rows"][0]) == 1:
            version = str(found["rows"][0][0])
    return State(frozenset(kept), version)


def _asked(ground: Ground, database: Connection, *queries: str) -> list[dict[str, Any]]:
    steps = [{"op": "run", "sql": [query]} for query in queries]
    return clones.work_on(ground.python.executable, database, *steps)


def _run(
    ground: Ground, databases: Mapping[Connection, Connection], env: Mapping[str, str], key: str, command: str
) -> None:
    [(source, copy)] = databases.items() if len(databases) == 1 else [_none(key)]
    before = state(ground, source)
    for name, value in copy.whole().items():
        command = command.replace(f"{{{name}}}", shlex.quote(str(value)))
    words = shlex.split(command)
    words[0] = str(find_program(words[0], ground.target, ground.python))
    done = _ended(ground, words, {**_libpq(copy), **env}, key)
    if done.returncode:
        said = (done.stderr or done.stdout).decode(errors="replace").splitlines()
        last = [line.strip() for line in said if line.strip()][-SHOWN_LINES:] or [f"exit code {done.returncode}"]
        raise SubsecondError("migration-failed", f"{key} failed: {'; '.join(last)}", exit_code=EXIT_FAILED)
    if state(ground, source) != before:
        raise SubsecondError(
            "bad-migrate",
            f"{key} changed {source.shown} itself and not the scratch copy: its tool does not connect through "
            "SQLAlchemy or libpq's variables; give {host}, {port}, {dbname} or {path} in the command, and look at "
            "your database",
        )


def _none(key: str) -> tuple[Connection, Connection]:
    raise SubsecondError("bad-migrate", f"{key} is for a target with one database; this one has none or several")


def _libpq(copy: Connection) -> dict[str, str]:
    given = {
        "PGHOST": copy.host, "PGPORT": copy.port, "PGDATABASE": copy.dbname, "PGUSER": copy.user,
        "PGPASSWORD": copy.password,
    }  # fmt: skip
    return {name: str(value) for name, value in given.items() if value is not None}


def _ended(ground: Ground, words: list[str], env: Mapping[str, str], key: str) -> subprocess.CompletedProcess[bytes]:
    """The command, run to its end in the app's environment with the agent inside; nothing of it goes on afterwards."""
    with tempfile.TemporaryDirectory(prefix="subsecond-spool-") as folder:
        spool = Path(folder) / "spool"
        spool.mkdir(mode=0o700)
        whole = environment_of(ground.target, ground.python, ground.start, spool, secrets.token_hex(16))
        with sandbox.wrapped(words, ground.target, ground.python, writable=(spool,)) as inside:
            process = inside.spawn(
                cwd=ground.target.cwd, env={**whole, **env}, stdout=subprocess.PIPE, stderr=subprocess.PIPE
            )
            try:
                out, err = process.communicate(timeout=MIGRATION_SECONDS)
                return subprocess.CompletedProcess(words, process.returncode, out, err)
            except subprocess.TimeoutExpired:
                took = durations.text(MIGRATION_SECONDS)
                raise SubsecondError(
                    "migration-failed", f"{key} did not end within {took}", exit_code=EXIT_FAILED
                ) from None
            finally:
                processes.end(process.pid, spool)
                process.wait()
