"""Start a real server with (or without) the agent in it, ask it, read its spool."""

from __future__ import annotations

import http.client
import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

APPS = Path(__file__).parent / "apps"
AGENT = Path(__file__).parents[2] / "src" / "subsecond_agent"
PYTHON = os.environ.get("SUBSECOND_TEST_PYTHON", sys.executable)
"""The interpreter of the apps; `test_matrix.py` sets it."""
TOKEN = "0123456789abcdef" * 2
START_LIMIT = 30.0
TRACE_LIMIT = 5.0

SERVERS: dict[str, list[str]] = {
    "sync": ["gunicorn", "-k", "sync"],
    "gthread": ["gunicorn", "-k", "gthread", "--threads", "8"],
    "gevent": ["gunicorn", "-k", "gevent"],
    "preload": ["gunicorn", "-k", "gevent", "--preload"],
    "forked": ["gunicorn", "-k", "sync", "-w", "2", "--preload"],
}


class Served:
    """A running app. `get` asks it, `traces` waits for what it wrote."""

    def __init__(self, process: subprocess.Popen[bytes], port: int, spool: Path, log: Path) -> None:
        self.process = process
        self.port = port
        self.spool = spool
        self.log = log

    def get(self, path: str, headers: dict[str, str] | None = None) -> tuple[int, bytes]:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=20)
        try:
            connection.request("GET", path, headers=headers or {})
            answer = connection.getresponse()
            return answer.status, answer.read()
        finally:
            connection.close()

    def json(self, path: str, headers: dict[str, str] | None = None) -> Any:
        status, body = self.get(path, headers)
        assert status == 200, (path, status, body[:500], self.log.read_text()[-3000:])
        return json.loads(body)

    def traced(self, path: str, mode: str = "recording", expect: int = 200) -> dict[str, Any]:
        """Ask with a mark of its own and return the trace of exactly this request."""
        mark = f"m{time.monotonic_ns()}"
        status, body = self.get(path, {"X-Subsecond": f"{TOKEN}:{mode}:{mark}"})
        assert status == expect, (path, status, body[:500], self.log.read_text()[-3000:])
        trace: dict[str, Any] = self.wait(lambda line: line.get("mark") == mark and not line.get("late"))
        trace["body"] = body
        return trace

    def lines(self, kind: str = "") -> list[dict[str, Any]]:
        found = []
        for file in sorted(self.spool.glob("*.jsonl")):
            whole = file.read_text().rpartition("\n")[0]  # a line may be half written just now
            found += [json.loads(line) for line in whole.split("\n") if line]
        return [line for line in found if not kind or line["type"] == kind]

    def wait(self, wanted: Any, limit: float = TRACE_LIMIT) -> Any:
        """First line for which `wanted(line)` is true."""
        deadline = time.monotonic() + limit
        while True:
            for line in self.lines():
                if wanted(line):
                    return line
            assert time.monotonic() < deadline, (self.lines()[-3:], self.log.read_text()[-3000:])
            time.sleep(0.005)

    def stop(self) -> None:
        if self.process.poll() is None:
            os.killpg(self.process.pid, signal.SIGTERM)
            try:
                self.process.wait(10)
            except subprocess.TimeoutExpired:
                os.killpg(self.process.pid, signal.SIGKILL)
                self.process.wait(10)


def agent_environment(spool: Path, root: Path, agent: Path = AGENT, **more: str) -> dict[str, str]:
    """Environment that puts the agent into a Python started with it."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("SUBSECOND", "OTEL"))}
    return {
        **environment,
        "PYTHONPATH": str(agent / "inject"),
        "PYTHONDONTWRITEBYTECODE": "1",
        "SUBSECOND_SPOOL": str(spool),
        "SUBSECOND_TOKEN": TOKEN,
        "SUBSECOND_EXPIRES": str(time.time() + 3600),
        "SUBSECOND_CODE": json.dumps({"root": str(root), "code": [], "app": None}),
        **more,
    }


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def gunicorn(server: str, app: str, port: int, launcher: Sequence[str] = ()) -> list[str]:
    bind = ["-b", f"127.0.0.1:{port}", "--graceful-timeout", "2"]
    if launcher:
        bin_folder = Path(PYTHON).parent
        return [
            str(bin_folder / launcher[0]),
            *launcher[1:],
            str(bin_folder / "gunicorn"),
            *SERVERS[server][1:],
            *bind,
            app,
        ]
    return [PYTHON, "-m", *SERVERS[server], *bind, app]


def start(command: Sequence[str], port: int, cwd: Path, environment: dict[str, str], log: Path) -> Served:
    """Start a server and wait for its first answer, asked for without a header."""
    with log.open("wb") as output:
        process = subprocess.Popen(
            list(command), cwd=cwd, env=environment, stdout=output, stderr=subprocess.STDOUT, start_new_session=True
        )
    served = Served(process, port, Path(environment.get("SUBSECOND_SPOOL", "/nonexistent")), log)
    deadline = time.monotonic() + START_LIMIT
    while True:
        try:
            if served.get("/ready")[0] == 200:
                return served
        except OSError:
            pass
        if process.poll() is not None or time.monotonic() > deadline:
            served.stop()
            raise AssertionError(f"{command} did not start:\n{log.read_text()[-4000:]}")
        time.sleep(0.03)


def spans(trace: dict[str, Any], name: str = "") -> list[dict[str, Any]]:
    """Spans of a trace (of one name), with their texts and frames put in place; `site` is "file:line"."""
    found = []
    for index, (kind, parent, begin, duration, stack, attributes) in enumerate(trace["spans"]):
        frames = [trace["frames"][frame] for frame in trace["stacks"][stack]] if stack >= 0 else []
        span = {"name": kind, "index": index, "parent": parent, "start": begin, "duration": duration, **attributes}
        if "db.query.text" in span:
            span["db.query.text"] = trace["texts"][span["db.query.text"]]
        span["site"] = f"{Path(frames[0][0]).name}:{frames[0][1]}" if frames else None
        span["functions"] = [frame[2].rpartition(".")[2] for frame in frames]
        found.append(span)
    return [span for span in found if not name or span["name"] == name]


def line_of(text: str, file: str = "shop.py") -> str:
    """ "file:line" of the only line of an app that holds `text`."""
    numbers = [n for n, line in enumerate((APPS / file).read_text().splitlines(), 1) if text in line]
    assert len(numbers) == 1, (text, numbers)
    return f"{file}:{numbers[0]}"
