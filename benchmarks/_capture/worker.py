"""One process with the application and one observer; it does what the lines on its standard input ask for.

`python -m benchmarks._capture.worker OBSERVER`, the database in DATABASE_URL. The application is called through WSGI
without a server: what is measured is the application's process, and the client's cost is not in it.
"""

from __future__ import annotations

import gc
import io
import json
import os
import random
import sys
import time
from collections.abc import Callable
from typing import Any

from benchmarks._capture import agent, observers

Cost = tuple[float, float, float]
"""Seconds of one request: CPU of the process, clock, CPU after the last byte of the response (in `close`)."""
WARM_UP = ((1, 6), (50, 4), (500, 1))
"""(queries, requests) before anything is measured: psycopg prepares a statement at its fifth execution."""


class Worker:
    """The application, its observer and the ways to call it."""

    def __init__(self, observer: observers.Observer, app: Callable[..., Any], watcher: agent.Agent | None) -> None:
        self.observer = observer
        self.app = app
        self.agent = watcher

    def request(self, mode: str, queries: int, logs: int = 0) -> Cost:
        """Send one request."""
        environ = environ_of(f"queries={queries}&logs={logs}")
        if self.agent is not None and mode != agent.OFF:
            environ["HTTP_X_SUBSECOND"] = self.agent.header(mode)
        wall, cpu = time.perf_counter(), time.process_time()
        with self.observer.around():
            response = self.app(environ, accept)
            body = b"".join(response)
            sent = time.process_time()
            response.close()
        cpu, sent = time.process_time() - cpu, time.process_time() - sent
        wall = time.perf_counter() - wall
        if body.count(b'"owner"') != queries - 1:
            raise RuntimeError(f"{queries} queries asked for, the answer has {body.count(b'owner')} rows")
        return cpu, wall, sent

    def warm(self, mode: str) -> None:
        for queries, requests in WARM_UP:
            for _ in range(requests):
                self.request(mode, queries)

    def turn(self, plan: list[list[int]], modes: list[str]) -> dict[str, dict[str, list[float]]]:
        """Cost of one request by mode and by number of queries: the mean of `plan`'s requests of that size."""
        random.shuffle(modes)
        found = {}
        for mode in modes:
            kind = mode.partition(" ")[0]
            if self.agent is not None:
                self.agent.switch(kind)
            self.request(kind, 50)  # the other processes have had the caches
            found[mode] = {str(queries): self.batch(kind, queries, requests) for queries, requests in plan}
        return found

    def batch(self, mode: str, queries: int, requests: int) -> list[float]:
        """Mean cost of equal requests. What earlier ones left to the garbage collector is cleared off the clock."""
        gc.collect()
        costs = [self.request(mode, queries) for _ in range(requests)]
        return [sum(column) / requests for column in zip(*costs, strict=True)]

    def seen(self, queries: int) -> int:
        """How many of a request's queries the observer has recorded."""
        if self.agent is not None:
            self.agent.switch(agent.RECORDING)
            self.agent.traces()
            self.request(agent.RECORDING, queries)
            return agent.queries_of(self.agent.traces()[0])
        before = self.observer.seen()
        self.request(agent.OFF, queries)
        return self.observer.seen() - before

    def shares(self, pairs: int, queries: int, logs: int) -> dict[str, list[dict[str, float]]]:
        """Shares of time of `pairs` requests, timed and recorded in turn, each pair in the other order."""
        assert self.agent is not None
        self.agent.switch(agent.RECORDING)
        self.agent.traces()
        order = [agent.TIMED, agent.RECORDING]
        found: dict[str, list[dict[str, float]]] = {agent.TIMED: [], agent.RECORDING: []}
        for _ in range(pairs):
            for mode in order:
                gc.collect()
                self.request(mode, queries, logs)
                (trace,) = self.agent.traces()
                found[mode].append(agent.shares_of(trace))
            order.reverse()
        return found


def accept(status: str, headers: Any, error: Any = None) -> None:
    """`start_response`: anything but a success ends the benchmark."""
    if status != "200 OK":
        raise RuntimeError(f"the application answered {status}")


def environ_of(query: str) -> dict[str, Any]:
    """What a server would hand to the application for `GET /items?QUERY`."""
    return {
        "REQUEST_METHOD": "GET",
        "SCRIPT_NAME": "",
        "PATH_INFO": "/items",
        "QUERY_STRING": query,
        "SERVER_NAME": "127.0.0.1",
        "SERVER_PORT": "80",
        "SERVER_PROTOCOL": "HTTP/1.1",
        "REMOTE_ADDR": "127.0.0.1",
        "HTTP_HOST": "127.0.0.1",
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": "http",
        "wsgi.input": io.BytesIO(),
        "wsgi.errors": sys.stderr,
        "wsgi.multithread": False,
        "wsgi.multiprocess": True,
        "wsgi.run_once": False,
    }


def serve(worker: Worker, output: io.TextIOBase) -> None:
    """Answer each line `{"do": method, ...arguments}` with a line of JSON, until the input ends."""
    for line in sys.stdin:
        ask = json.loads(line)
        answer = getattr(worker, ask.pop("do"))(**ask)
        output.write(json.dumps(answer) + "\n")
        output.flush()


def main() -> None:
    """Set the observer up, then the application, then answer."""
    output = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)  # whatever a library prints must not come between the answers
    try:
        observer = observers.OBSERVERS[sys.argv[1]]()
    except ImportError as missing:
        output.write(json.dumps({"skipped": f"not installed: {missing}"}) + "\n")
        return
    from benchmarks._capture.app import create_app

    url = os.environ["DATABASE_URL"]
    watcher = agent.Agent(url) if "SUBSECOND_SPOOL" in os.environ else None
    worker = Worker(observer, create_app(url), watcher)
    worker.warm(agent.OFF if watcher is None else agent.RECORDING)
    output.write(json.dumps({"ready": True}) + "\n")
    output.flush()
    serve(worker, output)


if __name__ == "__main__":
    main()
