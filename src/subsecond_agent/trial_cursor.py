"""Where virtual fixes meet statements on their way to the driver: one listener of the dialect's `do_execute` events.

It stands outside of what the recorder has replaced: a statement that is answered here is not sent, and not counted.
"""

from __future__ import annotations

import os
import re
from hashlib import sha256

from .recorder import current
from .trial_orm import OWN, module

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Collection, Iterable
    from typing import Any, Callable

    Handler = Callable[[Any, "Call"], bool]
    """(fix, call) -> was the statement answered?"""

READS = ("SELECT", "VALUES", "SHOW", "EXPLAIN", "PRAGMA", "TABLE")
_word = re.compile(r"(?:\s|\(|--[^\n]*\n|/\*.*?\*/)*([A-Za-z]+)", re.DOTALL)
_writing = re.compile(r"\b(INSERT|UPDATE|DELETE|MERGE)\b", re.IGNORECASE)
_volatile = re.compile(
    r"\bFOR\s+(UPDATE|SHARE|NO\s+KEY|KEY\s+SHARE)\b"
    r"|\b(random|randomblob|rand|clock_timestamp|statement_timestamp|timeofday|nextval|setval|currval|lastval"
    r"|last_insert_rowid|changes|total_changes|gen_random_uuid|uuid_generate_\w+|uuid\w*|newid|sysdate|txid_\w+"
    r"|set_config|pg_\w*(lock|sleep|notify)\w*)\s*\(",
    re.IGNORECASE,
)
MAX_KNOWN = 10_000

handlers: list[tuple[str, Handler]] = []
listening: list[tuple[Any, str, Any]] = []
hashes: dict[str, str] = {}
kinds: dict[str, tuple[bool, bool]] = {}
shapes: dict[Any, set[str]] = {}
"""Shape of an ORM statement -> hashes of the texts it was sent as."""


class Call:
    """A statement that is about to be sent."""

    def __init__(self, cursor: Any, statement: str, parameters: Any, context: Any, plain: bool) -> None:
        self.cursor = cursor
        self.statement = statement
        self.parameters = parameters
        self.context = context
        self.plain = plain

    def send(self) -> list[Any] | None:
        """Send it -> all its rows, None when it has none. Errors of the driver come out as they are."""
        dialect = self.context.dialect
        if self.plain:
            dialect.do_execute_no_params(self.cursor, self.statement, self.context)
        else:
            dialect.do_execute(self.cursor, self.statement, self.parameters, self.context)
        if self.cursor.description is None:
            return None
        rows = list(self.cursor.fetchall())
        noted = getattr(self.context, "_subsecond_query", None)
        if noted is not None:  # the recorder counts rows as SQLAlchemy fetches them, but this was us
            record, span = noted
            record.rows.append(len(rows))
            if span is not None:
                span.rows = (span.rows or 0) + len(rows)
            self.context._subsecond_query = None
        return rows

    def answer(self, description: Any, rows: Iterable[Any]) -> None:
        """Let SQLAlchemy find these rows instead of asking the cursor."""
        strategy = module("sqlalchemy.engine.cursor").FullyBufferedCursorFetchStrategy
        self.context.cursor_fetch_strategy = strategy(None, description, rows)


class SentError(Exception):
    """Carries out of a handler what the driver raised: that is the app's, not a mishap of the fix."""

    def __init__(self, error: BaseException) -> None:
        super().__init__(str(error))
        self.error = error


def on_send(name: str, handler: Handler) -> None:
    """Ask `handler` before each statement is sent, in requests with a running fix of this name."""
    engine = module("sqlalchemy.engine").Engine
    if (name, handler) not in handlers:
        handlers.append((name, handler))
    if not listening:
        listen = module("sqlalchemy.event").listen
        for event, function in (
            ("do_execute", sending),
            ("do_execute_no_params", sending_plain),
            ("do_executemany", sending_many),
        ):
            listen(engine, event, function)
            listening.append((engine, event, function))


