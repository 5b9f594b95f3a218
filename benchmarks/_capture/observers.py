"""What may watch the application: nothing, ours, and the peers, each set up as its own manual says, sending nothing.

An observer is set up before Flask and SQLAlchemy are imported and says how many queries it has seen, so that a peer
that silently records nothing is not praised for being cheap.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from typing import Any


@dataclass(slots=True, kw_only=True)
class Observer:
    """`around()` surrounds each request; `seen()` is the number of queries recorded since the start."""

    seen: Callable[[], int]
    around: Callable[[], AbstractContextManager[Any]] = nullcontext


def nothing() -> Observer:
    """No observer at all."""
    return Observer(seen=lambda: 0)


def opentelemetry() -> Observer:
    """Flask and SQLAlchemy instrumentation, a batch processor, an exporter that drops."""
    from opentelemetry import trace
    from opentelemetry.instrumentation.flask import FlaskInstrumentor
    from opentelemetry.instrumentation.sqlalchemy import SQLAlchemyInstrumentor
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.sdk.trace.export import BatchSpanProcessor, SpanExporter, SpanExportResult

    class Dropping(SpanExporter):
        """Counts statements; in a real set-up they would be encoded and sent, which costs more."""

        count = 0

        def export(self, spans: Any) -> SpanExportResult:
            for span in spans:
                keys = span.attributes or {}
                Dropping.count += "db.statement" in keys or "db.query.text" in keys
            return SpanExportResult.SUCCESS

    provider = TracerProvider()
    processor = BatchSpanProcessor(Dropping())
    provider.add_span_processor(processor)
    trace.set_tracer_provider(provider)
    FlaskInstrumentor().instrument()
    # it declares sqlalchemy < 2.1 and does nothing on 2.1 otherwise, though it works
    SQLAlchemyInstrumentor().instrument(skip_dep_check=True)

    def seen() -> int:
        processor.force_flush()
        return Dropping.count

    return Observer(seen=seen)


def _sentry(**source: Any) -> Observer:
    import sentry_sdk
    from sentry_sdk.transport import Transport

    class Dropping(Transport):
        """Counts the query spans of transactions."""

        count = 0

        def capture_envelope(self, envelope: Any) -> None:
            event = envelope.get_transaction_event() or {}
            Dropping.count += sum(span["op"] == "db" for span in event.get("spans", ()))

    sentry_sdk.init(dsn="http://key@127.0.0.1:9/1", transport=Dropping, traces_sample_rate=1.0, **source)
    return Observer(seen=lambda: Dropping.count)


def sentry() -> Observer:
    """Tracing of every request, without call sites."""
    return _sentry(enable_db_query_source=False)


def sentry_call_sites() -> Observer:
    """Tracing of every request, with the call site of every query instead of only the slow ones."""
    return _sentry(enable_db_query_source=True, db_query_source_threshold_ms=0)


def queryspy() -> Observer:
    """`queryspy.record()` around the request: statement and nearest call site of every query."""
    import queryspy as library

    kept: list[Any] = []

    class Recording:
        def __enter__(self) -> None:
            self.window = library.record()
            self.recorder = self.window.__enter__()

        def __exit__(self, *error: Any) -> None:
            self.window.__exit__(*error)
            kept.append(len(self.recorder.orm_records))

    return Observer(seen=lambda: sum(kept), around=Recording)


def ddtrace() -> Observer:
    """Flask and psycopg (its own choice for PostgreSQL), with a filter that counts and drops every trace."""
    for part in ("INSTRUMENTATION_TELEMETRY", "REMOTE_CONFIGURATION", "RUNTIME_METRICS", "CRASHTRACKING"):
        os.environ[f"DD_{part}_ENABLED"] = "false"
    from ddtrace import patch
    from ddtrace.trace import TraceFilter, tracer

    class Dropping(TraceFilter):
        count = 0

        def process_trace(self, trace: list[Any]) -> None:
            Dropping.count += sum(span.span_type == "sql" for span in trace)

    tracer.configure(trace_processors=[Dropping()])
    patch(flask=True, psycopg=True)
    return Observer(seen=lambda: Dropping.count)


def both() -> Observer:
    """Sentry and OpenTelemetry in one application: what ours must not be confused by."""
    first, second = opentelemetry(), sentry()
    return Observer(seen=lambda: min(first.seen(), second.seen()))


OBSERVERS: dict[str, Callable[[], Observer]] = {
    "nothing": nothing,
    "nothing_again": nothing,
    "ours": nothing,  # comes in from outside, by PYTHONPATH
    "opentelemetry": opentelemetry,
    "sentry": sentry,
    "sentry_call_sites": sentry_call_sites,
    "queryspy": queryspy,
    "ddtrace": ddtrace,
    "ours_beside_both": both,
}
WITH_CALL_SITES = ("queryspy", "sentry_call_sites")
"""Peers that know, like ours, which line sent each query."""
