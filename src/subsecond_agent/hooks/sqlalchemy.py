"""SQLAlchemy 1.4, 2.0, 2.1: a connection is about to be made.

`sqlalchemy` itself: when its package has been imported, engines and events are there and no engine has been made yet.
"""

from __future__ import annotations

import os
import sys

from .. import guard, redirect, spool
from ..patching import Patches
from ..protocol import ENV_REDIRECT, ENV_REVERSED

TYPE_CHECKING = False
if TYPE_CHECKING:
    from types import ModuleType
    from typing import Any

HOOK = "sqlalchemy"
live = True
patches = Patches()
listening: list[tuple[Any, str, Any]] = []
told: list[tuple[str, str]] = []


def install(sqlalchemy: ModuleType) -> None:
    if listening:
        return
    engine = sys.modules["sqlalchemy.engine"].Engine
    listening.append((engine, "do_connect", about_to_connect))
    if os.environ.get(ENV_REVERSED) == "1":
        listening.append((engine, "connect", connected))
    for wanted in listening:
        sys.modules["sqlalchemy.event"].listen(*wanted)


def about_to_connect(dialect: Any, entry: Any, cargs: Any, cparams: Any) -> None:
    """Event, before the app's own listeners of it. A redirection that cannot be used is the one thing that may stop
    the app: its arm must not reach a database that is not its own."""
    if not live:
        return
    try:
        redirect.connecting(dialect, entry, cargs, cparams)
    except Exception as mishap:
        if redirect.file:
            raise refusal(mishap) from None
        guard.failed(HOOK, mishap)


def connected(connection: Any, entry: Any) -> None:
    """Event: a connection was made, in an arm of which only the order of rows is asked."""
    try:
        if live and getattr(entry, "driver_connection", connection).__class__.__module__.startswith("sqlite3"):
            cursor = connection.cursor()
            cursor.execute("PRAGMA reverse_unordered_selects = ON")
            cursor.close()
    except Exception as mishap:
        guard.failed(HOOK, mishap)


def refusal(mishap: Exception) -> redirect.RedirectError:
    """What the app gets instead of a connection; the tool is told, too, once."""
    why = redirect.RedirectError(f"subsecond lets no connection be made: {ENV_REDIRECT}={redirect.file}: {mishap}")
    if (HOOK, str(why)) not in told:
        told.append((HOOK, str(why)))
        guard.notes.append((HOOK, str(why)))
        spool.write_notes()
    return why


def uninstall() -> None:
    patches.undo()
    while listening:
        sys.modules["sqlalchemy.event"].remove(*listening.pop())
