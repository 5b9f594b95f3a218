"""silence-logger: at the call sites named, a logger says that its level is not enabled.

Not `Logger._log`: a frame of ours there would become `%(filename)s` of every record. The arguments of the call are
made as before, as they would be with a higher level.
"""

from __future__ import annotations

import os
import sys

from ..patching import Patches
from ..trial_cursor import place_of
from ..virtual_fix import PLACES, RefusedError, VirtualFix, running

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

patches = Patches("__subsecond_silence__")


class Fix(VirtualFix):
    NAME = "silence-logger"
    PARAMETERS = {"sites": PLACES}

    @classmethod
    def install(cls) -> None:
        logging = sys.modules.get("logging")
        if logging is None:
            raise RefusedError("this process has not imported logging")
        patches.replace(logging.Logger, "isEnabledFor", asking)

    @classmethod
    def uninstall(cls) -> None:
        patches.undo()

    def apply(self) -> None:
        self.sites = {(os.path.abspath(file), function) for file, function in self.parameters["sites"]}


def asking(original: Any) -> Any:
    def isEnabledFor(self: Any, level: Any) -> Any:  # noqa: N802 - the library's name
        for fix in running(Fix.NAME):
            try:
                if caller(sys._getframe(1)) in fix.sites:
                    fix.acted += 1
                    if not fix.shadow:
                        return False
            except Exception as mishap:
                fix.failed(mishap)
        return original(self, level)

    return isEnabledFor


def caller(frame: Any) -> tuple[str, str] | None:
    """Place of the first frame that is not the logging package's own."""
    codes = []
    while frame is not None:
        if frame.f_globals.get("__name__") != "logging":
            codes.append(frame.f_code)
            if not frame.f_code.co_name.startswith("<"):
                break
        frame = frame.f_back
    return place_of(codes)
