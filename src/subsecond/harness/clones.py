"""Scratch copies of the app's database: made and dropped by a child in the app's interpreter, with the app's driver.

A copy is written down in `.subsecond/clones/` (0600) before it is made and taken off after it was dropped, so that
the next command finds what a killed one left.
"""

from __future__ import annotations

import os
import secrets
import shlex
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Literal

from subsecond import store
from subsecond.errors import SubsecondError
from subsecond.harness import kept_child, processes
from subsecond.harness.environment import PythonFacts
from subsecond.model.target import Target

PREFIX = "subsecond_arm_"
LEDGER = "clones"
CHILD_SECONDS = 900.0
COPY_SECONDS = 1800.0
SHOWN_LINES = 2
"""Of what a command said when it failed: the last one is often only advice."""
_CHILD = Path(__file__).parent / "children" / "database.py"
_MARK = "subsecond-answer:"
_IN_USE = "55006"
_NO_RIGHT = "42501"


@dataclass(frozen=True, slots=True, kw_only=True)
class Connection:
    """How the app reaches one database, as the agent saw it: `path` for SQLite, else the others. Holds a password."""

    driver: str
    path: str | None = None
    host: str | None = None
    port: int | None = None
    dbname: str | None = None
    user: str | None = None
    password: str | None = field(default=None, repr=False)

    @property
    def shown(self) -> str:
        """For a reader, without the password."""
        if self.path is not None:
            return self.path
        return f"{self.dbname} at {self.host or 'the local socket'}" + (f":{self.port}" if self.port else "")

    @property
    def in_memory(self) -> bool:
        """A database that lives in the app's own process: each process has its own already."""
        return self.path is not None and (self.path in ("", ":memory:") or "mode=memory" in self.path)

    @property
    def gone(self) -> bool:
        """A file of SQLite that is there no longer. One named by a URI is taken to be there."""
        if self.path is None or self.in_memory or self.path.startswith("file:"):
            return False
        return not Path(self.path).exists()

    @property
    def system(self) -> Literal["sqlite", "postgresql"]:
        return "sqlite" if self.path is not None else "postgresql"

    def place(self) -> dict[str, Any]:
        """What tells it apart from others: the agent's redirection goes by it."""
        if self.path is not None:
            return {"path": self.path}
        return {"host": self.host, "port": self.port, "dbname": self.dbname}

    def whole(self) -> dict[str, Any]:
        """All that is known of it, the password too."""
        names = ("driver", "path", "host", "port", "dbname", "user", "password")
        return {name: getattr(self, name) for name in names if getattr(self, name) is not None}


class NoCloneError(SubsecondError):
    """Why no copy can be had, in one line that says how to mend it."""

    def __init__(self, message: str) -> None:
        super().__init__("no-clone", message)


@dataclass(frozen=True, slots=True)
class _Left:
    """A line of the ledger: the copy, who can drop it, and who made it."""

    python: str
    connection: dict[str, Any]
    name: str
    tool: int
    tool_started: str | None


