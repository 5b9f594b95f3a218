"""Seconds as a report writes them."""

from __future__ import annotations


def duration(seconds: float) -> str:
    """`11.3 s`, `420 ms`, `0.8 ms`."""
    if seconds >= 1:
        return f"{seconds:.1f} s"
    return f"{seconds * 1e3:.0f} ms" if seconds >= 0.01 else f"{seconds * 1e3:.1f} ms"


def signed(seconds: float) -> str:
    """The same with a minus where it is less than nothing."""
    return f"-{duration(-seconds)}" if seconds < 0 else duration(seconds)
