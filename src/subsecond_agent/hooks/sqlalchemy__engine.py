"""SQLAlchemy 1.4, 2.0, 2.1: statements and transactions.

Replaces the methods of the dialect's class that call the driver, not the cursor events: 9 us a statement cheaper
(measured), and other instrumentations and the app's own listeners, which use the events, do not notice. Only the class
that an engine really uses is touched: one that calls its parent's method would be counted twice otherwise.
"""

from __future__ import annotations

import sys
from time import thread_time

from .. import guard
from ..callsite import chain, chain_in_loop
from ..connections import checkout_by, checkout_of
from ..patching import Patches
from ..protocol import END_SECONDS, ERROR_TYPE, MODE_TIMED, OUTCOME, SPAN_TRANSACTION
from ..recorder import CURRENT, append, closed, current, now, query_details
from ..span import Query, Span
from ..wsgi import type_name

TYPE_CHECKING = False
if TYPE_CHECKING:
    from types import ModuleType
    from typing import Any

    from ..span import Record

    Sent = tuple[Any, Any, Any, str]  # statement, parameters, execution context, system

HOOK = "sqlalchemy.engine"
SYSTEMS = {"mssql": "microsoft.sql_server", "oracle": "oracle.db"}
"""Dialect -> `db.system.name` where the semantic conventions use another word."""
COUNTED_BY_DRIVER = {"postgresql", "mysql", "mariadb"}
"""Their cursors know the number of rows at once; for others it is counted as they are fetched."""
UNKNOWN_ROWS = 1 << 32
"""MySQL's unbuffered cursors say 2**64 - 1 for -1."""
KEY = "_subsecond_query"
live = True
patches = Patches()
transactions: dict[int, tuple[Any, Span]] = {}
"""id of the pool's entry -> (request, open transaction)."""


def install(engine: ModuleType) -> None:
    # not Engine.__init__: create_engine reads from its code object which of its own arguments are the engine's
    patches.replace(sys.modules["sqlalchemy.log"], "instance_logger", preparing)


def preparing(original: Any) -> Any:
    """Every engine and every pool asks for its logger when it is made; an engine knows its dialect by then."""

    def instance_logger(instance: Any, *values: Any, **named: Any) -> Any:
        if live:
            try:
                dialect = getattr(instance, "dialect", None)
                if dialect is not None:
                    prepare(type(dialect))
            except Exception as mishap:
                guard.failed(HOOK, mishap)
        return original(instance, *values, **named)

    return instance_logger


def prepare(dialect: Any) -> None:
    """Wrap what a dialect's class does with the driver."""
    system = SYSTEMS.get(dialect.name, dialect.name)
    by_driver = dialect.name in COUNTED_BY_DRIVER
    patches.replace(dialect, "do_execute", lambda original: executing(original, system, by_driver, False))
    patches.replace(dialect, "do_executemany", lambda original: executing(original, system, by_driver, True))
    patches.replace(dialect, "do_execute_no_params", lambda original: executing_plain(original, system, by_driver))
    patches.replace(dialect, "do_begin", lambda original: timing(original, began_transaction))
    patches.replace(dialect, "do_commit", lambda original: timing(original, committed))
    patches.replace(dialect, "do_rollback", lambda original: timing(original, rolled_back))
    if not by_driver:
        count_fetches()


def executing(original: Any, system: str, by_driver: bool, many: bool) -> Any:
    def do_execute(self: Any, cursor: Any, statement: Any, parameters: Any, context: Any = None) -> Any:
        record = CURRENT.get() or current()
        if record is None or not live:
            return original(self, cursor, statement, parameters, context)
        before = thread_time() if record.trial is not None else None
        began = now()
        try:
            result = original(self, cursor, statement, parameters, context)
        except BaseException as error:
            note(record, began, (statement, parameters, context, system), many, error)
            raise
        span = note(record, began, (statement, parameters, context, system), many, None)
        if before is not None:
            record.driver_cpu.append(thread_time() - before)
        count_rows(record, span, cursor, (statement, context), by_driver)
        return result

    return do_execute


def executing_plain(original: Any, system: str, by_driver: bool) -> Any:
    def do_execute_no_params(self: Any, cursor: Any, statement: Any, context: Any = None) -> Any:
        record = CURRENT.get() or current()
        if record is None or not live:
            return original(self, cursor, statement, context)
        before = thread_time() if record.trial is not None else None
        began = now()
        try:
            result = original(self, cursor, statement, context)
        except BaseException as error:
            note(record, began, (statement, None, context, system), False, error)
            raise
        span = note(record, began, (statement, None, context, system), False, None)
        if before is not None:
            record.driver_cpu.append(thread_time() - before)
        count_rows(record, span, cursor, (statement, context), by_driver)
        return result

    return do_execute_no_params


