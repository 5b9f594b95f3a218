"""What every benchmark shares: one at a time (a lock), and a result file with date, machine and load."""

from __future__ import annotations

import argparse
import contextlib
import datetime
import fcntl
import json
import os
import platform
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

RESULTS = Path(__file__).parent / "results"
BUSY = 1.0
"""Load average above which a figure is not to be trusted as absolute; ratios stand."""


@contextlib.contextmanager
def alone() -> Iterator[None]:
    """Hold the lock of all benchmarks; a second one ends with one line and exit code 2."""
    path = Path(tempfile.gettempdir()) / f"subsecond-benchmarks-{os.getuid()}.lock"
    with path.open("a+") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            lock.seek(0)
            print(f"benchmark-running: another one runs (pid {lock.read().strip()}); wait for it", file=sys.stderr)
            raise SystemExit(2) from None
        lock.truncate(0)
        lock.write(str(os.getpid()))
        lock.flush()
        yield


def arguments(description: str) -> argparse.Namespace:
    """The options that all benchmarks take."""
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("--quick", action="store_true", help="fewer rounds: does it run, not what does it say")
    parser.add_argument("--no-write", action="store_true", help="print only, leave the committed result alone")
    return parser.parse_args()


def machine() -> dict[str, Any]:
    """Processor, cores, memory, system and Python: what a reader needs to place the figures."""
    info = Path("/proc/cpuinfo").read_text() if Path("/proc/cpuinfo").exists() else ""
    models = [line.partition(":")[2].strip() for line in info.splitlines() if line.startswith("model name")]
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") // 2**30
    return {
        "processor": models[0] if models else platform.processor(),
        "cores": os.cpu_count(),
        "memory_gib": memory,
        "system": f"{platform.system()} {platform.release()} {platform.machine()}",
        "python": platform.python_version(),
    }


def write(name: str, load_before: float, figures: dict[str, Any], *, quick: bool) -> Path:
    """Write `results/NAME.json` (`NAME.quick.json` is never committed) with date, machine and load."""
    load_after = os.getloadavg()[0]
    if load_before > BUSY:
        print(f"note: load average was {load_before:.1f} before the run; trust ratios only", file=sys.stderr)
    result = {
        "date": datetime.datetime.now(datetime.UTC).strftime("%Y-%m-%d"),
        "machine": machine(),
        "load_average": [round(load_before, 2), round(load_after, 2)],
        "quick": quick,
        **figures,
    }
    path = RESULTS / (f"{name}.quick.json" if quick else f"{name}.json")
    path.write_text(json.dumps(result, indent=2) + "\n")
    return path
