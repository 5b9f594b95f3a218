"""Commands sent through the client `redis`."""

from __future__ import annotations

import sys

from .. import key_value
from ..patching import Patches

TYPE_CHECKING = False
if TYPE_CHECKING:
    from types import ModuleType

HOOK = "redis"
SYSTEM = "redis"
live = True
patches = Patches()


def install(redis: ModuleType) -> None:
    key_value.install(redis, sys.modules[__name__])


def uninstall() -> None:
    patches.undo()