def forget(name: str) -> None:
    """Ask the handler of this fix no more. The listeners go with the last one."""
    handlers[:] = [entry for entry in handlers if entry[0] != name]
    while listening and not handlers:
        module("sqlalchemy.event").remove(*listening.pop())


def sending(cursor: Any, statement: str, parameters: Any, context: Any) -> bool | None:
    """Event: True when the statement has been answered."""
    return asked(cursor, statement, parameters, context, False)


def sending_plain(cursor: Any, statement: str, context: Any) -> bool | None:
    return asked(cursor, statement, None, context, True)


def sending_many(cursor: Any, statement: str, parameters: Any, context: Any) -> bool | None:
    """Many sets of parameters are always a write."""
    return asked(cursor, statement, parameters, context, False)


def asked(cursor: Any, statement: str, parameters: Any, context: Any, plain: bool) -> bool | None:
    record = current()
    trial = None if record is None else record.trial
    if trial is None or context is None or context.execution_options.get(OWN):
        return None
    call = Call(cursor, statement, parameters, context, plain)
    for name, handler in handlers:
        for fix in trial.named(name):
            if fix.refused is not None:
                continue
            try:
                if handler(fix, call):
                    return True
            except SentError as carried:
                raise carried.error from None
            except Exception as mishap:
                fix.failed(mishap)
    return None


def hash_of(text: str) -> str:
    """First 16 hex digits of a text's sha256."""
    found = hashes.get(text)
    if found is None:
        if len(hashes) >= MAX_KNOWN:
            hashes.clear()
        found = hashes[text] = sha256(text.encode("utf-8", "replace")).hexdigest()[:16]
    return found


def kind_of(text: str) -> tuple[bool, bool]:
    """(does it only read, is its answer the same each time) of a statement's text."""
    found = kinds.get(text)
    if found is None:
        word = _word.match(text)
        first = word.group(1).upper() if word else ""
        reads = first in READS or (first == "WITH" and not _writing.search(text))
        if len(kinds) >= MAX_KNOWN:
            kinds.clear()
        found = kinds[text] = (reads, reads and not _volatile.search(text))
    return found


def learn_shape(call: Call) -> None:
    """Remember which ORM statement this text came from."""
    key = getattr(call.context.compiled, "cache_key", None)
    extracted = getattr(call.context, "extracted_parameters", None)
    if key is not None:
        if len(shapes) >= MAX_KNOWN:
            shapes.clear()
        shapes.setdefault((key.key, lengths(extracted or ())), set()).add(hash_of(call.statement))


def shape_of(cache_key: Any) -> Any:
    """What `shapes` knows an ORM statement by, from `statement._generate_cache_key()`."""
    return cache_key.key, lengths(cache_key.bindparams)


def lengths(binds: Collection[Any]) -> tuple[int, ...]:
    """How many values each list among the bound values has: the text has as many place holders."""
    values = [bind.effective_value for bind in binds]
    return tuple(len(value) for value in values if isinstance(value, (list, tuple, set, frozenset)))


def frozen(value: Any) -> Any:
    """A value as a key of a dict: 1, 1.0 and True are three, lists count by their items."""
    if isinstance(value, dict):
        return "dict", tuple([(name, frozen(part)) for name, part in value.items()])
    if isinstance(value, (list, tuple)):
        return "list", tuple([frozen(part) for part in value])
    try:
        hash(value)
    except TypeError:
        return type(value), repr(value)
    return type(value), value


def place_of(chain: list[Any]) -> tuple[str, str] | None:
    """(file, function) of a call site, as a trace's frames name it."""
    for code in chain:
        name = getattr(code, "co_name", None)
        if name is not None and name not in ("<listcomp>", "<setcomp>", "<dictcomp>", "<genexpr>"):
            return os.path.abspath(code.co_filename), getattr(code, "co_qualname", name)
    return None
