"""A request asked for more: what its work grows with."""

from __future__ import annotations

from dataclasses import dataclass

from subsecond.model.trace import Trace


@dataclass(frozen=True, slots=True, kw_only=True)
class Grown:
    """One recording of a request whose `parameter`, which the app was seen to ask for, was set to `size`."""

    request: str
    parameter: str
    size: int
    trace: Trace
