"""The order of the vertical pieces of arrows in the gap between two columns."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

ROUNDS = 12
"""Each at most swaps all neighbours; on the example the order stands after four."""


@dataclass(frozen=True, slots=True)
class Turn:
    """An arrow that comes in at y `before` and goes on at y `after`; `path`: its number."""

    path: int
    before: float
    after: float

    def covers(self, y: float) -> bool:
        return min(self.before, self.after) <= y <= max(self.before, self.after)


def ordered(turns: Sequence[Turn]) -> list[Turn]:
    """From left to right, with few crossings: neighbours change places as long as that saves some."""
    found = sorted(
        turns, key=lambda turn: (turn.after > turn.before, turn.before if turn.after < turn.before else -turn.before)
    )
    for _ in range(ROUNDS):
        swapped = False
        for number in range(len(found) - 1):
            one, other = found[number : number + 2]
            if _cost(other, one) < _cost(one, other):
                found[number : number + 2] = [other, one]
                swapped = True
        if not swapped:
            break
    return found


def _cost(left: Turn, right: Turn) -> int:
    """Crossings of two turns that stand so: the one going out over the other, and the other coming in over the one."""
    return right.covers(left.after) + left.covers(right.before)
