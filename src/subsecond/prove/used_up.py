"""The data of both sides, made anew where a write has used them up that can be done only once (cancel, deliver)."""

from __future__ import annotations

from subsecond.contract.compare import Reply
from subsecond.harness.send import RequestFailed
from subsecond.model.target import RequestSpec
from subsecond.prove import rows
from subsecond.prove.sides import READS, SIDES, Asked, Sides

RENEWALS = 8
"""Of one request. Each makes a copy of the data and starts the app, on both sides; after that a refused repetition is
compared with a refused repetition."""


class Data:
    """Asks both sides the same, of data in which it can still be done. `told`: which rows were left otherwise."""

    def __init__(self, sides: Sides) -> None:
        self._sides = sides
        self._before = rows.differences(sides)
        self._once = self._used = False
        self._left = 0
        self.told = ""

    def begin(self, spec: RequestSpec, again: Reply) -> None:
        """From here on `spec` is asked, and others near it; `again` is how the base answered it a second time."""
        self._once = self._used = _may_renew(self._sides, spec) and again.status >= 400
        self._left = RENEWALS

    def ask(self, spec: RequestSpec) -> tuple[Asked | RequestFailed, Asked | RequestFailed]:
        """The answers of base and candidate."""
        if self._used and self._left:
            self._left -= 1
            self._anew()
        base, candidate = (self._sides.ask(side, spec) for side in SIDES)
        self._used = self._once and not (isinstance(base, Asked) and base.reply.status >= 400)
        return base, candidate

    def renewed(self, spec: RequestSpec) -> bool:
        """Have new copies on both sides where that may help a write; whether they are new."""
        if not _may_renew(self._sides, spec):
            return False
        self._anew()
        return True

    def differs(self) -> str:
        """The first table whose rows are no longer the same on both sides; empty where all are."""
        found = rows.differences(self._sides)
        return next((told for table, told in found.items() if table not in self._before), "")

    def _anew(self) -> None:
        self.told = self.told or self.differs()
        for side in SIDES:
            self._sides.end(side)
        self._before = rows.differences(self._sides)


def _may_renew(sides: Sides, spec: RequestSpec) -> bool:
    return spec.method not in READS and all(one.isolation == "clone" for one in sides.arms.values())
