"""The delay proxy as a process of its own."""

from __future__ import annotations

import json
import select
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any


class DelayProxy:
    """Runs the proxy as a process of its own, for the time of a `with` block.

        with DelayProxy(("127.0.0.1", 5432), delay=0.002) as proxy:
            connect(port=proxy.port); proxy.counts()["round_trips"]

    Raises RuntimeError when it cannot start.
    """

    def __init__(self, target: tuple[str, int], delay: float) -> None:
        self.target = target
        self.delay = delay
        self.port = 0
        self.process: subprocess.Popen[str] | None = None

    def __enter__(self) -> DelayProxy:
        # -P: the folder of this file holds modules with common names.
        command = [sys.executable, "-P", "-S", str(Path(__file__).resolve().with_name("proxy.py"))]
        command += [f"--to={self.target[0]}:{self.target[1]}", f"--delay={self.delay * 1000:g}ms"]
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, stdin=subprocess.DEVNULL, text=True)
        line = self._line()
        if not line:
            raise RuntimeError(f"the delay proxy to {self.target[0]}:{self.target[1]} did not start")
        self.port = int(json.loads(line)["port"])
        return self

    def _line(self) -> str:
        assert self.process is not None and self.process.stdout is not None
        ready = select.select([self.process.stdout], [], [], 10.0)[0]
        return self.process.stdout.readline() if ready else ""

    def counts(self) -> dict[str, Any]:
        """What passed so far: the fields of Counts, and `statements`."""
        assert self.process is not None
        self.process.send_signal(signal.SIGUSR1)
        line = self._line()
        if not line:
            raise RuntimeError("the delay proxy has ended")
        return dict(json.loads(line))

    def __exit__(self, *_: object) -> None:
        assert self.process is not None
        self.process.terminate()
        try:
            self.process.wait(5)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        if self.process.stdout is not None:
            self.process.stdout.close()
