"""Which spans of a recorded run a finding stands on, and other things that are read from spans."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from subsecond.model.finding import Finding
from subsecond.model.trace import Span, Trace
from subsecond.sql.fingerprint import tables
from subsecond_agent import protocol

LOOP = 3
"""One statement from one place as often as this is a loop."""
CONNECTIONS = ("several-sessions", "nested-checkout", "pool-wait", "connection-held")
"""Kinds that are about check-outs, not about statements."""
INDEXES = ("missing-index", "non-sargable-predicate", "stale-statistics")
"""Kinds whose fingerprint is `table (columns)`."""
_WHOLE = ("cacheable-response",)
_WORD = re.compile(r"[a-z][a-z_.-]{0,23}|v\d{1,2}")
_CALLS = {"serial-external-calls": protocol.SPAN_HTTP, "n-plus-one-http": protocol.SPAN_HTTP}


def marked(trace: Trace, finding: Finding) -> tuple[int, ...]:
    """Indices of the spans that the finding stands on, none where it is not about this request or about all of it."""
    if trace.request not in finding.requests or finding.kind in _WHOLE:
        return ()
    by_statement = _of_statement(trace, finding)
    found = [number for number, span in enumerate(trace.spans) if _concerns(trace, span, finding, by_statement)]
    if not found and by_statement:  # the statement is sent in one function, and the finding is about another
        return tuple(number for number, span in enumerate(trace.spans) if finding.fingerprint in _asked(span))
    return tuple(found)


def _concerns(trace: Trace, span: Span, finding: Finding, by_statement: bool) -> bool:
    place = (finding.file, finding.function)
    if finding.kind in CONNECTIONS:
        opener = trace.opener(span) if span.name == protocol.SPAN_CHECKOUT else None
        return opener is not None and (opener.file, opener.function) == place
    if finding.kind == "excessive-logging":
        site = span.site
        return span.name == protocol.SPAN_LOG and site is not None and (site.file, site.function) == place
    if span.name != _CALLS.get(finding.kind, protocol.SPAN_QUERY):
        return False
    if finding.kind in INDEXES:
        if finding.fingerprint.partition(" (")[0] not in tables(str(span.attributes.get(protocol.FINGERPRINT, ""))):
            return False
    elif by_statement and finding.fingerprint not in _asked(span):
        return False
    return any((frame.file, frame.function) == place for frame in span.stack)


def _of_statement(trace: Trace, finding: Finding) -> bool:
    """Whether its fingerprint is a statement's or a relationship's (else a function's name)."""
    return any(finding.fingerprint in _asked(span) for span in trace.spans if span.name == protocol.SPAN_QUERY)


def _asked(span: Span) -> tuple[object, object]:
    return span.attributes.get(protocol.FINGERPRINT), span.attributes.get(protocol.LAZY_LOAD)


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
