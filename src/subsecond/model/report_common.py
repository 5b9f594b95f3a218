"""What several parts of the report share: the sides it compares, and times."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Side = Literal["now", "legacy", "optimised"]
"""`now` where there is one audit alone; with a second to compare, the first is `legacy`, the second `optimised`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Spread:
    """Median with its interval of 95 %, in milliseconds."""

    median: float
    low: float
    high: float


TimeKey = Literal["database", "round_trips", "python", "logs", "external", "waiting", "garbage", "outside"]


@dataclass(frozen=True, slots=True, kw_only=True)
class TimePart:
    """A part of a request's time, for the stacked bar. `note` says how it was found where that is not plain."""

    key: TimeKey
    label: str
    ms: float
    note: str = ""
