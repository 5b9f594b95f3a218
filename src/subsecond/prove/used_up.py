"""The data of both sides, made anew where a write has used them up that can be done only once (cancel, deliver)."""

from __future__ import annotations

from collections.abc import Sequence

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

    def ask(self, spec: RequestSpec, *, anew: bool = True) -> tuple[Asked | RequestFailed, Asked | RequestFailed]:
        """The answers of base and candidate; `anew`: of data in which it was not done."""
        if anew and self._used and self._left:
            self._left -= 1
            self._anew()
        base, candidate = (self._sides.ask(side, spec) for side in SIDES)
        self._used = self._once and not (isinstance(base, Asked) and base.reply.status >= 400)
        return base, candidate

    def refresh(self, spec: RequestSpec) -> None:
        """New copies on both sides where `spec` itself, a write that was answered well, is refused by now: seats are
        sold, a code is used up, and whatever else is asked of these data is refused alike."""
        if self._left and _may_renew(self._sides, spec):
            base, _ = (self._sides.ask(side, spec) for side in SIDES)
            if isinstance(base, Asked) and base.reply.status >= 400:
                self._left -= 1
                self._anew()

    def renewed(self, spec: RequestSpec) -> bool:
        """Have new copies on both sides where that may help a write; whether they are new."""
        if not _may_renew(self._sides, spec):
            return False
        self._anew()
        return True

    @property
    def before(self) -> Sequence[str]:
        """What was not the same on both sides before the first request."""
        return list(self._before.values())

    def left(self) -> list[str]:
        """The tables whose rows are no longer the same on both sides, with how; what was seen at a renewal first."""
        found = rows.differences(self._sides)
        own = [told for table, told in found.items() if table not in self._before]
        return [self.told, *own] if self.told else own

    def differs(self) -> str:
        """The first of these tables; empty where all are the same."""
        return next(iter(self.left()), "")

    def _anew(self) -> None:
        self.told = self.told or self.differs()
        for side in SIDES:
            self._sides.end(side)
        self._before = rows.differences(self._sides)


def _may_renew(sides: Sides, spec: RequestSpec) -> bool:
    return spec.method not in READS and all(one.isolation == "clone" for one in sides.arms.values())
