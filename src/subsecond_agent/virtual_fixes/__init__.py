"""The virtual fixes, one a file, found by file name: `eager_load.py` is `eager-load`."""

from __future__ import annotations

import os
import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

FOLDER = os.path.dirname(os.path.abspath(__file__))

loaded: dict[str, Any] = {}
"""Name -> class, of those that a trial of this process has asked for."""
installed: dict[str, Any] = {}
"""The same, of those whose hooks are in."""


def fix_class(name: str) -> Any:
    """The class of a virtual fix; None when there is none of this name."""
    if name in loaded:
        return loaded[name]
    known = {entry[:-3].replace("_", "-"): entry[:-3] for entry in os.listdir(FOLDER) if entry.endswith(".py")}
    if name not in known or name.startswith("-"):
        return None
    module = f"{__name__}.{known[name]}"
    __import__(module)
    found = loaded[name] = sys.modules[module].Fix
    return found


def install(name: str) -> None:
    """Put a fix's hooks in, once a process. Whatever it raises, the next trial tries again."""
    if name not in installed:
        loaded[name].install()
        installed[name] = loaded[name]


def uninstall() -> None:
    """Take out the hooks of all of them."""
    while installed:
        installed.popitem()[1].uninstall()
