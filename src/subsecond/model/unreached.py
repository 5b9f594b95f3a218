"""Lines that no request of the target ran."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Unreached:
    """Lines `first` to `last` of a function that was called, which ran in no request.

    `condition`: the innermost one above them, as source; `parameters`: those of the request that it speaks of.
    """

    file: str
    first: int
    last: int
    function: str
    condition: str | None = None
    parameters: tuple[str, ...] = ()