def work_on(python: Path, connection: Connection, *steps: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Do the steps (`children/database.py` says which) in the app's interpreter; what each of them gave.

    Raises NoCloneError with the database's own words.
    """
    return _ask(python, connection.whole(), steps)


def _ask(python: Path, connection: Mapping[str, Any], steps: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    task = store.to_json({"connection": connection, "do": list(steps)}, indent=0)
    try:
        given = kept_child.ask([str(python), str(_CHILD)], task, _MARK, CHILD_SECONDS)
    except TimeoutError:
        raise NoCloneError(f"the database did not answer within {CHILD_SECONDS:.0f} s") from None
    except OSError as problem:
        raise NoCloneError(f"the database cannot be reached from {python}: {problem.strerror or problem}") from None
    if given.text is None:
        raise NoCloneError(f"the database cannot be reached from {python}: {given.said}")
    answer: dict[str, Any] = store.from_json(given.text, dict, "the database's child")
    if "error" in answer:
        raise NoCloneError(_explained(answer["error"], answer.get("code")))
    results: list[dict[str, Any]] = answer["results"]
    return results


def _explained(error: str, code: str | None) -> str:
    if code == _IN_USE:
        return f"the database is in use by others: stop them, or give copy_database ({error})"
    if code == _NO_RIGHT:
        return f"the app's role may not create databases: ALTER ROLE … CREATEDB, or give copy_database ({error})"
    return error


@contextmanager
def clone(target: Target, facts: PythonFacts, source: Connection, folder: Path) -> Iterator[Connection]:
    """A copy of `source` for the time of the block; SQLite's lies in `folder`. Raises NoCloneError."""
    name = PREFIX + secrets.token_hex(4)
    if source.path is not None:
        copy = replace(source, path=str(folder / f"{name}.db"))
        work_on(facts.executable, source, {"op": "copy", "to": copy.path})
        yield copy  # it goes with the folder
        return
    copy = replace(source, dbname=name)
    note = _note(target.home, facts.executable, source, name)
    try:
        if target.copy_database:
            _copied_by(target, facts, source.dbname, name)
        else:
            work_on(facts.executable, source, {"op": "create", "name": name, "template": source.dbname})
        work_on(facts.executable, copy, {"op": "settle"})
        yield copy
    finally:
        _drop(facts.executable, source.whole(), name, note)


def _note(root: Path, python: Path, source: Connection, name: str) -> Path:
    folder = store.folder(root) / LEDGER
    folder.mkdir(mode=0o700, exist_ok=True)
    left = _Left(str(python), source.whole(), name, os.getpid(), processes.started(os.getpid()))
    path = folder / f"{name}.json"
    store.write(path, [store.to_json(left)])
    path.chmod(0o600)
    return path


def _copied_by(target: Target, facts: PythonFacts, source: str | None, name: str) -> None:
    assert target.copy_database is not None
    words = shlex.split(target.copy_database)
    command = [part.replace("{name}", name).replace("{source}", source or "") for part in words]
    env = {**os.environ, **dict(target.env)}
    env["PATH"] = os.pathsep.join([str(facts.scripts), env.get("PATH", os.defpath)])  # its `python` is the app's
    # in the user's own folder, also for a copy that is judged: it is the user's command and runs with their rights
    try:
        done = subprocess.run(
            command, cwd=target.own(target.cwd), capture_output=True, timeout=COPY_SECONDS, check=False,
            stdin=subprocess.DEVNULL, env=env,
        )  # fmt: skip
    except (OSError, subprocess.TimeoutExpired) as problem:
        raise NoCloneError(f"copy_database: {command[0]}: {getattr(problem, 'strerror', None) or problem}") from None
    if done.returncode:
        said = done.stderr.decode(errors="replace").split("\n")
        last = [line.strip() for line in said if line.strip()][-SHOWN_LINES:] or [f"exit code {done.returncode}"]
        raise NoCloneError(f"copy_database failed: {'; '.join(last)}")


def _drop(python: Path, connection: Mapping[str, Any], name: str, note: Path) -> None:
    _ask(python, connection, [{"op": "drop", "name": name}])
    note.unlink(missing_ok=True)


def clean_leftovers(root: Path) -> list[str]:
    """Drop the copies that a killed tool left; one line about each. Only where no other is at work (the lock)."""
    notes = []
    for path in sorted((root / store.FOLDER / LEDGER).glob(f"{PREFIX}*.json")):
        try:
            left = store.from_json(path.read_bytes(), _Left, str(path))
        except (OSError, SubsecondError):
            path.unlink(missing_ok=True)
            continue
        if left.tool_started is not None and processes.started(left.tool) == left.tool_started:
            continue
        try:
            _drop(Path(left.python), left.connection, left.name, path)
            notes.append(f"the scratch database {left.name} of an earlier run that was killed was still there: dropped")
        except SubsecondError as problem:
            notes.append(f"the scratch database {left.name} of a killed run could not be dropped: {problem.message}")
    return notes
