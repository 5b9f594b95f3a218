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
    base = statistics.median(trace.seconds for trace in timed)
    return statistics.median(trace.seconds for trace in recorded) / base - 1 if base else None


def _shares(timed: Sequence[Trace]) -> Shares | None:
    """The timed run of median length, cut into where its seconds went."""
    if not timed:
        return None
    trace = sorted(timed, key=lambda one: one.seconds)[len(timed) // 2]
    database = trace.waits.get(protocol.WAIT_DATABASE, 0.0)
    pool = trace.waits.get(protocol.WAIT_POOL, 0.0)
    logs = trace.waits.get(protocol.WAIT_LOGS, 0.0)
    calls = trace.waits.get(protocol.WAIT_HTTP, 0.0) + trace.waits.get(protocol.WAIT_KEY_VALUE, 0.0)
    rest = max(0.0, trace.seconds - database - pool - logs - calls - trace.gc_seconds)
    return Shares(database=database, pool=pool, logs=logs, garbage=trace.gc_seconds, python=rest, calls=calls)
