"""Which spans of a recorded run a finding stands on, and other things that are read from spans."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from subsecond.model.finding import Finding
from subsecond.model.trace import Span, Trace
from subsecond_agent import protocol

LOOP = 3
"""One statement from one place as often as this is a loop."""
CONNECTIONS = ("several-sessions", "nested-checkout", "pool-wait", "connection-held")
"""Kinds that are about check-outs, not about statements."""
_WORD = re.compile(r"[a-z][a-z_.-]{0,23}|v\d{1,2}")
_CALLS = {"serial-external-calls": protocol.SPAN_HTTP, "n-plus-one-http": protocol.SPAN_HTTP}


def marked(trace: Trace, finding: Finding) -> tuple[int, ...]:
    """Indices of the spans that the finding stands on, none where it is not about this request."""
    if trace.request not in finding.requests:
        return ()
    return tuple(number for number, span in enumerate(trace.spans) if _concerns(trace, span, finding))


def _concerns(trace: Trace, span: Span, finding: Finding) -> bool:
    if finding.kind in CONNECTIONS:
        if span.name != protocol.SPAN_CHECKOUT:
            return False
        opener = trace.opener(span)
        return opener is not None and (opener.file, opener.function) == (finding.file, finding.function)
    inside = any((frame.file, frame.function) == (finding.file, finding.function) for frame in span.stack)
    if finding.kind == "excessive-logging":
        return span.name == protocol.SPAN_LOG and inside
    if finding.kind in _CALLS:
        return span.name == _CALLS[finding.kind] and inside
    if span.name != protocol.SPAN_QUERY:
        return False
    attributes = span.attributes
    asked = (attributes.get(protocol.FINGERPRINT), attributes.get(protocol.LAZY_LOAD))
    return finding.fingerprint in asked and inside if _of_statement(trace, finding) else inside


def _of_statement(trace: Trace, finding: Finding) -> bool:
    """Whether its fingerprint is a statement's or a relationship's (else a function's name)."""
    return any(
        finding.fingerprint in (span.attributes.get(protocol.FINGERPRINT), span.attributes.get(protocol.LAZY_LOAD))
        for span in trace.spans
    )


def by_name(trace: Trace, name: str) -> list[Span]:
    """Its spans of one sort."""
    return [span for span in trace.spans if span.name == name]


def loops(trace: Trace) -> list[list[Span]]:
    """Statements of one text from one chain of own frames, where they are `LOOP` or more."""
    found: dict[object, list[Span]] = {}
    for span in by_name(trace, protocol.SPAN_QUERY):
        found.setdefault((span.attributes.get(protocol.FINGERPRINT), span.stack), []).append(span)
    return [spans for spans in found.values() if len(spans) >= LOOP]


def lazy_loads(trace: Trace) -> int:
    """Statements that the ORM sent because an attribute was read."""
    return sum(protocol.LAZY_LOAD in span.attributes for span in trace.spans)


def called(span: Span) -> str:
    """The host, with its port, that a call went to, or the key-value store's system."""
    if span.name == protocol.SPAN_KEY_VALUE:
        return str(span.attributes.get(protocol.DB_SYSTEM, "key-value store"))
    host = str(span.attributes.get(protocol.SERVER_ADDRESS, "?"))
    port = span.attributes.get(protocol.SERVER_PORT)
    return f"{host}:{port}" if port else host


def what(span: Span) -> str:
    """What a call asked for, without values: `GET /rates/…`, `EVAL`."""
    attributes = span.attributes
    if span.name == protocol.SPAN_KEY_VALUE:
        batch = attributes.get(protocol.DB_BATCH)
        return f"{attributes.get(protocol.DB_OPERATION, 'command')}{f' of {batch}' if batch else ''}"
    return f"{attributes.get(protocol.HTTP_METHOD, 'call')} {_path(str(attributes.get(protocol.URL_PATH, '')))}".strip()


def _path(path: str) -> str:
    """A path without the parts that may be values: words stay, all else becomes `…`."""
    return "/".join(part if not part or _WORD.fullmatch(part) else "…" for part in path.split("/"))


def whole(spans: Iterable[Span]) -> float:
    """Seconds of spans that do not overlap, summed."""
    return sum(span.seconds for span in spans)


def first_and_last(numbers: Sequence[int]) -> tuple[int, ...]:
    """The ends of a run of spans, as arrows and steps name them."""
    return (numbers[0], numbers[-1]) if numbers else ()
