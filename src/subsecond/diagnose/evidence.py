"""Views over a trace that several detectors share: statements, check-outs, the place that opened one."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable
from pathlib import Path
from typing import TypeVar

from subsecond.diagnose.code import hands_on
from subsecond.model.trace import Frame, Span, Trace
from subsecond.sql.fingerprint import abridged, fingerprint, operation
from subsecond_agent import protocol

K = TypeVar("K", bound=Hashable)


def grouped(spans: Iterable[Span], key: Callable[[Span], K]) -> dict[K, list[Span]]:
    """Spans by key, in order of first appearance."""
    groups: dict[K, list[Span]] = {}
    for span in spans:
        groups.setdefault(key(span), []).append(span)
    return groups


def queries(trace: Trace) -> list[Span]:
    """The statements of a request, in order."""
    return [span for span in trace.spans if span.name == protocol.SPAN_QUERY]


def selects(trace: Trace) -> list[Span]:
    """Those that only read."""
    return [span for span in queries(trace) if operation(text(span)) == "SELECT"]


def text(span: Span) -> str:
    """The statement's text as recorded."""
    return str(span.attributes.get(protocol.DB_TEXT, ""))


def print_of(span: Span) -> str:
    """The statement's fingerprint."""
    return fingerprint(text(span))


def values(span: Span) -> str:
    """Keyed hash of the statement's values: equal within one audit where the values were equal."""
    return str(span.attributes.get(protocol.PARAMETERS, ""))


def shape(span: Span) -> tuple[str, tuple[Frame, ...]]:
    """What a loop repeats: the fingerprint and the whole chain of own frames; a recursion's frames count once."""
    return print_of(span), tuple(dict.fromkeys(span.stack))


def database_of(trace: Trace, span: Span) -> str:
    """The pool that a statement's or a check-out's connection came from: what tells two databases apart."""
    while span.name != protocol.SPAN_CHECKOUT and span.parent is not None:
        span = trace.spans[span.parent]
    return str(span.attributes.get(protocol.DB_POOL, ""))


def of_new_connection(trace: Trace, span: Span) -> bool:
    """Whether a statement was sent while a check-out waited for its connection: what is asked of a new one."""
    return span.parent is None and any(
        taken.start <= span.start <= taken.start + waited(taken)
        and span.stack[len(span.stack) - len(taken.stack) :] == taken.stack
        for taken in checkouts(trace)
    )


def places(span: Span) -> tuple[tuple[str, int], ...]:
    """File and line of the own frames, innermost first: what an experiment's parameter is learnt from."""
    return tuple((frame.file, frame.line) for frame in span.stack)


def checkouts(trace: Trace) -> list[Span]:
    """Connections taken from a pool, in order."""
    return [span for span in trace.spans if span.name == protocol.SPAN_CHECKOUT]


def answering(trace: Trace, root: Path | None) -> Frame | None:
    """The place that answers the request: the outermost own frame that most of its statements have in common.

    What a decorator put around it (`return view(*args)`) is not it, where the source below `root` tells.
    """
    chains = [[frame for frame in span.stack if not hands_on(frame, root)] for span in queries(trace)]
    outermost = [chain[-1] for chain in chains if chain]
    return max(outermost, key=outermost.count, default=None)


def waited(checkout: Span) -> float:
    """Seconds from asking for the connection to having it."""
    wait = checkout.attributes.get(protocol.DB_WAIT, 0.0)
    return float(wait) if isinstance(wait, int | float) else 0.0


def shortened(statement: str, width: int = 160) -> str:
    """A statement on one line, cut in the middle."""
    line = abridged(" ".join(statement.split()))
    half = (width - 3) // 2
    return line if len(line) <= width else f"{line[:half]} … {line[-half:]}"
