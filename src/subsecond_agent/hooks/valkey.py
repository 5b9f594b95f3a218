"""Commands sent through the client `valkey`."""

from __future__ import annotations

import sys

from .. import key_value
from ..patching import Patches

TYPE_CHECKING = False
if TYPE_CHECKING:
    from types import ModuleType

HOOK = "valkey"
SYSTEM = "valkey"
live = True
patches = Patches()


def install(valkey: ModuleType) -> None:
    key_value.install(valkey, sys.modules[__name__])


def uninstall() -> None:
    patches.undo()
