"""Reading what the agent wrote: hellos, notes and traces, line by line, also while the app writes on."""

from __future__ import annotations

import time
from collections import OrderedDict
from pathlib import Path
from typing import Any

from subsecond.errors import SubsecondError, printable
from subsecond.harness import processes
from subsecond.harness.spool_line import flaw
from subsecond.store import from_json
from subsecond_agent import protocol

Line = dict[str, Any]
FIRST_POLL_SECONDS = 0.0005
LONGEST_POLL_SECONDS = 0.02
FORGET_SECONDS = 0.5
REMEMBERED = 16
"""Traces kept for a late line: it comes soon after its trace or not at all, and a trace may be megabytes."""


class Spool:
    """A spool folder read forward. Lines that are no JSON and lines torn at the end are counted, not hidden."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.hellos: list[Line] = []
        self.entities: list[Any] = []
        """What the app's mapper holds, as the process that knows most told it."""
        self.jobs: list[Line] = []
        """Traces of workers' jobs."""
        self.notes: list[str] = []
        """What the agent or we have to tell the user."""
        self.unmarked = 0
        """Traces of requests that the tool did not send (the readiness request, a user's own)."""
        self._offsets: dict[Path, int] = {}
        self._torn: dict[Path, bytes] = {}
        self._marked: dict[str, Line] = {}
        self._recent: OrderedDict[str, Line] = OrderedDict()

    def poll(self) -> None:
        """Read what is new."""
        try:
            paths = sorted(self.folder.glob("*.jsonl"))
        except OSError:
            return
        for path in paths:
            for line in self._new_lines(path):
                self._take(path, line)

    def trace_of(self, mark: str, seconds: float) -> Line | None:
        """The trace of the request sent with `mark`, waited for up to `seconds`: it is written after the last byte.

        None where none comes. Late spans that come with later polls are added to the same dict.
        """
        deadline = time.monotonic() + seconds
        pause = FIRST_POLL_SECONDS
        while True:
            self.poll()
            if mark in self._marked:
                return self._marked.pop(mark)
            if time.monotonic() > deadline:
                return None
            time.sleep(pause)
            pause = min(pause * 2, LONGEST_POLL_SECONDS)

    def first_hello(self, seconds: float) -> Line | None:
        """The first process's hello, waited for up to `seconds`."""
        deadline = time.monotonic() + seconds
        self.poll()
        while not self.hellos and time.monotonic() < deadline:
            time.sleep(LONGEST_POLL_SECONDS)
            self.poll()
        return self.hellos[0] if self.hellos else None

    def forget(self, mark: str) -> None:
        """Drop the trace of a request that is sent again with the same mark."""
        self.trace_of(mark, FORGET_SECONDS)

    def torn(self) -> list[str]:
        """Lines whose process died while it wrote them, one sentence each; they are lost."""
        self.poll()
        return [
            f"{path.name}: the last line is torn ({len(rest)} bytes); its process died while it wrote"
            for path, rest in self._torn.items()
            if rest and not _writer_lives(path)
        ]

    def _new_lines(self, path: Path) -> list[bytes]:
        try:
            with path.open("rb") as spool:
                spool.seek(self._offsets.get(path, 0))
                data = spool.read()
        except OSError:
            return []
        whole, newline, rest = data.rpartition(b"\n")
        self._torn[path] = rest
        if not newline:
            return []
        self._offsets[path] = self._offsets.get(path, 0) + len(whole) + 1
        return whole.split(b"\n")

    def _take(self, path: Path, text: bytes) -> None:
        try:
            line: Line = from_json(text, dict, path.name)
        except SubsecondError:
            self._note(f"{path.name}: a line of {len(text)} bytes is no JSON; left out")
            return
        kind = line.get("type")
        if line.get("version") != protocol.VERSION:
            self._note(f"{path.name}: a line of version {line.get('version')!r}; wanted {protocol.VERSION}")
        elif kind == "hello":
            self.hellos.append(line)
        elif kind == "mapper":
            told = line.get("entities")
            if isinstance(told, list) and len(told) >= len(self.entities):
                self.entities = told
        elif kind == "note":
            said = f"agent, hook {line.get('hook')}: {line.get('message')} (process {line.get('pid')})"
            self._note(said)
        elif kind == "trace":
            self._trace(line, text)

    def _note(self, text: str) -> None:
        """Something for the user; it may hold what the app wrote."""
        self.notes.append(printable(text))

    def _trace(self, line: Line, text: bytes) -> None:
        name = line.get("id")
        if not isinstance(name, str):
            self._note("a trace without an id; left out")
        elif wrong := flaw(text, bool(line.get("late"))):
            self._note(f"trace {name} is not whole ({wrong}); left out")
        elif line.get("late"):
            self._late(line)
        else:
            self._recent[name] = line
            while len(self._recent) > REMEMBERED:
                self._recent.popitem(last=False)
            mark = line.get("mark")
            if line.get("job") is not None:
                self.jobs.append(line)
            elif mark is None:
                self.unmarked += 1
            else:
                self._marked[mark] = line

    def _late(self, line: Line) -> None:
        trace = self._recent.get(line["id"])
        if trace is None:
            self._note(f"late spans of an unknown trace {line['id']}; left out")
            return
        merge(trace, line)


def _writer_lives(path: Path) -> bool:
    """Whether the process of `<pid>-<start>.jsonl` is there and may yet end its line."""
    pid = path.stem.partition("-")[0]
    return pid.isdecimal() and processes.started(int(pid)) is not None


def merge(trace: Line, late: Line) -> None:
    """Add late spans to their trace, their indices moved behind the tables that stand there."""
    texts, frames = len(trace["texts"]), len(trace["frames"])
    stacks, spans = len(trace["stacks"]), len(trace["spans"])
    trace["texts"] += late.get("texts", [])
    trace["frames"] += late.get("frames", [])
    trace["stacks"] += [[frame + frames for frame in stack] for stack in late.get("stacks", [])]
    for name, parent, start, duration, stack, attributes in late.get("spans", []):
        moved = dict(attributes)
        if isinstance(moved.get(protocol.DB_TEXT), int):
            moved[protocol.DB_TEXT] += texts
        place = stack + stacks if stack >= 0 else stack
        trace["spans"].append([name, parent + spans if parent >= 0 else parent, start, duration, place, moved])
    trace["dropped"] = trace.get("dropped", 0) + late.get("dropped", 0)
    for table in ("counts", "waits"):
        for key, value in late.get(table, {}).items():
            trace[table][key] = trace[table].get(key, 0) + value
