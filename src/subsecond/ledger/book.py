"""`.subsecond/ledger.db`: attempts and constraints. Every write is one transaction, so `kill -9` loses none."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from subsecond import store
from subsecond.errors import SubsecondError
from subsecond.model.attempt import Attempt
from subsecond.model.constraint import Constraint

FILE = "ledger.db"
VERSION = 1
_TABLES = """
CREATE TABLE attempts (number INTEGER PRIMARY KEY, outcome TEXT NOT NULL, attempt TEXT NOT NULL);
CREATE TABLE constraints (number INTEGER PRIMARY KEY, stated REAL NOT NULL, rule TEXT NOT NULL UNIQUE);
PRAGMA user_version = 1;
"""


class Ledger:
    """The ledger of one project."""

    def __init__(self, connection: sqlite3.Connection, path: Path) -> None:
        self._connection = connection
        self._path = path

    def begin(self, attempt: Attempt) -> Attempt:
        """Write down an attempt before it runs, with its number and time."""
        with self._writing():
            found = self._connection.execute("SELECT coalesce(max(number), 0) + 1 FROM attempts").fetchone()
            started = replace(attempt, number=int(found[0]), started=time.time(), outcome="running")
            self._put(started)
        return started

    def end(self, attempt: Attempt) -> Attempt:
        """Write down how it went."""
        done = replace(attempt, seconds=round(time.time() - attempt.started, 3))
        with self._writing():
            self._put(done)
        return done

    def attempts(self) -> list[Attempt]:
        """All attempts in order."""
        rows = self._connection.execute("SELECT attempt FROM attempts ORDER BY number").fetchall()
        return [store.from_json(text, Attempt, str(self._path)) for (text,) in rows]

    def settle(self) -> list[Attempt]:
        """Attempts that a killed tool left in mid-run are marked as lost; only where no other is at work (the lock)."""
        left = [one for one in self.attempts() if one.outcome == "running"]
        for one in left:
            self.end(replace(one, outcome="lost", why="the tool ended before its verdict"))
        return left

    def accept(self, number: int) -> Attempt:
        """Keep an attempt that passed and was not kept. Raises SubsecondError where there is none to keep."""
        found = self._numbered(number)
        if found.outcome == "kept":
            raise SubsecondError("not-acceptable", f"attempt {number} is kept already")
        if not found.passed or found.commit is None:
            raise SubsecondError("not-acceptable", f"attempt {number} did not pass all gates: {found.why}")
        others = self.attempts()
        if any(one.base == found.base and one.outcome == "kept" for one in others):
            raise SubsecondError(
                "not-acceptable", f"attempt {number} was judged on {found.base[:10]}, and another was kept on it since"
            )
        if any(one.commit == found.base and one.outcome != "kept" for one in others):
            raise SubsecondError(
                "not-acceptable", f"attempt {number} builds on one that is reverted; accept that first"
            )
        return self._decided(replace(found, outcome="kept", why="accepted by a person"))

    def reject(self, number: int, because: str) -> list[Attempt]:
        """Take a kept attempt back, with all that were kept on top of it. Raises SubsecondError where it is not."""
        found = self._numbered(number)
        if found.outcome != "kept":
            raise SubsecondError("not-rejectable", f"attempt {number} is not kept, it was {found.outcome}")
        gone = [self._decided(replace(found, outcome="reverted", why=f"rejected by a person: {because}"))]
        while above := next(
            (one for one in self.attempts() if one.outcome == "kept" and one.base in {it.commit for it in gone}), None
        ):
            gone.append(self._decided(replace(above, outcome="reverted", why=f"it was kept on top of {number}")))
        return gone

    def _numbered(self, number: int) -> Attempt:
        known = self.attempts()
        found = next((one for one in known if one.number == number), None)
        if found is None:
            has = f"1 to {known[-1].number}" if known else "none yet"
            raise SubsecondError("unknown-attempt", f"there is no attempt {number} (the ledger has {has})")
        return found

    def _decided(self, attempt: Attempt) -> Attempt:
        with self._writing():
            self._put(attempt)
        return attempt

    def constrain(self, constraint: Constraint) -> bool:
        """Remember a constraint; False where the same rule is known already."""
        same = replace(constraint, because="")
        if any(replace(one, because="") == same for one in self.constraints()):
            return False
        with self._writing():
            self._connection.execute(
                "INSERT INTO constraints (stated, rule) VALUES (?, ?)",
                (time.time(), store.to_json(constraint, indent=0)),
            )
        return True

    def constraints(self) -> list[Constraint]:
        """All constraints in the order in which they were learnt."""
        rows = self._connection.execute("SELECT rule FROM constraints ORDER BY number").fetchall()
        return [store.from_json(text, Constraint, str(self._path)) for (text,) in rows]

    def learnt(self) -> list[float]:
        """When each constraint was learnt or stated, in UNIX seconds, in that order."""
        return [float(when) for (when,) in self._connection.execute("SELECT stated FROM constraints ORDER BY number")]

    def _put(self, attempt: Attempt) -> None:
        self._connection.execute(
            "INSERT OR REPLACE INTO attempts (number, outcome, attempt) VALUES (?, ?, ?)",
            (attempt.number, attempt.outcome, store.to_json(attempt, indent=0)),
        )

    @contextmanager
    def _writing(self) -> Iterator[None]:
        try:
            with self._connection:
                self._connection.execute("BEGIN IMMEDIATE")
                yield
        except sqlite3.Error as problem:
            raise SubsecondError("store-not-writable", f"{self._path}: {problem}; make room or remove it") from None


@contextmanager
def opened(root: Path) -> Iterator[Ledger]:
    """The project's ledger, made if need be. Raises SubsecondError where the file is not one of ours."""
    path = store.folder(root) / FILE
    connection = sqlite3.connect(path, isolation_level=None, timeout=10.0)
    try:
        try:
            path.chmod(0o600)
            connection.execute("PRAGMA journal_mode = WAL")
            version = connection.execute("PRAGMA user_version").fetchone()[0]
            if version == 0:
                connection.executescript(_TABLES)
        except (sqlite3.Error, OSError) as problem:
            raise SubsecondError("store-unreadable", f"{path}: {problem}; remove it to begin anew") from None
        if version not in (0, VERSION):
            raise SubsecondError("store-unreadable", f"{path}: written by another version; remove it to begin anew")
        yield Ledger(connection, path)
    finally:
        connection.close()
