"""one-connection: all check-outs of a request that follow or nest in one thread share one connection.

What a session ends with (COMMIT, ROLLBACK) ends nothing while others use the connection: for requests that only read.
At the first write, at an error of the database, or where a second thread asks for a connection, it shares no more.
"""

from __future__ import annotations

from .. import trial_cursor
from ..patching import Patches
from ..recorder import here
from ..trial_orm import module
from ..virtual_fix import VirtualFix, running

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

patches = Patches("__subsecond_one_connection__")
listening: list[Any] = []


class Fix(VirtualFix):
    NAME = "one-connection"
    PARAMETERS = {}

    @classmethod
    def install(cls) -> None:
        patches.replace(module("sqlalchemy.pool").Pool, "connect", connecting)
        trial_cursor.on_send(cls.NAME, sending)
        engine = module("sqlalchemy.engine").Engine
        module("sqlalchemy.event").listen(engine, "handle_error", failing)
        listening.append(engine)

    @classmethod
    def uninstall(cls) -> None:
        patches.undo()
        trial_cursor.forget(cls.NAME)
        while listening:
            module("sqlalchemy.event").remove(listening.pop(), "handle_error", failing)

    def apply(self) -> None:
        self.shared: dict[int, tuple[Any, Any]] = {}  # id of a pool -> the pool, its connection as it was handed out
        self.ending = False

    def undo(self) -> None:
        """The last one gives it back, and so ends its transaction."""
        self.ending = True
        while self.shared:
            _, connection = self.shared.popitem()[1]
            if not self.shadow:
                connection.close()

    def holds(self, connection: Any) -> bool:
        return any(connection is held for _, held in self.shared.values())


def connecting(original: Any) -> Any:
    def connect(self: Any) -> Any:
        for fix in running(Fix.NAME):
            try:
                found = shared(fix, self)
            except Exception as mishap:
                fix.failed(mishap)
                continue
            if found is not None:
                return found
            connection = original(self)
            try:
                keep(fix, self, connection)
            except Exception as mishap:
                fix.failed(mishap)
            return connection
        return original(self)

    return connect


def shared(fix: Fix, pool: Any) -> Any:
    """The request's connection of this pool, once it has one. A pool hands a connection out twice by counting it so."""
    if here() != fix.record.home:
        fix.refuse("connections are taken in several threads or greenlets")
        return None
    known = fix.shared.get(id(pool))
    if known is None:
        return None
    connection = known[1]
    if fix.shadow:
        fix.acted += 1
        return None
    if connection.dbapi_connection is None or connection._connection_record is None:
        fix.refuse("its connection was invalidated or detached")
        return None
    fix.acted += 1
    connection._counter += 1
    return connection


def keep(fix: Fix, pool: Any, connection: Any) -> None:
    if id(pool) in fix.shared or getattr(connection, "_counter", None) != 1 or fix.refused is not None:
        return
    prepare(type(pool._dialect))
    if not fix.shadow:  # which holds nothing back: the pool would have to open another one
        connection._counter += 1  # ours, until the request is over
    fix.shared[id(pool)] = pool, connection


def prepare(dialect: Any) -> None:
    """Around the recorder's: what is not sent is not counted."""
    for name in ("do_begin", "do_commit", "do_rollback"):
        patches.replace(dialect, name, ending_nothing)


def ending_nothing(original: Any) -> Any:
    def call(self: Any, dbapi_connection: Any) -> Any:
        for fix in running(Fix.NAME):
            if fix.holds(dbapi_connection) and not fix.shadow and not fix.ending:
                return None
        return original(self, dbapi_connection)

    return call


def sending(fix: Fix, call: Any) -> bool:
    if not trial_cursor.kind_of(call.statement)[0]:
        words = call.statement[:200].split("(")[0].split()
        fix.refuse("the request writes, or changes a setting: " + " ".join(words[:6]))
    return False


def failing(context: Any) -> None:
    """Event: the database refused a statement. PostgreSQL answers nothing more until the transaction is rolled back."""
    for fix in running(Fix.NAME):
        fix.refuse("a statement failed: its transaction has to be rolled back")