def note(record: Record, began: float, sent: Sent, many: bool, error: BaseException | None) -> Query | None:
    """Record one statement that has just been answered; the clock is read first of all."""
    ended = now()
    try:
        record.queries.append(ended - began)
        if record.mode == MODE_TIMED:
            return None
        statement, parameters, context, system = sent
        try:
            entry = context.root_connection._dbapi_connection._connection_record
        except AttributeError:
            entry = None
        text = str(statement)
        site = chain_in_loop(record.walks, text, sys._getframe(2))
        span = Query(checkout_by(record, entry), began, ended, site, text, parameters, system)
        if many:
            span.many = len(parameters)
        if error is not None:
            span.error = type_name(error)
        for detail in query_details:
            span.origin = detail(context)
            if span.origin is not None:
                break
        append(record, span)
        return span
    except Exception as mishap:
        guard.failed(HOOK, mishap)
        return None


def count_rows(record: Record, span: Query | None, cursor: Any, sent: tuple[Any, Any], by_driver: bool) -> None:
    """Rows that the statement returned: from the driver where it knows them, else counted by the fetches to come.

    A SELECT is known by its first word, since psycopg builds `description` anew each time it is asked for.
    """
    try:
        statement, context = sent
        if not (by_driver and statement[:6] == "SELECT") and cursor.description is None:
            return
        rows = cursor.rowcount if by_driver else -1
        if 0 <= rows < UNKNOWN_ROWS:
            record.rows.append(rows)
        elif context is not None:
            rows = 0
            setattr(context, KEY, (record, span))
            count_fetches()
        if span is not None:
            span.rows = rows
    except Exception as mishap:
        guard.failed(HOOK, mishap)


def count_fetches() -> None:
    """Wrap the ways in which a result fetches from its cursor."""
    cursor = sys.modules["sqlalchemy.engine.cursor"]
    for strategy in (cursor.CursorFetchStrategy, cursor.BufferedRowCursorFetchStrategy):
        patches.replace(strategy, "fetchone", counting)
        patches.replace(strategy, "fetchall", counting)
        patches.replace(strategy, "fetchmany", counting)


def counting(original: Any) -> Any:
    def fetch(self: Any, result: Any, dbapi_cursor: Any, *rest: Any, **named: Any) -> Any:
        got = original(self, result, dbapi_cursor, *rest, **named)
        noted = getattr(result.context, KEY, None)
        if noted is not None and got is not None and live:
            try:
                count_fetched(noted, len(got) if isinstance(got, list) else 1)
            except Exception as mishap:
                guard.failed(HOOK, mishap)
        return got

    return fetch


def count_fetched(noted: tuple[Record, Query | None], rows: int) -> None:
    record, span = noted
    record.rows.append(rows)
    if span is not None:
        span.rows = (span.rows or 0) + rows


def timing(original: Any, after: Any) -> Any:
    """Begin, commit or rollback; `after(record, entry, began, error)` is told of it."""

    def call(self: Any, dbapi_connection: Any) -> Any:
        record = CURRENT.get() or current()
        if record is None or not live:
            return original(self, dbapi_connection)
        before = thread_time() if record.trial is not None else None
        began = now()
        error: BaseException | None = None
        try:
            return original(self, dbapi_connection)
        except BaseException as raised:
            error = raised
            raise
        finally:
            try:
                record.database.append(now() - began)
                if before is not None:
                    record.driver_cpu.append(thread_time() - before)
                after(record, dbapi_connection, began, error)
            except Exception as mishap:
                guard.failed(HOOK, mishap)

    return call


def began_transaction(record: Record, connection: Any, began: float, error: BaseException | None) -> None:
    record.transactions.append(1)
    if record.mode == MODE_TIMED:
        return
    parent = checkout_of(record, connection)
    span = Span(SPAN_TRANSACTION, parent, began, None, chain(sys._getframe(2)), {OUTCOME: "open"})
    transactions[entry_of(connection)] = (record, span)
    append(record, span)


def committed(record: Record, connection: Any, began: float, error: BaseException | None) -> None:
    end_transaction(connection, "commit" if error is None else "rollback", began, error)


def rolled_back(record: Record, connection: Any, began: float, error: BaseException | None) -> None:
    end_transaction(connection, "rollback", began, error)


def end_transaction(connection: Any, outcome: str, began: float, error: BaseException | None) -> None:
    """Close the connection's transaction, whose COMMIT or ROLLBACK was sent at `began`.

    The pool rolls back once more at its return: then there is none.
    """
    request, span = transactions.pop(entry_of(connection), (None, None))
    if request is None or span is None:
        return
    span.ended = now()
    span.attributes[OUTCOME] = outcome
    span.attributes[END_SECONDS] = round(span.ended - began, 6)
    if error is not None:
        span.attributes[ERROR_TYPE] = type_name(error)
    closed(request, span)


def entry_of(connection: Any) -> int:
    return id(getattr(connection, "_connection_record", None) or connection)


def uninstall() -> None:
    patches.undo()
