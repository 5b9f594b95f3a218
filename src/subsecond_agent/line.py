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
    COUNT_QUERIES,
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
    shared = {"texts": list(tables.texts), "frames": tables.frames, "stacks": tables.stacks}
    return f'{_dumps(head)[:-1]},{_dumps(shared)[1:-1]},"spans":[{",".join(spans)}]}}'


class Tables:
    """What the spans of one line share: texts, frames, stacks."""

    def __init__(self, record: Record) -> None:
        self.record = record
        self.texts: dict[str, int] = {}
        self.frames: list[list[Any]] = []
        self.frame_index: dict[tuple[int, int], int] = {}
        self.stacks: list[list[int]] = []
        self.stack_index: dict[tuple[int, ...], int] = {}
        self.heads: dict[tuple[str, str], str] = {}
        self.place: dict[int, int] = {}

    def spans(self, spans: list[Span]) -> list[str]:
        """Spans in the order of their starts; a parent stands before its children."""
        ordered = sorted(spans, key=_began)
        place = self.place = {id(span): index for index, span in enumerate(ordered)}
        began, last = self.record.began, self.record.ended
        lines = []
        for index, span in enumerate(ordered):
            parent = place.get(id(span.parent), -1)
            start = max(int((span.began - began) * 1e6), 0)
            end = max(int(((last if span.ended is None else span.ended) - began) * 1e6), start)
            if parent >= index:
                parent = -1
            attributes = self.query(span) if type(span) is Query else self.attributes(span)
            lines.append(f'["{span.name}",{parent},{start},{end - start},{self.stack(span.chain)},{attributes}]')
        return lines

    def place_of(self, span: Span) -> int:
        """Index of a span in the line, -1 where it is not in it."""
        return self.place.get(id(span), -1)

    def stack(self, chain: list[Any]) -> int:
        """Index of a chain [code, line, ...]. Codes count by identity: they are alive, and their hash is dear."""
        if not chain:
            return -1
        key = tuple([part if type(part) is int else id(part) for part in chain])
        index = self.stack_index.get(key, -1)
        if index < 0:
            index = self.stack_index[key] = len(self.stacks)
            self.stacks.append(self.frames_of(chain))
        return index

    def frames_of(self, chain: list[Any]) -> list[int]:
        """Frames of a chain. A comprehension is named after the function it stands in, as from Python 3.12 on."""
        found = []
        at = 0
        while at < len(chain):
            code, line = chain[at], chain[at + 1]
            at += 2
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

    def attributes(self, span: Span) -> str:
        attributes = span.attributes
        if span.ended is None:
            attributes = dict(attributes, **{protocol.OPEN: True})
        return _dumps(attributes)

    def query(self, span: Query) -> str:
        key = (span.text, span.system)
        head = self.heads.get(key)
        if head is None:
            head = self.heads[key] = self.head(span.text, span.system)
        parts = [head]
        if span.rows is not None:
            parts.append(f'"{protocol.DB_ROWS}":{span.rows}')
        if span.many:
            parts.append(f'"{protocol.EXECUTEMANY}":{span.many}')
            sets = ",".join([shown(values, span.text) for values in list(span.parameters)[:MAX_SETS]])
            parts.append(f'"{protocol.PARAMETERS}":[{sets}]')
        elif span.parameters:
            parts.append(f'"{protocol.PARAMETERS}":{shown(span.parameters, span.text)}')
            if isinstance(span.parameters, (dict, list, tuple)):
                parts.append(f'"{protocol.VALUES}":{len(span.parameters)}')
        if span.origin is not None:
            parts.append(f'"{span.origin[0]}":{quoted(span.origin[1])}')
        if span.error is not None:
            parts.append(f'"{protocol.ERROR_TYPE}":{quoted(span.error)}')
        return "{" + ",".join(parts) + "}"

    def head(self, text: str, system: str) -> str:
        index = self.texts.setdefault(text, len(self.texts))
        words = text.lstrip(" \t\r\n(").split(None, 1)
        attributes = {protocol.DB_SYSTEM: system, protocol.DB_TEXT: index}
        if words:
            attributes[protocol.DB_OPERATION] = words[0].upper()[:40]
        return _dumps(attributes)[1:-1]


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
        names = names_in(text)
        each = [values[name] for name in names] if names.keys() == values.keys() else values.values()
    return "[" + ",".join([quoted(shown_value(value)) for value in each]) + "]"


def shown_value(value: Any) -> str:
    if isinstance(value, (str, bytes)):
        value = value[:MAX_VALUE]
    try:
        return repr(value)[:MAX_VALUE]
    except Exception:  # a class of the app's own
        return f"<{type(value).__name__}>"
