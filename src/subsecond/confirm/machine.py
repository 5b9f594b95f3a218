"""What else the machine did meanwhile: told beside the figures, never taken off them."""

from __future__ import annotations

from pathlib import Path


def ticks() -> tuple[float, float] | None:
    """Ticks that the host kept for others, and all ticks, of all processors; Linux only."""
    try:
        fields = [float(part) for part in Path("/proc/stat").read_text().split("\n", 1)[0].split()[1:]]
    except (OSError, ValueError):
        return None
    return (fields[7], sum(fields[:8])) if len(fields) > 7 else None


def stolen(before: tuple[float, float] | None, after: tuple[float, float] | None) -> float | None:
    """The share of all processors' time between two readings that the host kept for others."""
    if before is None or after is None or after[1] <= before[1]:
        return None
    return (after[0] - before[0]) / (after[1] - before[1])


def queued(pid: int) -> float:
    """Seconds that all threads of a process have waited for a processor since they began; 0 where it is not told."""
    total = 0
    for path in Path(f"/proc/{pid}/task").glob("*/schedstat"):
        try:
            total += int(path.read_text().split()[1])
        except (OSError, ValueError, IndexError):
            continue
    return total / 1e9
