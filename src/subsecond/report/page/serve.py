"""The page on a port of this machine, following the files of the audit and the ledger while they change."""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Callable
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from subsecond import store
from subsecond.errors import SubsecondError
from subsecond.model.report import Report
from subsecond.report.page.html import page

HOST = "127.0.0.1"


class Followed:
    """The report of a project, made anew when one of its files has changed."""

    def __init__(self, folder: Path, make: Callable[[], Report]) -> None:
        self._folder = folder
        self._make = make
        self._lock = threading.Lock()
        self._seen = ""
        self._report = make()
        self._seen = self._signature()

    def now(self) -> tuple[Report, str]:
        """The report and its tag. Files that are being written count when they are whole."""
        with self._lock:
            found = self._signature()
            if found != self._seen:
                try:
                    self._report = self._make()
                except SubsecondError:  # an audit is just replacing its files: the last report still holds
                    return self._report, self._seen
                self._seen = found
            return self._report, self._seen

    def _signature(self) -> str:
        """Of all files of the project's `.subsecond/` that a report is made from."""
        files = sorted(
            [
                *self._folder.glob("*.json"),
                *self._folder.glob("ledger.db"),
                *self._folder.glob("ledger.db-wal"),
                *self._folder.glob("traces/*"),
            ]
        )
        lines = []
        for path in files:
            try:
                stat = path.stat()
            except OSError:  # removed between the two looks
                continue
            lines.append(f"{path.name} {stat.st_mtime_ns} {stat.st_size}")
        return hashlib.sha256("\n".join(lines).encode()).hexdigest()[:20]


class _Handler(BaseHTTPRequestHandler):
    def __init__(self, followed: Followed, request: Any, client: Any, serving: ThreadingHTTPServer) -> None:
        self._followed = followed
        self._port = serving.server_port
        super().__init__(request, client, serving)

    def do_GET(self) -> None:
        """`/`: the page; `/data`: the report as JSON, 304 where the asker has it."""
        port = self._port
        # a name of somebody else's that leads here may not read it (DNS rebinding)
        if self.headers.get("Host") not in (f"{HOST}:{port}", f"localhost:{port}"):
            self._answer(403, b"ask by 127.0.0.1 or localhost", "text/plain")
            return
        report, tag = self._followed.now()
        path = self.path.partition("?")[0]
        if path == "/":
            self._answer(200, page(report), "text/html; charset=utf-8")
        elif path != "/data":
            self._answer(404, b"the page is at /", "text/plain")
        elif self.headers.get("If-None-Match") == f'"{tag}"':
            self._answer(304, b"", "application/json", tag)
        else:
            self._answer(200, store.to_json(report, indent=0).encode(), "application/json", tag)

    def _answer(self, status: int, body: bytes, kind: str, tag: str = "") -> None:
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.send_header("Cache-Control", "no-store")
        self.send_header("X-Content-Type-Options", "nosniff")
        if tag:
            self.send_header("ETag", f'"{tag}"')
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *arguments: object) -> None:  # noqa: A002  (the library's name)
        """Nothing: a request every two seconds is no news."""


def server(followed: Followed, port: int) -> ThreadingHTTPServer:
    """Bound to this machine alone; `port` 0: any free one. Raises SubsecondError where it is taken."""
    try:
        return ThreadingHTTPServer((HOST, port), partial(_Handler, followed))
    except OSError as problem:
        raise SubsecondError("port-taken", f"--port {port}: {problem.strerror}; give another, or none") from None
