"""Carry the request into the tasks of a `ThreadPoolExecutor`.

The request alone: running the task in a copy of the whole context would show it context variables of the app that it
does not see without us.
"""

from __future__ import annotations

from .. import guard
from ..patching import Patches
from ..recorder import CURRENT, current

TYPE_CHECKING = False
if TYPE_CHECKING:
    from types import ModuleType
    from typing import Any

HOOK = "concurrent.futures.thread"
KEY = "_subsecond_request"
live = True
patches = Patches()


def install(thread: ModuleType) -> None:
    """The work item, not `submit`: around the task itself our frame would stand in its exception's traceback."""
    patches.replace(thread._WorkItem, "__init__", remembering)
    patches.replace(thread._WorkItem, "run", carrying)


def remembering(original: Any) -> Any:
    def init(self: Any, *values: Any, **named: Any) -> None:
        original(self, *values, **named)
        if live:
            try:
                setattr(self, KEY, current())
            except Exception as mishap:
                guard.failed(HOOK, mishap)

    return init


def carrying(original: Any) -> Any:
    def run(self: Any, *values: Any, **named: Any) -> Any:
        request = getattr(self, KEY, None)
        if request is None or not live:
            return original(self, *values, **named)
        CURRENT.set(request)
        try:
            return original(self, *values, **named)
        finally:
            CURRENT.set(None)

    return run


def uninstall() -> None:
    patches.undo()
