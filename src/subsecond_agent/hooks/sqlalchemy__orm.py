"""SQLAlchemy 1.4, 2.0, 2.1: sessions, and which relationship a statement was sent for.

The second is read from the statement's own options when it is executed. The event `do_orm_execute` tells the same, but
makes SQLAlchemy build each statement's state twice.
"""

from __future__ import annotations

import sys

from .. import guard
from ..callsite import chain
from ..connections import checkout_of
from ..patching import Patches
from ..protocol import COLUMN_LOAD, EAGER_LOAD, FIRST_USE, LAZY_LOAD, MODE_TIMED, SPAN_SESSION
from ..recorder import append, closed, current, now, query_details
from ..span import MAX_SPANS, Span

TYPE_CHECKING = False
if TYPE_CHECKING:
    from types import ModuleType
    from typing import Any

    from ..span import Record

    Loads = tuple[tuple[str, str], tuple[str, str]]

HOOK = "sqlalchemy.orm"
live = True
patches = Patches()
listening: list[Any] = []
loads: dict[Any, Loads] = {}
"""Relationship -> what a statement is marked with that loads it: lazily, eagerly; each with `Model.relation`."""


def install(orm: ModuleType) -> None:
    session = sys.modules["sqlalchemy.orm.session"].Session
    patches.replace(session, "__init__", opening)
    for name in ("close", "invalidate", "reset"):
        if hasattr(session, name):
            patches.replace(session, name, closing)
    if session not in listening:
        sys.modules["sqlalchemy.event"].listen(session, "after_begin", used)
        listening.append(session)
    if origin not in query_details:
        query_details.append(origin)


def opening(original: Any) -> Any:
    def init(self: Any, *values: Any, **named: Any) -> None:
        record = current() if live else None
        if record is None:
            return original(self, *values, **named)
        began = now()
        original(self, *values, **named)
        try:
            unit(record, self, began, 2)
        except Exception as mishap:
            guard.failed(HOOK, mishap)

    return init


def unit(record: Record, session: Any, began: float, depth: int) -> Span:
    """Record a session that was opened, or is first seen, in this request."""
    timed = record.mode == MODE_TIMED
    span = Span(SPAN_SESSION, None, began, None, [] if timed else chain(sys._getframe(depth)), {})
    record.sessions.append(1)
    record.units[id(session)] = span
    if not timed:
        append(record, span)
    return span


def closing(original: Any) -> Any:
    def close(self: Any) -> Any:
        try:
            return original(self)
        finally:
            record = current() if live else None
            if record is not None:
                try:
                    end(record, self)
                except Exception as mishap:
                    guard.failed(HOOK, mishap)

    return close


def end(record: Record, session: Any) -> None:
    span = record.units.get(id(session))
    if span is not None and span.ended is None:
        span.ended = now()
        closed(record, span)


def used(session: Any, transaction: Any, connection: Any) -> None:
    """Event: a session has begun to use a connection: that check-out is the session's."""
    record = current() if live else None
    if record is None:
        return
    try:
        span = record.units.get(id(session))
        checkout = checkout_of(record, getattr(connection, "_dbapi_connection", None))
        if span is None or span.ended is not None:
            span = unit(record, session, now(), 2)
            if checkout is not None:
                adopt(record, span, checkout)
        if checkout is not None and checkout.parent is None and span.began <= checkout.began:
            checkout.parent = span
        if FIRST_USE not in span.attributes:
            span.attributes[FIRST_USE] = (checkout.began if checkout is not None else now()) - span.began
    except Exception as mishap:
        guard.failed(HOOK, mishap)


def adopt(record: Record, span: Span, checkout: Span) -> None:
    """A session made elsewhere and first seen now began, for this request, when it asked for its connection."""
    span.began = min(span.began, checkout.began)
    if len(record.spans) < MAX_SPANS and span in record.spans and checkout in record.spans:
        record.spans.remove(span)
        record.spans.insert(record.spans.index(checkout), span)


def origin(context: Any) -> tuple[str, str] | None:
    """What the ORM sent a statement for -> (attribute of the span, its value); None for a query of the user's."""
    compiled: Any = getattr(getattr(context, "invoked_statement", None), "_compile_options", None)
    path = getattr(compiled, "_current_path", None)
    if path is None or not live:
        return None
    parts = path.path
    refreshing = compiled._for_refresh_state
    if not (parts or refreshing):
        return None
    options = context.execution_options.get("_sa_orm_load_options")  # 1.4 leaves out options that are the default
    if refreshing:
        return COLUMN_LOAD, options._refresh_state.class_.__name__
    found = loads_of(parts)
    if found is None:
        return None
    return found[getattr(options, "_lazy_loaded_from", None) is None]


def loads_of(parts: Any) -> Loads | None:
    """Both attributes of the innermost relationship on a loader's path: pairs that a loop's spans share."""
    for part in reversed(parts):
        found = loads.get(part)
        if found is None and hasattr(part, "key") and hasattr(part, "parent"):
            label = f"{part.parent.class_.__name__}.{part.key}"
            found = loads[part] = ((LAZY_LOAD, label), (EAGER_LOAD, label))
        if found is not None:
            return found
    return None


def uninstall() -> None:
    patches.undo()
    if origin in query_details:
        query_details.remove(origin)
    while listening:
        sys.modules["sqlalchemy.event"].remove(listening.pop(), "after_begin", used)
