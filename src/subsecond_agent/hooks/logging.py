"""Log records: the time in `Logger.handle`, that is in filters, formatters and handlers.

Not `Logger._log`: a frame of ours there becomes `%(filename)s` and `%(funcName)s` of every record. When `handle` is
called, the record is made.
"""

from __future__ import annotations

from .. import guard
from ..patching import Patches
from ..protocol import LOG_LEVEL, LOG_LOGGER, LOG_TEMPLATE, MODE_TIMED, SPAN_LOG
from ..recorder import add, current, now

TYPE_CHECKING = False
if TYPE_CHECKING:
    from types import ModuleType
    from typing import Any

HOOK = "logging"
MAX_TEMPLATE = 500  # characters; a message built by hand may be a whole document
live = True
patches = Patches()


def install(logging: ModuleType) -> None:
    patches.replace(logging.Logger, "handle", timing)


def timing(original: Any) -> Any:
    def handle(self: Any, record: Any) -> Any:
        request = current() if live else None
        if request is None:
            return original(self, record)
        started = now()
        try:
            return original(self, record)
        finally:
            try:
                note(request, record, started)
            except Exception as mishap:
                guard.failed(HOOK, mishap)

    return handle


def note(request: Any, record: Any, started: float) -> None:
    ended = now()
    request.logs.append(ended - started)
    if request.mode == MODE_TIMED:
        return
    attributes = {
        LOG_LEVEL: record.levelname,
        LOG_LOGGER: record.name,
        LOG_TEMPLATE: template_of(record.msg)[:MAX_TEMPLATE],
    }
    add(request, SPAN_LOG, (started, ended), attributes, 3)


def template_of(message: Any) -> str:
    """A message that is no text is only named: its `__str__` is the app's, and may send statements or raise."""
    return message if isinstance(message, str) else f"<{type(message).__name__}>"


def uninstall() -> None:
    patches.undo()
