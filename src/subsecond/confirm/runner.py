"""Sends requests to an arm with or without virtual fixes and indexes, and says what each run took and answered."""

from __future__ import annotations

import hashlib
import itertools
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, cast

from subsecond import store
from subsecond.confirm.machine import queued
from subsecond.confirm.spending import spent
from subsecond.contract.compare import Reply
from subsecond.errors import EXIT_FAILED, SubsecondError
from subsecond.harness.arms import Arm
from subsecond.harness.send import RequestFailed
from subsecond.measure.clock import clock_of
from subsecond.measure.pairs import Sample
from subsecond.model.database import System
from subsecond.model.index import IndexSpec
from subsecond.model.target import RequestSpec
from subsecond.sql.dialect import create_index_sql, drop_index_sql
from subsecond_agent import protocol

INDEX = "index"
_COLLECT = {"fix": "collect-garbage"}
_PREFIX = "subsecond_trial"
MAX_PROCESSES = 16
"""Processes whose memory is filled for one run: a server that forks for each request has a new one every time."""


class NoRunError(SubsecondError):
    """A run without a whole answer or without a trace; the message is why."""

    def __init__(self, message: str) -> None:
        super().__init__("request-failed", message, exit_code=EXIT_FAILED)


@dataclass(frozen=True, slots=True)
class Candidate:
    """What is switched on for a run: virtual fixes as their file has them, and indexes that must be there."""

    fixes: tuple[Mapping[str, Any], ...] = ()
    indexes: tuple[IndexSpec, ...] = ()

    @property
    def remembers(self) -> bool:
        """Whether a fix keeps something from one request to the next."""
        return any(fix.get("scope") == "process" or fix.get("fix") == "remember-response" for fix in self.fixes)

    def joined(self, *others: Candidate) -> Candidate:
        """All of them at once."""
        all_of = [self, *others]
        fixes: list[Mapping[str, Any]] = []
        for fix in (fix for one in all_of for fix in one.fixes):
            if fix not in fixes:  # two findings may have the same fix
                fixes.append(fix)
        return Candidate(
            fixes=tuple(fixes),
            indexes=tuple(dict.fromkeys(index for one in all_of for index in one.indexes)),
        )


BASE = Candidate()


def candidate(fix: str, parameters: Mapping[str, Any]) -> Candidate:
    """One experiment as a candidate. Raises ValueError where an index's parameters describe none."""
    if fix == INDEX:
        return Candidate(indexes=(IndexSpec.of(parameters),))
    return Candidate(fixes=({"fix": fix, **parameters},))


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """One run. `state`, `acted`, `refused`: the agent's word on the trial, one entry for each fix of the candidate."""

    reply: Reply
    sample: Sample
    counts: Mapping[str, int]
    spent: Mapping[str, float]
    """Its seconds by what they went into (`spending`)."""
    queued: float
    """Seconds in which the process could have run, but others had the processor."""
    state: str
    acted: tuple[int, ...]
    refused: tuple[str | None, ...]


@dataclass(frozen=True, slots=True)
class Recorded:
    """One recorded run: its seconds, those of each of its statements, and how often each was sent."""

    whole: float
    seconds: dict[str, float]
    times: dict[str, int]


