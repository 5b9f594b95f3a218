"""Durations as people write them: `2ms`, `1.5s`, `10m`, `1h`."""

from __future__ import annotations

import re

_UNITS = {"us": 1e-6, "ms": 1e-3, "s": 1.0, "m": 60.0, "h": 3600.0}
_PATTERN = re.compile(r"\s*(\d+(?:\.\d+)?|\.\d+)\s*(us|ms|s|m|h)\s*\Z")
WANTED = 'a duration such as "500ms", "1.5s" or "10m"'


def seconds(text: str) -> float | None:
    """Seconds of a duration, None where it is not one."""
    found = _PATTERN.match(text)
    return float(found.group(1)) * _UNITS[found.group(2)] if found else None


def text(value: float) -> str:
    """Seconds for a reader: `420 ms`, `1.25 s`, `10 min`."""
    if value < 1:
        return f"{value * 1000:.3g} ms"
    return f"{value:.3g} s" if value < 120 else f"{value / 60:.3g} min"
