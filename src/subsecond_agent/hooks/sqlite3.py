"""Connections that `sqlite3` opens, and statements on those that SQLAlchemy, which counts its own, did not open.

Only counted: an application that keeps a file beside its ORM is left alone, and a change that goes past the ORM shows.
"""

from __future__ import annotations

import sys

from .. import guard
from ..patching import Patches
from ..recorder import current

TYPE_CHECKING = False
if TYPE_CHECKING:
    from types import ModuleType
    from typing import Any

HOOK = "sqlite3"
OWN = "sqlalchemy."
ENDS = ("BEGIN", "COMMIT", "ROLLBACK", "SAVEPOINT", "RELEASE", "PRAGMA")
live = True
patches = Patches()


def install(sqlite3: ModuleType) -> None:
    for module in (sqlite3, sys.modules["sqlite3.dbapi2"]):
        patches.replace(module, "connect", opening)


def opening(original: Any) -> Any:
    def connect(*words: Any, **options: Any) -> Any:
        connection = original(*words, **options)
        try:
            record = current() if live else None
            if record is not None:
                record.opened.append(1)
            if live and not str(sys._getframe(1).f_globals.get("__name__", "")).startswith(OWN):
                connection.set_trace_callback(sent)
        except Exception as mishap:
            guard.failed(HOOK, mishap)
        return connection

    return connect


def sent(statement: str) -> None:
    record = current() if live else None
    if record is not None and not statement.lstrip().upper().startswith(ENDS):
        record.raw.append(1)


def uninstall() -> None:
    patches.undo()
