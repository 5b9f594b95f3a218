"""Views over deep and profiling runs that several detectors share."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass

from subsecond.diagnose.evidence import print_of, queries
from subsecond.model.deep import Cluster, Deep, FunctionCalls, Reads
from subsecond.model.facts import Facts
from subsecond.model.trace import Frame, Span, Trace
from subsecond_agent import protocol

MOST_SAMPLES = 0.9
"""Of a profile's samples: what is called from elsewhere now and then is still one function's work."""
MANY = 100
"""Calls of a function in one request that make its lines a loop of somebody else's."""
SERIALISERS = frozenset({
    "json", "simplejson", "marshmallow", "pydantic", "rest_framework", "ninja", "attrs", "cattrs", "apiflask",
    "flask_restful", "flask_restx", "serpy", "xml", "lxml", "dicttoxml", "yaml", "plistlib", "csv", "msgpack",
})  # fmt: skip
"""Packages whose work is to turn objects into text or bytes, or back. What is written in C is part of the line that
calls it (`orjson`)."""
OF_DATABASES = frozenset({
    "sqlalchemy", "psycopg", "psycopg2", "psycopg_pool", "sqlite3", "pymysql", "MySQLdb", "asyncpg", "flask_sqlalchemy",
})  # fmt: skip
"""Packages whose work is to send statements and to make objects of rows."""
OF_LOOPS = (None, "sqlalchemy")
"""Whose computing belongs to a loop of the app's: its own lines, and the ORM's where they read attributes."""


@dataclass(frozen=True, slots=True)
class Fetched:
    """What one statement of a deep run fetched of one entity, beside a recording of the same request."""

    trace: Trace
    """The recording: its seconds count, the deep run's do not."""
    deep: Deep
    reads: Reads
    span: Span
    """The first such statement, in the deep run."""

    @property
    def fingerprint(self) -> str:
        return print_of(self.span)

    @property
    def by_relation(self) -> bool:
        """Sent for a relationship, or along with its parents: what it selects is the mapping's."""
        attributes = self.span.attributes
        return protocol.LAZY_LOAD in attributes or protocol.EAGER_LOAD in attributes or self.reads.relation is not None

    @property
    def limited(self) -> bool:
        return " limit " in self.fingerprint or " fetch first " in self.fingerprint

    @property
    def spans(self) -> list[Span]:
        """The same statements in the recording."""
        return [
            span for span in queries(self.trace) if print_of(span) == self.fingerprint and span.site == self.span.site
        ]

    def put_aside(self, deciding: Collection[str]) -> list[Cluster]:
        """Clusters of objects that were looked at and not used: only `deciding` columns were read of them.

        Of others the same columns were read, and more.
        """
        groups = self.reads.clusters
        return [
            one
            for one in groups
            if set(one.columns) <= set(deciding) and any(set(one.columns) < set(other.columns) for other in groups)
        ]


def pairs(traces: Sequence[Trace], facts: Facts) -> Iterator[tuple[Trace, Trace]]:
    """(recording, deep run) of each request of a route, once each."""
    deep = {trace.request: trace for trace in facts.deep if trace.deep is not None}
    seen: set[str] = set()
    for trace in traces:
        if trace.request in deep and trace.request not in seen:
            seen.add(trace.request)
            yield trace, deep[trace.request]


def fetched(traces: Sequence[Trace], facts: Facts) -> Iterator[Fetched]:
    """All that was fetched by statements of a route, request by request."""
    for trace, run in pairs(traces, facts):
        assert run.deep is not None
        for reads in run.deep.reads:
            if reads.span is not None:
                yield Fetched(trace, run.deep, reads, run.spans[reads.span])


def functions(run: Trace) -> tuple[FunctionCalls, ...]:
    """Own functions that a deep run saw called."""
    return run.deep.functions if run.deep is not None else ()


def inside(span: Span, function: FunctionCalls) -> bool:
    """Whether a statement (or a log record …) was sent from within a function."""
    return any(frame.file == function.file and frame.function == function.function for frame in span.stack)


def cpu(request: str, facts: Facts) -> dict[tuple[str, str], tuple[float, float]]:
    """(file, function) -> CPU seconds of one request: in its lines and libraries below them, and with all it calls."""
    runs = [trace.profile for trace in facts.profiled if trace.request == request and trace.profile is not None]
    found: dict[tuple[str, str], tuple[float, float]] = {}
    for profile in runs:
        for place, (own, whole) in profile.by_function().items():
            before = found.get(place, (0.0, 0.0))
            found[place] = before[0] + own / len(runs), before[1] + whole / len(runs)
    return found


def computed(request: str, facts: Facts) -> float:
    """CPU seconds of one request, as its profiling runs saw them."""
    seen = [trace.profile.seconds for trace in facts.profiled if trace.request == request and trace.profile is not None]
    return sum(seen) / len(seen) if seen else 0.0


def lines(trace: Trace, facts: Facts) -> dict[Frame, float]:
    """CPU seconds of one request by line, with what the ORM computes for it when attributes are read.

    What other libraries compute (JSON, a parser) is no loop of the app's. Lines that sent a statement, wrote a log
    record or called out are left out: what they cost is told elsewhere.
    """
    runs = [one.profile for one in facts.profiled if one.request == trace.request and one.profile is not None]
    sites = {(span.stack[0].file, span.stack[0].line) for span in trace.spans if span.stack}
    found: dict[Frame, float] = {}
    for profile in runs:
        for one in profile.stacks:
            frame = one.stack[0] if one.stack else None
            if frame is not None and one.library in OF_LOOPS and (frame.file, frame.line) not in sites:
                found[frame] = found.get(frame, 0.0) + one.seconds / len(runs)
    return found


def in_libraries(trace: Trace, facts: Facts, libraries: Collection[str]) -> dict[Frame, dict[str, float]]:
    """CPU seconds of one request that some packages took, by the app's line above them and by package.

    Lines that wrote a log record are left out: what they cost is told elsewhere.
    """
    runs = [one.profile for one in facts.profiled if one.request == trace.request and one.profile is not None]
    logs = {(span.stack[0].file, span.stack[0].line) for span in trace.spans if _is_log(span) and span.stack}
    found: dict[Frame, dict[str, float]] = {}
    for profile in runs:
        for one in profile.stacks:
            frame = one.stack[0] if one.stack else None
            name = one.library
            if frame is not None and name in libraries and name and (frame.file, frame.line) not in logs:
                spent = found.setdefault(frame, {})
                spent[name] = spent.get(name, 0.0) + one.seconds / len(runs)
    return found


def _is_log(span: Span) -> bool:
    return span.name == protocol.SPAN_LOG


def callers(
    request: str, places: Collection[Frame], facts: Facts, libraries: Collection[str | None] = OF_LOOPS
) -> frozenset[tuple[str, str]]:
    """(file, function) of those, their own among them, inside which some lines take all their CPU, or nearly.

    `libraries`: whose computing below these lines counts.
    """
    seconds: dict[tuple[str, str], float] = {}
    whole = 0.0
    for profile in (one.profile for one in facts.profiled if one.request == request and one.profile is not None):
        for one in profile.stacks:
            if one.stack and one.stack[0] in places and one.library in libraries:
                whole += one.seconds
                for key in {(frame.file, frame.function) for frame in one.stack}:
                    seconds[key] = seconds.get(key, 0.0) + one.seconds
    return frozenset(key for key, spent in seconds.items() if spent >= MOST_SAMPLES * whole)
