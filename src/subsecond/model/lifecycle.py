"""The life of a request in order, what it depends on, and what would remain of it: "how would you build it?"."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

What = Literal["function", "query", "session", "http", "key_value", "log", "rest"]
Sort = Literal["table", "service", "key-value store", "logger"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One thing that happens, below the function that makes it happen (`depth`, 0 for the outermost).

    `start` in seconds from the request's begin, `seconds` from its first to its last end for a function, summed over
    its `times` for the rest. `rows`: fetched by its statements, None where none are counted.
    """

    depth: int
    what: What
    title: str
    file: str | None
    line: int | None
    start: float
    seconds: float
    times: int = 1
    rows: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Dependency:
    """What the request cannot do without: a table of the database, another service, a key-value store, a logger."""

    kind: Sort
    name: str
    calls: int
    seconds: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Remaining:
    """Statements of one text and place now, and how many would be left once all findings are mended, and why."""

    title: str
    file: str
    line: int
    now: int
    then: int
    why: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Lifecycle:
    """One recorded run of a request. Seconds are the recording's, so a little more than the timed ones."""

    request: str
    seconds: float
    steps: tuple[Step, ...] = ()
    dependencies: tuple[Dependency, ...] = ()
    statements: tuple[Remaining, ...] = ()
    sessions_now: int = 0
    sessions_then: int = 0
    logs_now: int = 0
    logs_then: int = 0
    calls_now: int = 0
    """Of other services and key-value stores; nothing here says which of them could go."""

    @property
    def statements_now(self) -> int:
        return sum(one.now for one in self.statements)

    @property
    def statements_then(self) -> int:
        """If each finding is mended as its page says; trials and attempts tell what of it comes true."""
        return sum(one.then for one in self.statements)
