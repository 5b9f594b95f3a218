"""A job of a worker is recorded like a request: a root of its own, with spans, counts and waits.

Frames of this file are where the walk for call sites ends, as in `wsgi.py` (`own_code.ENTRY`).
"""

from __future__ import annotations

from . import guard, recorder
from .recorder import CURRENT
from .wsgi import type_name

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Callable

    from .line import Tables
    from .span import Record

METHOD = "JOB"


class Job:
    """The field `job` of a line."""

    def __init__(self, name: str, queue: str | None) -> None:
        self.name = name
        self.queue = queue

    def told(self, tables: Tables) -> dict[str, Any]:
        """As the protocol says."""
        return {"name": self.name, "queue": self.queue}


def begin(hook: str, name: str, queue: str | None = None) -> Record | None:
    """A job begins. None where nothing is recorded: it runs within a request or another job, or the spool is shut."""
    try:
        environ = {"REQUEST_METHOD": METHOD, "PATH_INFO": name, "SERVER_SOFTWARE": "worker"}
        record = recorder.begin(environ)
        if record is not None:
            record.route = name
            record.extra["job"] = Job(name, queue)
        return record
    except Exception as mishap:
        guard.failed(hook, mishap)
        return None


def finish(hook: str, record: Record, error: BaseException | None) -> None:
    """It has ended."""
    try:
        if error is not None:
            record.error = type_name(error)
        recorder.finish(record)
    except Exception as mishap:
        record.finished = True
        if CURRENT.get() is record:
            CURRENT.set(None)
        guard.failed(hook, mishap)


def run(hook: str, name: str, function: Callable[..., Any], values: Any, named: Any) -> Any:
    """Call a job's function, recorded."""
    record = begin(hook, name)
    if record is None:
        return function(*values, **named)
    try:
        result = function(*values, **named)
    except BaseException as error:
        finish(hook, record, error)
        raise
    finish(hook, record, None)
    return result
