"""Time that the trials of one audit may take, and what each of them may take of it."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

LEAST = 0.25
"""Of an even part: what each may take at the least."""


@dataclass
class Budget:
    """`seconds` from the moment it is made; `held` of them are kept back for what comes last."""

    seconds: float
    clock: Callable[[], float] = time.monotonic
    held: float = 0.0
    began: float = field(init=False)

    def __post_init__(self) -> None:
        self.began = self.clock()

    @property
    def spent(self) -> float:
        return self.clock() - self.began

    @property
    def left(self) -> float:
        return max(0.0, self.seconds - self.held - self.spent)

    def until(self, seconds: float) -> Callable[[], bool]:
        """A question that is answered no once `seconds` from now, or all that is not held back, are over."""
        end = min(self.clock() + seconds, self.began + self.seconds - self.held)
        return lambda: self.clock() < end


def in_turn(budget: Budget, costs: list[float], seconds: float, least: float = 0.0) -> Iterator[float]:
    """`parts` as their turns come, each cut so that those after it keep `least` seconds, as far as there is so much for
    everyone, and a quarter of an even part anyway.

    Else the first takes it all where it costs most and its seconds are hard to tell: half as much again as its part is
    then more than there is (seen: of three confirmed fixes of a request one was timed, with 48 pairs).
    """
    even = seconds / max(1, len(costs))
    end, kept = budget.spent + seconds, max(LEAST * even, min(least, even))
    for number, part in enumerate(parts(costs, seconds)):
        yield max(0.0, min(max(part, kept), end - budget.spent - kept * (len(costs) - number - 1)))


def parts(costs: list[float], seconds: float, least: float = LEAST) -> list[float]:
    """`seconds` shared out by `costs`; half as much again as its part is what one may take, a quarter of an even part
    at least, so that the small ones get their turn."""
    whole, even = sum(costs), seconds / max(1, len(costs))
    return [max(least * even, 1.5 * seconds * cost / whole if whole else even) for cost in costs]
