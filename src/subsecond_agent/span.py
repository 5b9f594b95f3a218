"""Spans and the record that collects them: data only."""

from __future__ import annotations

import os

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

MAX_SPANS = 100_000  # of one request; counts and waits go on, memory does not


class Span:
    """One thing that took time. `ended` is None while it goes on; `chain` is what `callsite.chain` gave."""

    __slots__ = ("attributes", "began", "chain", "ended", "name", "parent")

    def __init__(  # noqa: PLR0917 - keywords would cost more than the walk of a frame
        self, name: str, parent: Span | None, began: float, ended: float | None, chain: list[Any], attributes: Any
    ) -> None:
        self.name = name
        self.parent = parent
        self.began = began
        self.ended = ended
        self.chain = chain
        self.attributes = attributes


class Query(Span):
    """A statement. Its attributes are made when the line is written, after the response: `line.py`."""

    __slots__ = ("error", "many", "origin", "parameters", "rows", "system", "text")

    def __init__(  # noqa: PLR0917 - once a statement: the same
        self,
        parent: Span | None,
        began: float,
        ended: float,
        chain: list[Any],
        text: str,
        parameters: Any,
        system: str,
    ) -> None:
        self.name = "query"
        self.parent = parent
        self.began = began
        self.ended = ended
        self.chain = chain
        self.attributes = None
        self.text = text
        self.parameters = parameters
        self.system = system
        self.rows: int | None = None
        self.many = 0
        self.origin: tuple[str, str] | None = None
        self.error: str | None = None


class Record:
    """One request. The lists of seconds and numbers give counts (their length) and sums."""

    __slots__ = (
        "began",
        "bodies",
        "calls",
        "collected_before",
        "cpu_before",
        "cpu_seconds",
        "database",
        "driver_cpu",
        "dropped",
        "ended",
        "environ",
        "error",
        "extra",
        "finished",
        "first",
        "gc_seconds",
        "home",
        "id",
        "inside",
        "key_values",
        "late_lines",
        "logs",
        "mark",
        "mode",
        "opened",
        "pid",
        "pools",
        "queries",
        "raw",
        "route",
        "rows",
        "sessions",
        "spans",
        "started_at",
        "status",
        "steering",
        "transactions",
        "trial",
        "trial_id",
        "units",
        "walks",
        "written",
    )

    def __init__(self, mode: str, mark: str | None, steering: str, first: bool, environ: dict[str, Any]) -> None:
        self.id = os.urandom(8).hex()
        self.pid = os.getpid()
        self.mode = mode
        self.mark = mark
        self.steering = steering
        self.first = first
        self.environ = environ
        self.status = 0
        self.error: str | None = None
        self.route: str | None = None
        self.trial_id: str | None = None
        self.trial: Any = None  # a `trial.Trial` while one runs: this module knows none
        self.extra: dict[str, Any] = {}  # field of the line -> what tells it: `told(tables)`
        self.home = 0
        self.inside = True
        self.finished = self.written = False
        self.late_lines = 0
        self.began = self.ended = self.cpu_before = self.cpu_seconds = self.gc_seconds = self.collected_before = 0.0
        self.started_at = 0
        self.units: dict[int, Span] = {}
        self.start_over()

    def taken(self) -> Record:
        """A copy that has what came together so far; this record starts over."""
        copy = object.__new__(Record)
        for name in Record.__slots__:
            setattr(copy, name, getattr(self, name))
        self.start_over()
        return copy

    def start_over(self) -> None:
        """Empty what was written; what comes now is late."""
        self.spans: list[Span] = []
        self.walks: dict[str, Any] = {}
        self.queries: list[float] = []
        self.database: list[float] = []
        self.pools: list[float] = []
        self.logs: list[float] = []
        self.calls: list[float] = []
        self.bodies: list[float] = []  # what reading the answers of those calls took
        self.key_values: list[float] = []
        self.opened: list[int] = []  # connections of SQLite
        self.raw: list[int] = []  # statements past SQLAlchemy
        self.driver_cpu: list[float] = []
        self.rows: list[int] = []
        self.sessions: list[int] = []
        self.transactions: list[int] = []
        self.dropped = 0
