"""Carry the request into the threads that it starts."""

from __future__ import annotations

from .. import guard
from ..patching import Patches
from ..recorder import CURRENT, current

TYPE_CHECKING = False
if TYPE_CHECKING:
    from types import ModuleType
    from typing import Any

HOOK = "threading"
KEY = "_subsecond_request"
POOL_WORKER = ("concurrent.futures.thread", "_worker")
live = True
patches = Patches()


def install(threading: ModuleType) -> None:
    """Not `run`: it is overridden by subclasses, and a frame of ours would stand in the traceback of each thread."""
    patches.replace(threading.Thread, "start", remembering)
    patches.replace(threading.Thread, "_bootstrap_inner", carrying)


def remembering(original: Any) -> Any:
    def start(self: Any) -> Any:
        if live:
            try:
                request = current()
                if request is not None and not lives_on(self):
                    setattr(self, KEY, request)
            except Exception as mishap:
                guard.failed(HOOK, mishap)
        return original(self)

    return start


def lives_on(thread: Any) -> bool:
    """A worker of a thread pool serves later requests, too; its tasks are carried one by one."""
    target = getattr(thread, "_target", None)
    return (getattr(target, "__module__", None), getattr(target, "__name__", None)) == POOL_WORKER


def carrying(original: Any) -> Any:
    def _bootstrap_inner(self: Any) -> Any:
        if live:
            try:
                request = vars(self).pop(KEY, None)
                if request is not None:
                    CURRENT.set(request)
            except Exception as mishap:
                guard.failed(HOOK, mishap)
        return original(self)

    return _bootstrap_inner


def uninstall() -> None:
    patches.undo()
