"""The workers, seen from the benchmark: start one, ask it, end it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

from benchmarks._capture import agent

ROOT = Path(__file__).parents[2]
WATCHED = ("ours", "ours_beside_both")
"""Observers whose process is started with our agent."""
CONFIGURATION = ("PYTHON", "OTEL_", "SENTRY_", "DD_", "SUBSECOND_", "PG")
"""Variables that would change what an observer or the database's driver does."""
PATIENCE = 120.0
"""Seconds for one answer."""


class WorkerError(Exception):
    """A worker ended or answered nothing; the text is its last words."""


class Process:
    """A worker process. Without `skipped` it is ready to be asked."""

    def __init__(self, observer: str, url: str, folder: Path) -> None:
        self.observer = observer
        self.log = folder / f"{observer}.log"
        environment = {key: value for key, value in os.environ.items() if not key.startswith(CONFIGURATION)}
        environment["DATABASE_URL"] = url
        if observer in WATCHED:
            spool = folder / f"spool-{observer}"
            spool.mkdir(mode=0o700, exist_ok=True)
            environment |= agent.environment(spool)
        command = [sys.executable, "-m", "benchmarks._capture.worker", observer]
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                command, cwd=ROOT, env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=log, text=True
            )
        self.skipped = str(self.answer().get("skipped", ""))
        if self.skipped:
            self.end()

    def ask(self, do: str, **arguments: Any) -> Any:
        """Call a method of the worker; see `worker.Worker`."""
        assert self.process.stdin is not None
        self.process.stdin.write(json.dumps({"do": do, **arguments}) + "\n")
        self.process.stdin.flush()
        return self.answer()

    def answer(self) -> Any:
        """The next line that the worker says; a worker that says nothing for too long is killed."""
        assert self.process.stdout is not None
        watch = threading.Timer(PATIENCE, self.process.kill)
        watch.start()
        try:
            line = self.process.stdout.readline()
        finally:
            watch.cancel()
        if not line:
            self.end()
            last = self.log.read_text(errors="replace").strip().splitlines()[-1:] or ["nothing"]
            raise WorkerError(f"{self.observer} ended (exit code {self.process.returncode}): {last[0][:300]}")
        return json.loads(line)

    def end(self) -> None:
        """End the worker; it does so by itself when its input ends."""
        for stream in (self.process.stdin, self.process.stdout):
            if stream is not None and not stream.closed:
                try:
                    stream.close()
                except BrokenPipeError:
                    pass
        try:
            self.process.wait(10)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
