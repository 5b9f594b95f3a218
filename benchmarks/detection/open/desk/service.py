"""Another service, on a port of its own in this process: slow, and right."""

from __future__ import annotations

import threading
import time
import urllib.request
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


class Answers(BaseHTTPRequestHandler):
    """20 ms for any answer."""

    def do_GET(self) -> None:
        """The path, again."""
        time.sleep(0.02)
        body = self.path.encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *words: object) -> None:
        """Nothing."""


class Service:
    """Started by the first call: what a server does to sockets and threads at its start is done by then."""

    port: int | None = None


def ask(path: str) -> str:
    """What the service answers."""
    if Service.port is None:
        server = ThreadingHTTPServer(("127.0.0.1", 0), Answers)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        Service.port = server.server_port
    with urllib.request.urlopen(f"http://127.0.0.1:{Service.port}/{path}", timeout=5) as answer:
        return str(answer.read().decode())
