"""Records each request: a span, its duration, and one structured line of log."""

from __future__ import annotations

import time
from dataclasses import dataclass

from flask import Flask, Response, g, request
from opentelemetry._logs import LogRecord, SeverityNumber
from opentelemetry.propagate import extract
from opentelemetry.trace import Span, SpanKind, StatusCode, set_span_in_context

from discovery.telemetry.export import Instruments

METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})


@dataclass(frozen=True, slots=True)
class Begun:
    """A request that is being handled."""

    span: Span
    since: float


def install(app: Flask, instruments: Instruments) -> None:
    """Must come before what may answer in the place of an endpoint, so that this is recorded too."""

    @app.before_request
    def begin() -> None:
        span = instruments.tracer.start_span(f"{_method()} {_route()}", extract(request.headers), SpanKind.SERVER)
        g.telemetry = Begun(span, time.perf_counter())

    @app.after_request
    def end(response: Response) -> Response:
        begun: Begun | None = g.pop("telemetry", None)
        if begun is not None:
            _record(instruments, begun, response.status_code)
        return response


def _record(instruments: Instruments, begun: Begun, status: int) -> None:
    seconds = time.perf_counter() - begun.since
    facts: dict[str, str | int] = {
        "http.request.method": _method(),
        "http.route": _route(),
        "http.response.status_code": status,
    }
    begun.span.set_attributes(facts)
    if status >= 500:
        begun.span.set_status(StatusCode.ERROR)
    begun.span.end()
    instruments.durations.record(seconds, facts)
    instruments.logger.emit(
        LogRecord(
            timestamp=time.time_ns(),
            context=set_span_in_context(begun.span),
            severity_number=SeverityNumber.ERROR if status >= 500 else SeverityNumber.INFO,
            severity_text="ERROR" if status >= 500 else "INFO",
            body="request",
            attributes={**facts, "duration_ms": round(seconds * 1000, 1)},
        )
    )


def _method() -> str:
    """The method; what is none of the known ones has one name, a client could make up any number of them."""
    return request.method if request.method in METHODS else "_OTHER"


def _route() -> str:
    return request.url_rule.rule if request.url_rule else "(none)"
