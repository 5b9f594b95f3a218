"""A finished record -> its line in the spool. Runs after the response, so it may take the time that recording must not.

Statements are put together by hand from parts that are encoded once per text: with hundreds of them in a request,
`json.dumps` of a dict each would cost more than recording them did.
"""

from __future__ import annotations

import json
import os
import re
from _operator import attrgetter
from functools import lru_cache
from json.encoder import encode_basestring as quoted

from . import protocol
from .protocol import (
    COUNT_CHECKOUTS,
    COUNT_HTTP,
    COUNT_KEY_VALUE,
    COUNT_LOGS,
    COUNT_OPENED,
    COUNT_QUERIES,
    COUNT_RAW,
    COUNT_ROWS,
    COUNT_SESSIONS,
    COUNT_TRANSACTIONS,
    WAIT_CPU,
    WAIT_DATABASE,
    WAIT_HTTP,
    WAIT_KEY_VALUE,
    WAIT_LOGS,
    WAIT_POOL,
)
from .span import Query, Record, Span

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import Any

COMPREHENSIONS = ("<listcomp>", "<setcomp>", "<dictcomp>", "<genexpr>")
NAMED = re.compile(r"%\((\w+)\)s")  # psycopg's placeholders
MAX_VALUE = 200  # characters of a parameter's repr, as the protocol says
MAX_INT = 1 << 63  # what has thousands of digits has no repr at all
MAX_SETS = 20  # parameter sets of one executemany that are shown
_dumps = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"), default=repr).encode
_began = attrgetter("began")


def trace_line(record: Record) -> str:
    """The request's own line."""
    environ = record.environ
    path = environ.get("SCRIPT_NAME", "") + environ.get("PATH_INFO", "")
    head = {
        "type": "trace",
        "version": protocol.VERSION,
        "id": record.id,
        "mark": record.mark,
        "mode": record.mode,
        "steering": record.steering,
        "pid": record.pid,
        "first": record.first,
        "start": record.started_at,
        "seconds": record.ended - record.began,
        "cpu_seconds": record.cpu_seconds,
        "gc_seconds": record.gc_seconds,
        "method": environ.get("REQUEST_METHOD", ""),
        "path": path.encode("latin-1", "replace").decode("utf-8", "replace"),
        "query": environ.get("QUERY_STRING", ""),
        "route": record.route,
        "status": record.status,
        "error": record.error,
        "trial": None if record.trial is None else record.trial.told(),
    }
    return _whole(head, record)


def late_line(record: Record) -> str:
    """What went on after the response: spans, counts and waits of their own, under the request's id."""
    head = {
        "type": "trace",
        "version": protocol.VERSION,
        "id": record.id,
        "mark": record.mark,
        "mode": record.mode,
        "pid": record.pid,
        "late": True,
    }
    return _whole(head, record)


def _whole(head: dict[str, Any], record: Record) -> str:
    head["dropped"] = record.dropped
    head["counts"] = {
        COUNT_QUERIES: len(record.queries),
        COUNT_ROWS: sum(record.rows),
        COUNT_CHECKOUTS: len(record.pools),
        COUNT_SESSIONS: len(record.sessions),
        COUNT_TRANSACTIONS: len(record.transactions),
        COUNT_LOGS: len(record.logs),
        COUNT_HTTP: len(record.calls),
        COUNT_KEY_VALUE: len(record.key_values),
        COUNT_RAW: len(record.raw),
        COUNT_OPENED: len(record.opened),
    }
    head["waits"] = {
        WAIT_DATABASE: sum(record.queries) + sum(record.database),
        WAIT_CPU: sum(record.driver_cpu),
        WAIT_POOL: sum(record.pools),
        WAIT_LOGS: sum(record.logs),
        WAIT_HTTP: sum(record.calls) + sum(record.bodies),
        WAIT_KEY_VALUE: sum(record.key_values),
    }
    tables = Tables(record)
    spans = tables.spans(record.spans)
    if "late" not in head:
        head.update((name, part.told(tables)) for name, part in record.extra.items())
    shared = {"texts": list(tables.texts), "frames": tables.frames, "stacks": list(tables.stacks)}
    return f'{_dumps(head)[:-1]},{_dumps(shared)[1:-1]},"spans":[{",".join(spans)}]}}'


