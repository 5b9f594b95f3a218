"""Recordings and findings -> the life of each request, its dependencies, and the design that would remain."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from subsecond.diagnose.evidence import checkouts, grouped, print_of, queries, shape, shortened, values
from subsecond.model.finding import Finding
from subsecond.model.lifecycle import Dependency, Lifecycle, Remaining, Sort, Step, What
from subsecond.model.trace import Frame, Span, Trace, shown_file
from subsecond.sql.fingerprint import tables
from subsecond_agent import protocol

_GONE = {
    "reordered-query": "the rows are there, in another order",
    "derivable-query": "its values stand in an earlier result",
    "unused-query": "nothing of it is used here",
    "static-lookup": "remembered from one request to the next",
}
_ONCE = {
    "n-plus-one-query": "one statement for all keys",
    "lazy-load": "loaded with the parents",
    "loop-invariant-query": "asked once, before the loop",
}
_LEAVES: dict[str, What] = {
    protocol.SPAN_QUERY: "query",
    protocol.SPAN_SESSION: "session",
    protocol.SPAN_HTTP: "http",
    protocol.SPAN_KEY_VALUE: "key_value",
    protocol.SPAN_LOG: "log",
}
_MIN_REST = 0.001
"""Seconds before the first and after the last span; less is not worth a line."""


def lifecycles(recorded: Sequence[Trace], findings: Sequence[Finding]) -> tuple[Lifecycle, ...]:
    """One for each request: of its quickest recorded run, which waited least for others."""
    by_request: dict[str, list[Trace]] = {}
    for trace in recorded:
        by_request.setdefault(trace.request, []).append(trace)
    quickest = [min(runs, key=lambda trace: trace.seconds) for runs in by_request.values()]
    return tuple(_life(trace, [one for one in findings if trace.request in one.requests]) for trace in quickest)


def _life(trace: Trace, findings: Sequence[Finding]) -> Lifecycle:
    logs = [span for span in trace.spans if span.name == protocol.SPAN_LOG]
    mended = {(one.file, one.function) for one in findings if one.kind == "excessive-logging"}
    kept = [span for span in logs if span.site is None or (span.site.file, span.site.function) not in mended]
    pools = {span.attributes.get(protocol.DB_POOL) for span in checkouts(trace)}
    return Lifecycle(
        request=trace.request,
        seconds=trace.seconds,
        steps=tuple(_steps(trace)),
        dependencies=tuple(_dependencies(trace)),
        statements=tuple(_remaining(trace, findings)),
        sessions_now=len(checkouts(trace)),
        sessions_then=len(pools),
        logs_now=len(logs),
        logs_then=len(kept),
        calls_now=sum(span.name in (protocol.SPAN_HTTP, protocol.SPAN_KEY_VALUE) for span in trace.spans),
    )


@dataclass
class _Node:
    """A function in the order in which it was first reached, or a leaf: spans of one sort in it."""

    what: What
    title: str
    frame: Frame | None
    spans: list[Span] = field(default_factory=list)
    children: dict[tuple[str, ...], _Node] = field(default_factory=dict)


def _steps(trace: Trace) -> list[Step]:
    root = _Node("function", trace.route or trace.path, None)
    shown = [span for span in trace.spans if span.name in _LEAVES]
    for span in sorted(shown, key=lambda one: one.start):
        node = root
        node.spans.append(span)
        for frame in reversed(span.stack):
            key = (frame.file, frame.function)
            node = node.children.setdefault(key, _Node("function", frame.function, frame))
            node.spans.append(span)
        title = _title(span)
        leaf = node.children.setdefault((span.name, title), _Node(_LEAVES[span.name], title, span.site))
        leaf.spans.append(span)
    steps = [_rest("before the first of it: server, middleware, reading the request", 0.0, _first(shown))]
    steps += _below(root, 0)
    last = max(map(_end, shown), default=0.0)
    steps.append(_rest("after the last of it: building and sending the response", last, trace.seconds))
    return [step for step in steps if step.what != "rest" or step.seconds >= _MIN_REST]


def _first(spans: Sequence[Span]) -> float:
    return min((span.start for span in spans), default=0.0)


def _end(span: Span) -> float:
    """Where the function that made it had it: one that opens a session has long returned when the session ends."""
    return span.start if span.name == protocol.SPAN_SESSION else span.end


def _rest(title: str, start: float, end: float) -> Step:
    return Step(depth=0, what="rest", title=title, file=None, line=None, start=start, seconds=max(0.0, end - start))


def _below(node: _Node, depth: int) -> list[Step]:
    """What stands in a function. Functions that are called in turn, as in a loop, are each as long as what they wait
    for: from the first to the last of it the others had their time too."""
    functions = [one for one in node.children.values() if one.what == "function"]
    extents = {id(one): (_first(one.spans), max(map(_end, one.spans))) for one in functions}
    steps: list[Step] = []
    for child in node.children.values():
        start, end = extents.get(id(child), (0.0, 0.0))
        others = (extent for key, extent in extents.items() if key != id(child))
        steps += _walk(child, depth, in_turn=any(start < until and begin < end for begin, until in others))
    return steps


def _walk(node: _Node, depth: int, *, in_turn: bool) -> list[Step]:
    start, end = _first(node.spans), max(map(_end, node.spans))
    leaf = node.what != "function"
    waited = sum(span.seconds for span in node.spans if leaf or span.name != protocol.SPAN_SESSION)
    rows = [span.attributes.get(protocol.DB_ROWS) for span in node.spans if span.name == protocol.SPAN_QUERY]
    known = [row for row in rows if isinstance(row, int)]
    made = Step(
        depth=depth,
        what=node.what,
        title=node.title,
        file=shown_file(node.frame.file) if node.frame else None,
        line=node.frame.line if node.frame else None,
        start=start,
        seconds=waited if leaf or in_turn else end - start,
        times=len(node.spans) if leaf else 1,
        rows=sum(known) if known else None,
    )
    return [made, *_below(node, depth + 1)]


def _title(span: Span) -> str:
    """What a leaf is called; spans that are called the same in one function are one step."""
    attributes = span.attributes
    if span.name == protocol.SPAN_QUERY:
        relation = attributes.get(protocol.LAZY_LOAD)
        return f"{f'[{relation}] ' if relation else ''}{shortened(print_of(span), 100)}"
    if span.name == protocol.SPAN_HTTP:
        return f"{attributes.get(protocol.HTTP_METHOD)} {_server(span)}{attributes.get(protocol.URL_PATH, '')}"
    if span.name == protocol.SPAN_KEY_VALUE:
        return f"{attributes.get(protocol.DB_SYSTEM, 'key-value store')} {attributes.get(protocol.DB_OPERATION, '')}"
    if span.name == protocol.SPAN_LOG:
        return f"log {attributes.get(protocol.LOG_LEVEL, '')} to {attributes.get(protocol.LOG_LOGGER, '')}"
    return "opens a session"


def _server(span: Span) -> str:
    port = span.attributes.get(protocol.SERVER_PORT)
    return f"{span.attributes.get(protocol.SERVER_ADDRESS, '?')}{f':{port}' if port else ''}"


def _dependencies(trace: Trace) -> list[Dependency]:
    found: dict[tuple[Sort, str], list[Span]] = {}
    for span in trace.spans:
        if span.name == protocol.SPAN_QUERY:
            for table in tables(print_of(span)):
                found.setdefault(("table", table), []).append(span)
        elif span.name == protocol.SPAN_HTTP:
            found.setdefault(("service", _server(span)), []).append(span)
        elif span.name == protocol.SPAN_KEY_VALUE:
            system = str(span.attributes.get(protocol.DB_SYSTEM, "key-value store"))
            found.setdefault(("key-value store", system), []).append(span)
        elif span.name == protocol.SPAN_LOG:
            found.setdefault(("logger", str(span.attributes.get(protocol.LOG_LOGGER, ""))), []).append(span)
    made = [
        Dependency(
            kind=kind,
            name=name,
            calls=len(spans),
            seconds=sum(span.seconds for span in spans),
        )
        for (kind, name), spans in found.items()
    ]
    return sorted(made, key=lambda one: -one.seconds)


def _remaining(trace: Trace, findings: Sequence[Finding]) -> list[Remaining]:
    """Statements by text and chain of callers, each with what its finding would leave of it."""
    made = []
    seen: set[tuple[str, str]] = set()
    for (statement, _), spans in grouped(queries(trace), shape).items():
        site = spans[0].site
        then, why = len(spans), ""
        relation = str(spans[0].attributes.get(protocol.LAZY_LOAD, ""))
        for one in findings:
            if one.fingerprint not in (statement, relation):
                continue
            if one.kind in _GONE and site is not None and (one.file, one.function) == (site.file, site.function):
                then, why = 0, f"{one.id} {one.kind}: {_GONE[one.kind]}"
                break
            if one.kind in _ONCE:
                first = (one.id, one.fingerprint) not in seen
                seen.add((one.id, one.fingerprint))
                then, why = (1 if first else 0), f"{one.id} {one.kind}: {_ONCE[one.kind]}"
            elif one.kind == "duplicate-query":
                different = len({values(span) for span in spans})
                first = (one.id, one.fingerprint) not in seen
                seen.add((one.id, one.fingerprint))
                then, why = (min(then, different) if first else 0), f"{one.id} {one.kind}: sent once"
        made.append(
            Remaining(
                title=shortened(statement, 100),
                file=shown_file(site.file) if site else "<unknown>",
                line=site.line if site else 0,
                now=len(spans),
                then=then,
                why=why,
            )
        )
    return made
