"""The child that reads facts of a database: started in the app's interpreter, asked line by line, ended."""

from __future__ import annotations

import os
import select
import subprocess
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

from subsecond.errors import SubsecondError
from subsecond.store import from_json, to_json

CHILD = Path(__file__).with_name("child.py")
ANSWER_SECONDS = 30.0
"""Beyond the time that the question itself allows."""


class NoFactsError(SubsecondError):
    """Why the database told nothing, in one line."""

    def __init__(self, message: str) -> None:
        super().__init__("no-database-facts", message)


class DatabaseReader:
    """One connection to a clone, read only."""

    def __init__(self, child: subprocess.Popen[bytes], errors: IO[bytes]) -> None:
        self._child = child
        self._errors = errors
        self._rest = b""

    def ask(self, question: Mapping[str, Any], seconds: float = 60.0) -> dict[str, Any]:
        """One question of `child.py` -> its answer. Raises NoFactsError with the database's own words."""
        assert self._child.stdin is not None
        try:
            self._child.stdin.write(to_json({**question, "seconds": seconds}, indent=0).encode() + b"\n")
            self._child.stdin.flush()
        except OSError:
            raise NoFactsError(self._last_words()) from None
        answer: dict[str, Any] = from_json(self._line(seconds + ANSWER_SECONDS), dict, "the database's reader")
        if "error" in answer:
            raise NoFactsError(str(answer["error"]))
        return answer

    def _line(self, seconds: float) -> bytes:
        assert self._child.stdout is not None
        deadline = time.monotonic() + seconds
        while b"\n" not in self._rest:
            left = deadline - time.monotonic()
            ready = left > 0 and select.select([self._child.stdout], [], [], left)[0]
            if not ready:
                raise NoFactsError(f"the database did not answer within {seconds:.0f} s")
            part = os.read(self._child.stdout.fileno(), 1 << 20)
            if not part:
                raise NoFactsError(self._last_words())
            self._rest += part
        line, _, self._rest = self._rest.partition(b"\n")
        return line

    def _last_words(self) -> str:
        self._child.wait(5)
        self._errors.seek(0)
        said = self._errors.read().decode(errors="replace").strip().splitlines()[-1:]
        return f"its reader ended: {said[0] if said else f'exit code {self._child.returncode}'}"


@contextmanager
def reader(python: Path, connection: Mapping[str, Any]) -> Iterator[DatabaseReader]:
    """A connection to the database that `connection` tells (driver, and path or host, port, dbname, user, password).

    Raises NoFactsError where there is none. The password goes over standard input only.
    """
    with tempfile.TemporaryFile() as errors:
        child = subprocess.Popen(
            [str(python), "-I", str(CHILD)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=errors, cwd="/"
        )
        try:
            found = DatabaseReader(child, errors)
            found.ask({"connect": dict(connection)})
            yield found
        finally:
            child.kill()
            child.wait()
            for pipe in (child.stdin, child.stdout):
                if pipe is not None:
                    pipe.close()