class Tables:
    """What the spans of one line share: texts, frames, stacks."""

    def __init__(self, record: Record) -> None:
        self.record = record
        self.texts: dict[str, int] = {}
        self.frames: list[list[Any]] = []
        self.frame_index: dict[tuple[int, int], int] = {}
        self.stacks: dict[tuple[int, ...], int] = {}
        self.ordered: list[Span] = []
        self.places: dict[int, int] = {}
        self.chain_index: dict[tuple[int, ...], int] = {}

    def spans(self, spans: list[Span]) -> list[str]:
        """Spans in the order of their starts; a parent stands before its children.

        A loop's statements differ in their times and values only: the text before and behind the times is made once.
        """
        began, last = self.record.began, self.record.ended
        self.ordered = sorted(spans, key=_began)
        place: dict[int, int] = {}  # of what may be a parent
        loops: dict[Any, tuple[str, str]] = {}
        lines = []
        for index, span in enumerate(self.ordered):
            parent = place.get(id(span.parent), -1)
            start = int((span.began - began) * 1e6)
            if start < 0:  # noqa: PLR1730 - `max` costs five times as much
                start = 0
            taken = int(((last if span.ended is None else span.ended) - began) * 1e6) - start
            if taken < 0:  # noqa: PLR1730 - the same
                taken = 0
            if type(span) is Query:
                key = (id(span.chain), span.text, span.rows, span.origin, span.system, span.error, span.many, parent)
                parts = loops.get(key)
                if parts is None:
                    parts = loops[key] = f'["query",{parent},', f",{self.stack(span.chain)},{self.head(span)}"
                lines.append(f"{parts[0]}{start},{taken}{parts[1]}{values_of(span)}")
            else:
                place[id(span)] = index
                stack, attributes = self.stack(span.chain), attributes_of(span)
                lines.append(f'["{span.name}",{parent},{start},{taken},{stack},{attributes}]')
        return lines

    def place_of(self, span: Span) -> int:
        """Index of a span in the line, -1 where it is not in it."""
        if not self.places:
            self.places = {id(each): index for index, each in enumerate(self.ordered)}
        return self.places.get(id(span), -1)

    def stack(self, chain: list[Any]) -> int:
        """Index of a chain [code, place, ...]. Codes count by identity: they are alive, and their hash is dear."""
        key = tuple([part if type(part) is int else id(part) for part in chain])
        index = self.chain_index.get(key)
        if index is None:
            index = self.chain_index[key] = self.new_stack(chain)
        return index

    def new_stack(self, chain: list[Any]) -> int:
        """Index of a chain's frames; two instructions of one line are the same place to a reader."""
        frames = tuple(self.frames_of(chain))
        return self.stacks.setdefault(frames, len(self.stacks)) if frames else -1

    def frames_of(self, chain: list[Any]) -> list[int]:
        """Frames of a chain. A comprehension is named after the function it stands in, as from Python 3.12 on."""
        found = []
        at = 0
        while at < len(chain):
            code, place = chain[at], chain[at + 1]
            at += 2
            line = line_at(code, place)
            while code.co_name in COMPREHENSIONS and at < len(chain) and is_within(code, chain[at]):
                code = chain[at]
                at += 2
            found.append(self.frame(code, line))
        return found

    def frame(self, code: Any, line: int) -> int:
        key = (id(code), line)
        index = self.frame_index.get(key, -1)
        if index < 0:
            index = self.frame_index[key] = len(self.frames)
            self.frames.append([os.path.abspath(code.co_filename), line, getattr(code, "co_qualname", code.co_name)])
        return index

    def head(self, span: Query) -> str:
        """Attributes of a statement, but for its values."""
        index = self.texts.setdefault(span.text, len(self.texts))
        words = span.text.lstrip(" \t\r\n(").split(None, 1)
        attributes: dict[str, Any] = {protocol.DB_SYSTEM: span.system, protocol.DB_TEXT: index}
        if words:
            attributes[protocol.DB_OPERATION] = words[0].upper()[:40]
        if span.rows is not None:
            attributes[protocol.DB_ROWS] = span.rows
        if span.many:
            attributes[protocol.EXECUTEMANY] = span.many
        if span.origin is not None:
            attributes[span.origin[0]] = span.origin[1]
        if span.error is not None:
            attributes[protocol.ERROR_TYPE] = span.error
        return _dumps(attributes)[:-1]


def attributes_of(span: Span) -> str:
    attributes = span.attributes
    if span.ended is None:
        attributes = dict(attributes, **{protocol.OPEN: True})
    return _dumps(attributes)


def values_of(span: Query) -> str:
    """The rest of a statement's text behind its `head`: its values, and the end of the attributes and of the span."""
    values = span.parameters
    if span.many:
        sets = ",".join([shown(each, span.text) for each in list(values)[:MAX_SETS]])
        return f',"{protocol.PARAMETERS}":[{sets}]}}]'
    if not values:
        return "}]"
    if isinstance(values, (dict, list, tuple)):
        return f',"{protocol.VALUES}":{len(values)},"{protocol.PARAMETERS}":{shown(values, span.text)}}}]'
    return f',"{protocol.PARAMETERS}":{shown(values, span.text)}}}]'


def line_at(code: Any, place: int) -> int:
    """Line of a place in a chain: see `callsite.chain`."""
    if place < -1:
        return ~place
    line: int = code.co_firstlineno
    if hasattr(code, "co_lines"):
        for start, end, number in code.co_lines():
            line = number or line  # a loop's jump back may have no line (3.11): where a sampler mostly stops
            if start <= place < end:
                return line
        return int(code.co_firstlineno)
    offset = 0
    for step, lines in zip(code.co_lnotab[::2], code.co_lnotab[1::2]):  # Python 3.9
        offset += step
        if offset > place:
            break
        line += lines - 256 if lines > 127 else lines
    return line


def is_within(code: Any, outer: Any) -> bool:
    """Is `code` written inside the function whose code is `outer`?"""
    return any(constant is code for constant in outer.co_consts)


@lru_cache(maxsize=256)
def names_in(text: str) -> dict[str, None]:
    """Names of a text's placeholders, in order of first appearance."""
    return dict.fromkeys(NAMED.findall(text))


def shown(values: Any, text: str) -> str:
    """JSON list of the values' reprs, each capped; of a mapping in the order in which the text first names them."""
    each: Iterable[Any] = values
    if isinstance(values, dict):
        each = values.values()
        if len(values) > 1:
            names = names_in(text)
            if names.keys() == values.keys():
                each = [values[name] for name in names]
    parts = []
    for value in each:
        if type(value) is int and -MAX_INT < value < MAX_INT:  # most values are keys
            parts.append(f'"{value}"')
        else:
            parts.append(quoted(shown_value(value)))
    return f"[{','.join(parts)}]"


def shown_value(value: Any) -> str:
    if isinstance(value, (str, bytes)):
        value = value[:MAX_VALUE]
    try:
        return repr(value)[:MAX_VALUE]
    except Exception:  # a class of the app's own
        return f"<{type(value).__name__}>"
