"""What the figures were taken on, and the CPU seconds of processes."""

from __future__ import annotations

import os
import platform
import sys
import time
from pathlib import Path


def describe(postgres: str) -> str:
    """Processor, memory, system and versions in one line."""
    model = platform.processor() or platform.machine()
    try:
        for line in Path("/proc/cpuinfo").read_text().splitlines():
            if line.startswith("model name"):
                model = line.partition(":")[2].strip()
                break
    except OSError:
        pass
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    python = ".".join(map(str, sys.version_info[:3]))
    return (
        f"{os.cpu_count()} cores ({model}), {memory:.0f} GiB, {platform.system()} {platform.machine()}, "
        f"Python {python}, PostgreSQL {postgres}"
    )


LOOP = 5_000_000


def loop_seconds() -> float:
    """Seconds of a plain Python loop (best of three): how fast this machine is just now, whatever its load says.

    Shared hosts change their speed by a factor of two within hours; figures are comparable only at equal loops.
    """
    best = float("inf")
    for _ in range(3):
        began, total = time.perf_counter(), 0
        for number in range(LOOP):
            total += number
        best = min(best, time.perf_counter() - began)
    return round(best, 3)


def load() -> float:
    """The load average of the last minute."""
    return round(os.getloadavg()[0], 2)


def children(pid: int) -> list[int]:
    """Processes that a process started itself and that still run."""
    try:
        return [int(text) for text in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
    except OSError:
        return []


def cpu_seconds(pids: list[int]) -> float | None:
    """CPU time that processes used so far, to the nanosecond where Linux tells; None where it does not."""
    total = 0
    for pid in pids:
        for file in Path(f"/proc/{pid}/task").glob("*/schedstat"):
            try:
                total += int(file.read_text().split()[0])
            except OSError:
                continue
    return total / 1e9 if total else None