@dataclass
class Runner:
    """Runs on one arm. Indexes are built and dropped as the candidates ask for them, off the clock."""

    arm: Arm
    _marks: Iterator[int] = field(default_factory=itertools.count)
    _written: set[tuple[str, str]] = field(default_factory=set)
    _built: dict[IndexSpec, str] = field(default_factory=dict)
    _filled: list[tuple[str, int, str, Candidate]] = field(default_factory=list)
    _pid: int = 0

    def run(self, spec: RequestSpec, wanted: Candidate, *, collect: bool = True) -> Run:
        """Send one request, timed. Raises NoRunError, and SubsecondError where an index cannot be built.

        What a fix remembers across requests it remembers for one trial, in each process of the server: the first run
        that a process answers fills it, untimed.
        """
        self.build(spec, wanted.indexes)
        done = self._run(spec, wanted.fixes, collect)
        for _ in range(MAX_PROCESSES if wanted.remembers else 0):
            filled = (self.arm.app.app.token, self._pid, spec.name, wanted)
            if filled in self._filled:
                break
            self._filled.append(filled)
            done = self._run(spec, wanted.fixes, collect)
        return done

    def restart(self) -> None:
        """A fresh process on the same data."""
        self.arm.restart()

    def clear(self) -> None:
        """Drop the indexes that the last candidate had."""
        self.build(None, ())

    def recorded(self, spec: RequestSpec) -> Recorded:
        """One recorded run, with the indexes that are built. Raises NoRunError."""
        mark = f"c{next(self._marks)}"
        answer = self.arm.app.send(spec, protocol.MODE_RECORDING, mark)
        if isinstance(answer, RequestFailed):
            raise NoRunError(answer.why)
        line = self.arm.app.trace_of(mark)
        if line is None:
            raise NoRunError("a run left no trace")
        found = Recorded(clock_of(line), {}, {})
        for _, _, _, microseconds, _, attributes in line["spans"]:
            if protocol.DB_TEXT in attributes:
                text = line["texts"][attributes[protocol.DB_TEXT]]
                found.seconds[text] = found.seconds.get(text, 0.0) + microseconds / 1e6
                found.times[text] = found.times.get(text, 0) + (attributes.get(protocol.EXECUTEMANY) or 1)
        return found

    def name_of(self, index: IndexSpec) -> str:
        """The name under which it is built."""
        return index.name(_PREFIX)

    def _run(self, spec: RequestSpec, fixes: Sequence[Mapping[str, Any]], collect: bool) -> Run:
        app = self.arm.app
        listed = [*fixes, *([_COLLECT] if collect else [])]
        trial = self._trial(listed) if listed else ""
        mark = f"c{next(self._marks)}"
        before = queued(self._pid)
        answer = app.send(spec, protocol.MODE_TIMED, mark, trial)
        if isinstance(answer, RequestFailed):
            raise NoRunError(answer.why)
        line = app.trace_of(mark)
        if line is None:
            raise NoRunError("a run left no trace")
        before = before if line["pid"] == self._pid else queued(line["pid"])
        self._pid = line["pid"]
        told = line.get("trial") or {"state": "ok", "acted": [], "refused": []}
        number = len(fixes)
        return Run(
            reply=Reply(status=answer.status, headers=answer.headers, body=answer.body),
            sample=Sample(clock_of(line), line["seconds"]),
            counts=line["counts"],
            spent=spent(line, self.arm.rtt),
            queued=queued(self._pid) - before,
            state=told["state"],
            acted=tuple(told["acted"][:number]),
            refused=tuple(told["refused"][:number]),
        )

    def _trial(self, fixes: Sequence[Mapping[str, Any]]) -> str:
        name = "t-" + hashlib.sha256(store.to_json(fixes, indent=0).encode()).hexdigest()[:16]
        key = (self.arm.app.app.token, name)  # another process has another spool
        if key not in self._written:
            self.arm.app.put_trial(name, fixes)
            self._written.add(key)
        return name

    def build(self, spec: RequestSpec | None, wanted: Sequence[IndexSpec]) -> None:
        """Have exactly the wanted indexes, then warm `spec` up. Raises SubsecondError where one cannot be built."""
        if set(wanted) == set(self._built):
            return
        system = cast(System, self.arm.system)
        gone = [index for index in self._built if index not in wanted]
        new = [index for index in wanted if index not in self._built]
        statements = [drop_index_sql(index, system, name=self._built[index]) for index in gone]
        for index in new:
            statements.append(create_index_sql(index, system, name=self.name_of(index)))
            if any(key.expression for key in index.keys):  # else it guesses how many rows an expression leaves
                statements.append(f"ANALYZE {index.table}")
        self.arm.run_sql(statements)
        for index in gone:
            del self._built[index]
        self._built.update({index: self.name_of(index) for index in new})
        if spec is not None:
            self._run(spec, (), True)  # plans are made anew, pages are read for the first time: nobody's time
