"""Deep runs: what is too dear for any clock is looked at in one request, and only while that request goes on.

A hook that knows how to look registers itself in `watchers`; its functions are replaced when the first deep request
begins and put back when the last one ends, so that timed requests of the same process pay nothing for them.
"""

from __future__ import annotations

from . import calls, guard
from .callsite import chain
from .reads import Reads

TYPE_CHECKING = False
if TYPE_CHECKING:
    from types import FrameType, ModuleType
    from typing import Any, Callable

    from .line import Tables
    from .span import Record

HOOK = "deep"
MAX_PARAMETERS = 500
"""Different (place, name) pairs of one request."""

watchers: list[ModuleType] = []
"""Hooks with `HOOK`, `watch()` and `unwatch()`."""


class Active:
    """Deep requests that go on in this process."""

    records: list[Record] = []


class Deep:
    """What one deep request showed; `told` makes the `deep` object of its line."""

    def __init__(self) -> None:
        self.reads = Reads()
        self.calls = calls.Calls()
        self.asked: dict[tuple[Any, ...], list[Any]] = {}

    def ask(self, where: str, name: str | None, present: bool, frame: FrameType) -> None:
        """The app asked its request for a parameter. name: None where it took all of them at once."""
        stack = chain(frame)
        key = (where, name, present, *[part if type(part) is int else id(part) for part in stack])
        entry = self.asked.get(key)
        if entry is not None:
            entry[-1] += 1
        elif len(self.asked) < MAX_PARAMETERS:
            self.asked[key] = [where, name, present, stack, 1]

    def told(self, tables: Tables) -> dict[str, Any]:
        """As the protocol says; empty where putting it together failed, which is noted."""
        try:
            return {
                "reads": self.reads.told(tables),
                "untracked": self.reads.untracked,
                "parameters": self.parameters(tables),
                "functions": self.calls.told(tables),
                "why": self.calls.why,
            }
        except Exception as mishap:
            guard.failed(HOOK, mishap)
            return {}

    def parameters(self, tables: Tables) -> list[dict[str, Any]]:
        """What the app asked its request for."""
        return [
            {"in": where, "name": name, "present": present, "stack": tables.stack(stack), "times": times}
            for where, name, present, stack, times in self.asked.values()
        ]


def begin(record: Record, current: Callable[[], Record | None]) -> None:
    """A deep request begins. current: which request this code works for, as the context says."""
    found = record.extra["deep"] = Deep()
    Active.records.append(record)
    if len(Active.records) == 1:
        for watcher in watchers:
            try:
                watcher.watch()
            except Exception as mishap:
                guard.failed(watcher.HOOK, mishap)

    def find() -> tuple[Record, calls.Calls] | None:
        here = current()
        looked_at = of(here)
        return None if here is None or looked_at is None or here.finished else (here, looked_at.calls)

    try:
        calls.begin(found.calls, find)  # last: nothing of ours is to be followed
    except Exception as mishap:
        guard.failed(calls.HOOK, mishap)


def end(record: Record) -> None:
    """It is over. Safe to call for any record."""
    if record not in Active.records:
        return
    Active.records.remove(record)
    if not Active.records:
        calls.end()
        for watcher in watchers:
            try:
                watcher.unwatch()
            except Exception as mishap:
                guard.failed(watcher.HOOK, mishap)


def of(record: Record | None) -> Deep | None:
    """What is being learnt about this request, None where its run is not a deep one."""
    if record is None or not record.extra:
        return None
    found: Deep | None = record.extra.get("deep")
    return found
