"""How often a request is sent: pure arithmetic over the first answer's seconds."""

from __future__ import annotations

import math
from dataclasses import dataclass

from subsecond.measure.pairs import WARM_UPS

TIMED_SECONDS = 12.0
"""Time that the timed runs of one request may take, unless `--repeat` says how many."""
FEWEST, MOST = 3, 20
RECORDED = 2
"""Exact integers need two identical runs, no statistics."""
LONGEST_DEEP = 20.0
"""A deep run takes several times the request's seconds, and must end within a server's time-out (often 120 s)."""
PROFILED_SECONDS = 1.0
"""At a sample each 5 ms a second is about 200 samples: a line with a tenth of it is known to a third or so."""
MOST_PROFILED = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Schedule:
    """Numbers of runs after the first answer."""

    warm_ups: int
    timed: int
    recorded: int
    deep: int
    profiled: int


def schedule(first_seconds: float, repeat: int | None = None) -> Schedule:
    """A plan for a request whose first (cold) answer took `first_seconds`.

    Slow requests need fewer warm-ups: they run their statements more than five times in one go.
    """
    warm_ups = WARM_UPS - 1 if first_seconds < 0.3 else 1
    fitting = int(TIMED_SECONDS / max(first_seconds, 1e-3))
    timed = repeat if repeat is not None else min(MOST, max(FEWEST, fitting))
    looked_into = first_seconds <= LONGEST_DEEP
    profiled = min(MOST_PROFILED, math.ceil(PROFILED_SECONDS / max(first_seconds, 1e-3)))
    return Schedule(
        warm_ups=warm_ups,
        timed=timed,
        recorded=RECORDED,
        deep=1 if looked_into else 0,
        profiled=profiled if looked_into else 0,
    )
