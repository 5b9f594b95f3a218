"""A place in the user's code."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Frame:
    """A place in the user's code. `file` is relative to the project's folder where it lies below it."""

    file: str
    line: int
    function: str
