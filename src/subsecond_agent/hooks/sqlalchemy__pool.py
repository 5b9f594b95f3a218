"""SQLAlchemy 1.4, 2.0, 2.1: check-outs of a connection, from the asking for it to its return."""

from __future__ import annotations

import sys
from itertools import count
from weakref import WeakKeyDictionary

from .. import guard
from ..callsite import chain
from ..connections import hold, release
from ..patching import Patches
from ..protocol import DB_POOL, DB_POOL_SIZE, DB_WAIT, ERROR_TYPE, MODE_TIMED, SPAN_CHECKOUT, THREAD
from ..recorder import CURRENT, append, closed, current, here, now
from ..span import Span
from ..wsgi import type_name

TYPE_CHECKING = False
if TYPE_CHECKING:
    from types import ModuleType
    from typing import Any

    from ..span import Record

HOOK = "sqlalchemy.pool"
live = True
patches = Patches()
names: WeakKeyDictionary[Any, str] = WeakKeyDictionary()
"""By the pool itself: an engine made for each request leaves its place in memory, and so its id, to the next one."""
numbers = count(1)


def install(pool: ModuleType) -> None:
    """SingletonThreadPool has a `connect` of its own. For the return there is an event, too, but nothing can listen to
    it before `sqlalchemy.engine` is loaded, and that is after the first pools may have been made."""
    base = sys.modules["sqlalchemy.pool.base"]
    patches.replace(pool.Pool, "connect", timing)
    patches.replace(pool.SingletonThreadPool, "connect", timing)
    patches.replace(base._ConnectionRecord, "checkin", returning)
    patches.replace(base._ConnectionFairy, "detach", detaching)


def timing(original: Any) -> Any:
    def connect(self: Any) -> Any:
        record = CURRENT.get() or current()
        if record is None or not live:
            return original(self)
        sent = len(record.queries), len(record.database)
        began = now()
        try:
            connection = original(self)
        except BaseException as error:
            note(record, self, None, (began, *sent), error)
            raise
        note(record, self, connection, (began, *sent), None)
        return connection

    return connect


def note(
    record: Record, pool: Any, connection: Any, before: tuple[float, int, int], error: BaseException | None
) -> None:
    """Record a check-out, or the failed wait for one. `before`: the clock, and what had been sent by then."""
    had = now()
    began, queries, others = before
    try:
        if connection is not None and getattr(connection, "_counter", 1) > 1:
            return  # a SingletonThreadPool hands the thread's own connection out again
        # a first connection asks the server for its version and more: that is time in the database, counted there
        record.pools.append(max(had - began - sum(record.queries[queries:]) - sum(record.database[others:]), 0.0))
        if record.mode == MODE_TIMED:
            return
        attributes = {DB_POOL: name_of(pool), DB_WAIT: had - began}
        size = most_connections(pool)
        if size is not None:
            attributes[DB_POOL_SIZE] = size
        thread = here()
        if thread != record.home:
            attributes[THREAD] = thread
        span = Span(SPAN_CHECKOUT, None, began, None, chain(sys._getframe(2)), attributes)
        if error is not None:
            span.ended = had
            attributes[ERROR_TYPE] = type_name(error)
        else:
            hold(connection._connection_record, record, span, type(pool).__name__ == "StaticPool")
        append(record, span)
    except Exception as mishap:
        guard.failed(HOOK, mishap)


def returning(original: Any) -> Any:
    def checkin(self: Any, *values: Any, **named: Any) -> Any:
        holder = release(self) if live else None  # before: afterwards somebody else may have it
        try:
            return original(self, *values, **named)
        finally:
            ended(holder)

    return checkin


def detaching(original: Any) -> Any:
    """A detached connection leaves its pool for good."""

    def detach(self: Any) -> Any:
        holder = release(self._connection_record) if live else None
        try:
            return original(self)
        finally:
            ended(holder)

    return detach


def ended(holder: tuple[Record, Span] | None) -> None:
    """A connection is back; by whomever it came, its span is in the request that took it."""
    if holder is None:
        return
    try:
        record, span = holder
        span.ended = now()
        closed(record, span)
    except Exception as mishap:
        guard.failed(HOOK, mishap)


def name_of(pool: Any) -> str:
    """The pool's own logging name, else its class; with a number, in the order in which pools were seen, where that
    is another pool's name."""
    name = names.get(pool)
    if name is None:
        given = getattr(pool, "logging_name", None)
        number = next(numbers)
        name = str(given) if given else f"{type(pool).__name__}-{number}"
        if name in names.values():
            name = f"{name}-{number}"
        names[pool] = name
    return name


def most_connections(pool: Any) -> int | None:
    """Most connections a QueuePool gives out at once; None for other pools and for one without a limit."""
    overflow = getattr(pool, "_max_overflow", None)
    if not isinstance(overflow, int) or overflow < 0:
        return None
    size = pool.size()
    return size + overflow if size else None


def uninstall() -> None:
    patches.undo()
