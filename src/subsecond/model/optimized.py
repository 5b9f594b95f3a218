"""The outcome of `subsecond optimize`."""

from __future__ import annotations

import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from subsecond.model.attempt import Attempt


@dataclass(frozen=True, slots=True, kw_only=True)
class After:
    """One request before and after, measured side by side: medians of client seconds, exact counts."""

    request: str
    seconds_before: float
    seconds_after: float
    counts_before: dict[str, int] = field(default_factory=dict)
    counts_after: dict[str, int] = field(default_factory=dict)
    runs: int = 0

    @staticmethod
    def of(
        request: str,
        before: Sequence[float],
        after: Sequence[float],
        counts: Mapping[str, int],
        left: Mapping[str, int],
    ) -> After:
        """From the runs of both."""
        return After(
            request=request, seconds_before=statistics.median(before), seconds_after=statistics.median(after),
            counts_before=dict(counts), counts_after=dict(left), runs=len(before),
        )  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Optimized:
    """`base` is HEAD as it was, `result` the commit with everything kept on top of it."""

    version: int = 1
    base: str
    result: str
    after: tuple[After, ...] = ()
    attempts: tuple[Attempt, ...] = ()
