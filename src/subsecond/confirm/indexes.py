"""The confirmed indexes weighed against each other: which of them are worth their room and their cost on writes?

Each is built alone on the copy; the seconds of the statements, its size and what a written row costs with it go to
`sql/choice.py`, which takes the smallest set (reference: index advice, recommended algorithm).
"""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import cast

from subsecond import durations
from subsecond.confirm.course import Course
from subsecond.confirm.runner import INDEX, Runner
from subsecond.errors import SubsecondError
from subsecond.model.database import System
from subsecond.model.index import IndexSpec
from subsecond.model.target import RequestSpec
from subsecond.model.trial import WeighedIndex
from subsecond.sql.choice import MeasuredIndex, choose
from subsecond.sql.dialect import create_index_sql, index_bytes_sql
from subsecond.sql.fingerprint import WRITING, operation, tables
from subsecond.sql.names import quoted

RUNS = 3
"""Recorded runs of each request with each index; the median counts."""
SLOW_SECONDS = 2.0
"""A request that takes longer is run once."""
FILLED_ROWS, WRITTEN_ROWS, ROUNDS = 50_000, 5_000, 5
"""Rows that the two copies of a table begin with, rows then written to each at a time, and how often in turn."""
PLAIN, INDEXED = "subsecond_write_plain", "subsecond_write_indexed"


@dataclass(slots=True)
class _Confirmed:
    """The indexes that trials confirmed, with the findings that ask for each, and the requests they were tried on."""

    findings: dict[IndexSpec, list[str]]
    requests: dict[str, tuple[RequestSpec, float]]


def weigh(course: Course) -> tuple[WeighedIndex, ...]:
    """Measure the confirmed indexes and choose among them; empty where there are none or time is over."""
    found = _confirmed(course)
    if not found.findings:
        return ()
    runs = 1 + len(found.findings)
    cost = sum(runs * (1 + _runs(seconds)) * seconds for _, seconds in found.requests.values())
    if cost > course.budget.left:
        course.say("  the indexes were not weighed against each other: the budget is spent")
        return ()
    try:
        return _weighed(course, found)
    except SubsecondError as problem:
        course.say(f"  the indexes were not weighed against each other: {problem.message}")
        return ()
    finally:
        course.runner.clear()


def _confirmed(course: Course) -> _Confirmed:
    found = _Confirmed({}, {})
    for name, ready in course.confirmed().items():
        for one in ready:
            base = one.measured.base
            if one.measured.experiment.fix != INDEX or base is None:
                continue
            for spec in one.candidate.indexes:
                asking = found.findings.setdefault(spec, [])
                if one.measured.finding.id not in asking:
                    asking.append(one.measured.finding.id)
            found.requests[name] = (base.spec, base.seconds)
    return found


def _runs(seconds: float) -> int:
    return 1 if seconds > SLOW_SECONDS else RUNS


def _weighed(course: Course, found: _Confirmed) -> tuple[WeighedIndex, ...]:
    runner = course.runner
    system = cast(System, runner.arm.system)
    of = 1 + len(found.findings)
    course.progress("weighing the indexes", 0, of)
    base = _sent(runner, found, (), system)
    measured = []
    costs: dict[IndexSpec, tuple[int | None, float | None]] = {}
    for number, spec in enumerate(found.findings, 1):
        course.progress("weighing the indexes", number, of)
        sent = _sent(runner, found, (spec,), system)
        size, write = _size(runner, spec, system), _write_seconds(runner, spec, system)
        costs[spec] = (size, write)
        written = sum(times for text, times in base.written.items() if _reads(text, spec))
        measured.append(
            MeasuredIndex(
                spec=spec,
                seconds={name: seconds for name, seconds in sent.seconds.items() if _reads(sent.texts[name], spec)},
                bytes=size or 0,
                write_seconds=written * (write or 0.0),
            )
        )
    alone = base.seconds
    choice = choose(alone, measured)
    whys = {one.spec: why for one, why in choice.rejected}
    for one in measured:
        size, write = costs[one.spec]
        words = f"{size / 1e6:.3g} MB" if size else "size unknown"
        words += "" if write is None else f", {durations.text(write)} for each row written"
        course.say(f"  index {one.spec.text}: {words}" + (f"; left out: {whys[one.spec]}" if one.spec in whys else ""))
    return tuple(
        WeighedIndex(
            findings=tuple(found.findings[one.spec]),
            index=one.spec.text,
            seconds=sum(max(0.0, alone[name] - seconds) for name, seconds in one.seconds.items() if name in alone),
            bytes=costs[one.spec][0],
            write_seconds=costs[one.spec][1],
            kept=one.spec not in whys,
            why=whys.get(one.spec, ""),
        )
        for one in measured
    )


