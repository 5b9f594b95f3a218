"""The figures of a request from its traces: counts, seconds, where the time went, statements by place."""

from __future__ import annotations

import statistics
from collections.abc import Sequence

from subsecond.harness.requests import without_secrets
from subsecond.measure.intervals import median_interval
from subsecond.model.audit import QueryGroup, RequestResult, Shares
from subsecond.model.trace import Span, Trace
from subsecond.observe.stage import Observation
from subsecond_agent import protocol


def result_of(seen: Observation) -> RequestResult:
    """The figures of one request, for the report; what was not measured is None."""
    spec = seen.spec
    if seen.failure is not None or not seen.answers:
        return RequestResult(
            name=spec.name, method=spec.method, url=without_secrets(spec.url), status=seen.status, seconds=None,
            error=seen.failure,
        )  # fmt: skip
    recorded = seen.of("recording")
    counted = (recorded or seen.of("timed"))[:1]
    counts = counted[0].counts if counted else {}
    url = without_secrets(spec.url)
    if counted:
        url = counted[0].path + (f"?{counted[0].query}" if counted[0].query else "")
    return RequestResult(
        name=spec.name,
        method=spec.method,
        url=url,
        status=seen.status,
        seconds=median_interval(seen.answers),
        queries=counts.get(protocol.COUNT_QUERIES),
        sessions=counts.get(protocol.COUNT_CHECKOUTS),
        session_sites=session_sites(recorded[0]) if recorded else None,
        rows=counts.get(protocol.COUNT_ROWS),
        runs=len(seen.answers),
        recording_added=_added(seen.of("timed"), recorded),
        shares=_shares(seen.of("timed")),
        groups=groups(recorded[0]) if recorded else (),
    )


def session_sites(trace: Trace) -> int:
    """Places in the code that opened a session which took a connection."""
    return len({trace.opener(span) for span in trace.spans if span.name == protocol.SPAN_CHECKOUT})


def groups(trace: Trace) -> tuple[QueryGroup, ...]:
    """Statements by fingerprint and whole chain of own frames, the costliest first."""
    by_shape: dict[object, list[Span]] = {}
    for span in trace.spans:
        if span.name == protocol.SPAN_QUERY:
            by_shape.setdefault((span.attributes.get(protocol.FINGERPRINT), span.stack), []).append(span)
    made = [_group(spans) for spans in by_shape.values()]
    return tuple(sorted(made, key=lambda group: -group.seconds))


def _group(spans: Sequence[Span]) -> QueryGroup:
    site = spans[0].site
    rows = [span.attributes.get(protocol.DB_ROWS) for span in spans]
    known = [row for row in rows if isinstance(row, int)]
    lazy = spans[0].attributes.get(protocol.LAZY_LOAD)
    return QueryGroup(
        fingerprint=str(spans[0].attributes.get(protocol.FINGERPRINT, "")),
        count=len(spans),
        rows=sum(known) if known else None,
        seconds=sum(span.seconds for span in spans),
        file=site.file if site else "<unknown>",
        line=site.line if site else 0,
        function=site.function if site else "<unknown>",
        chain=tuple(f"{frame.file}:{frame.line} {frame.function}" for frame in spans[0].stack),
        lazy_load=str(lazy) if lazy else None,
    )


def _added(timed: Sequence[Trace], recorded: Sequence[Trace]) -> float | None:
    if not timed or not recorded:
        return None
    base, took = (statistics.median(trace.seconds for trace in some) for some in (timed, recorded))
    if min(trace.seconds for trace in timed) <= took <= max(trace.seconds for trace in timed):
        return None  # equal runs differ as much
    return took / base - 1 if base else None


def _shares(timed: Sequence[Trace]) -> Shares | None:
    """A run of median length, cut into where the seconds of all timed runs went: one alone may hold a collection of
    garbage that comes in every third."""
    if not timed:
        return None
    whole = sum(trace.seconds for trace in timed)
    scale = statistics.median(trace.seconds for trace in timed) / whole if whole else 0.0

    def waited(*names: str) -> float:
        return scale * sum(trace.waits.get(name, 0.0) for trace in timed for name in names)

    database, pool, logs = waited(protocol.WAIT_DATABASE), waited(protocol.WAIT_POOL), waited(protocol.WAIT_LOGS)
    calls = waited(protocol.WAIT_HTTP, protocol.WAIT_KEY_VALUE)
    garbage = scale * sum(trace.gc_seconds for trace in timed)
    rest = max(0.0, scale * whole - database - pool - logs - calls - garbage)
    return Shares(database=database, pool=pool, logs=logs, garbage=garbage, python=rest, calls=calls)
