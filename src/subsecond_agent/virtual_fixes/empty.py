"""empty: a statement is sent, and answered with no rows. Second choice after perturb: `one()` raises on it.

The app may keep what it made of it: the tool runs it in a process of its own, and ends that.
"""

from __future__ import annotations

from .. import trial_cursor
from ..trial_sites import asked_for, rows_of
from ..virtual_fix import HASHES, PLACES, VirtualFix, or_null

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


class Fix(VirtualFix):
    NAME = "empty"
    PARAMETERS = {"statements": HASHES, "sites": or_null(PLACES)}
    OPTIONAL = {"sites": None}

    @classmethod
    def install(cls) -> None:
        trial_cursor.on_send(cls.NAME, sending)

    @classmethod
    def uninstall(cls) -> None:
        trial_cursor.forget(cls.NAME)


def sending(fix: Fix, call: Any) -> bool:
    if not asked_for(fix, call):
        return False
    rows = rows_of(call)
    if rows is not None:
        fix.acted += 1
        call.answer(call.cursor.description, rows if fix.shadow else ())
    return True