@dataclass(slots=True)
class _Sent:
    """What the requests sent: seconds of each part of the workload, the statement behind it, rows written by each."""

    seconds: dict[str, float]
    texts: dict[str, str]
    written: dict[str, int]


def _sent(runner: Runner, found: _Confirmed, indexes: Sequence[IndexSpec], system: System) -> _Sent:
    """All requests with these indexes built.

    SQLite looks for rows while they are fetched, after the statement was sent: there the parts are not the statements
    but the whole request, once for each table that an index is for.
    """
    sent = _Sent({}, {}, {})
    indexed = dict.fromkeys(spec.table for spec in found.findings)
    runner.build(None, indexes)
    for name, (spec, seconds) in found.requests.items():
        runner.recorded(spec)  # plans are made anew, pages are read for the first time: nobody's time
        runs = [runner.recorded(spec) for _ in range(_runs(seconds))]
        parts: dict[str, list[float]] = {text: [] for text in runs[0].seconds}
        for run in runs:
            for text in parts:
                parts[text] += [run.seconds[text]] if text in run.seconds else []
        if system == "sqlite":
            parts = {f"SELECT FROM {table}": [run.whole for run in runs] for table in indexed}
        for text, each in parts.items():
            key = f"{name}\n{text}"
            sent.seconds[key], sent.texts[key] = statistics.median(each), text
        for text, times in runs[0].times.items():
            if operation(text) in WRITING:
                sent.written[text] = sent.written.get(text, 0) + times
    return sent


def _reads(text: str, spec: IndexSpec) -> bool:
    """Whether the statement has to do with the index's table."""
    return _bare(spec.table) in map(_bare, tables(text))


def _bare(table: str) -> str:
    return table.rpartition(".")[2].strip('"').lower()


def _size(runner: Runner, spec: IndexSpec, system: System) -> int | None:
    try:
        rows = runner.arm.run_sql([index_bytes_sql(spec, system, runner.name_of(spec))])
        return int(rows[0][0])
    except (SubsecondError, TypeError, LookupError):  # a SQLite without dbstat
        return None


def _write_seconds(runner: Runner, spec: IndexSpec, system: System) -> float | None:
    """What the index adds to a row written: rows of the table are put into two copies in turn, one with the index.

    The copies have no other index and no constraint, and stand beside the table in the scratch database, never in the
    user's own. Zero where the difference is lost in the noise.
    """
    if runner.arm.isolation != "clone":
        return None
    source = quoted(spec.table)
    indexed = create_index_sql(replace(spec, table=INDEXED), system, name=f"{INDEXED}_index")
    gone = [f"DROP TABLE IF EXISTS {table}" for table in (PLAIN, INDEXED)]
    made = [f"CREATE TABLE {table} AS SELECT * FROM {source} LIMIT {FILLED_ROWS}" for table in (PLAIN, INDEXED)]
    rows = f"SELECT * FROM {source} LIMIT {WRITTEN_ROWS}"
    writes = [[f"INSERT INTO {PLAIN} {rows}"], [f"INSERT INTO {INDEXED} {rows}"]]
    try:
        [[number]] = runner.arm.run_sql([*gone, *made, indexed, f"SELECT count(*) FROM ({rows}) AS written"])
        seconds = runner.arm.time_sql(writes * (ROUNDS + 1))[2:]  # the first of each is nobody's time
    except SubsecondError:
        return None
    finally:
        runner.arm.run_sql(gone)
    if not number:
        return None
    dearer = [after - before for before, after in zip(seconds[::2], seconds[1::2], strict=True)]
    return max(0.0, statistics.median(dearer)) / int(number)
