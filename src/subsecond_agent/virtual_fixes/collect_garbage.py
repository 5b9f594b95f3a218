"""collect-garbage: the collector runs before the request's clock starts, so that no neighbour's garbage is its own.

Not a fix of anything: the tool asks for it in both arms of a timed trial. Without it a light request's CPU rose from
5.4 to 42 ms after a heavy neighbour (measured), a bias against the fix.
"""

from __future__ import annotations

import gc

from ..virtual_fix import VirtualFix

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, ClassVar


class Fix(VirtualFix):
    NAME: ClassVar[str] = "collect-garbage"
    PARAMETERS: ClassVar[dict[str, Any]] = {}

    def apply(self) -> None:
        gc.collect()
        self.acted += 1
