"""smaller-pool: while requests of the trial run, all but `size` connections of each queue pool are taken.

It shows what contention does; it promises nothing. Only free connections are taken, so nobody is kept waiting by it.
"""

from __future__ import annotations

from ..patching import Patches
from ..recorder import CURRENT
from ..trial_orm import module
from ..virtual_fix import VirtualFix, running, whole_number

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

patches = Patches("__subsecond_smaller_pool__")
held: dict[int, tuple[Any, list[Any]]] = {}
"""id of a pool -> the pool, what was taken of it."""
using: list[int] = []
"""One entry for each request of such a trial that is going on: their number is all that counts."""


class Fix(VirtualFix):
    NAME = "smaller-pool"
    PARAMETERS = {"size": whole_number(1)}

    @classmethod
    def install(cls) -> None:
        patches.replace(module("sqlalchemy.pool").Pool, "connect", connecting)

    @classmethod
    def uninstall(cls) -> None:
        patches.undo()

    def apply(self) -> None:
        using.append(1)

    def undo(self) -> None:
        """The last one gives all back."""
        if using:
            using.pop()
        while held and not using:
            for connection in held.popitem()[1][1]:
                connection.close()


def connecting(original: Any) -> Any:
    def connect(self: Any) -> Any:
        for fix in running(Fix.NAME):
            try:
                take(fix, self, original)
            except Exception as mishap:
                fix.failed(mishap)
        return original(self)

    return connect


def take(fix: Fix, pool: Any, original: Any) -> None:
    """Take what is too many of a pool, once. What comes and goes here is not the request's."""
    overflow = getattr(pool, "_max_overflow", None)
    if id(pool) in held or not isinstance(overflow, int) or overflow < 0 or not pool.size():
        return
    limit = pool.size() + overflow
    taken: list[Any] = []
    held[id(pool)] = pool, taken
    token = CURRENT.set(None)
    try:
        while len(taken) < limit - fix.parameters["size"] and not fix.shadow and pool.checkedout() < limit - 1:
            taken.append(original(pool))
    finally:
        CURRENT.reset(token)
    fix.acted += 1
