"""A peer in the application's own process: `python _peer.py PEER APP REQUESTS`, alone, without this project's packages.

Reads a JSON list of requests (name, method, path, headers, body) and prints claims, one line each as JSON: `request`,
`kind`, `text`, `file`, `line`, `function` (null where the peer names no place), or `request` and `error`.
"""

from __future__ import annotations

import importlib
import json
import os
import sys
from collections.abc import Callable, Iterator
from typing import Any

Claims = Callable[[Callable[[], None]], list[dict[str, Any]]]


def queryspy(_app: Any) -> Claims:
    """`record()` around each request, findings with its own threshold of two."""
    import queryspy as library

    def claims(send: Callable[[], None]) -> list[dict[str, Any]]:
        with library.record() as recorder:
            send()
        return [
            {"kind": one.kind, "text": f"{one.label} x{one.count}", **_place(one.frame)} for one in recorder.findings()
        ]

    return claims


def _place(frame: Any) -> dict[str, Any]:
    if frame is None:
        return {"file": None, "line": None, "function": None}
    return {"file": os.path.relpath(frame.filename), "line": frame.lineno, "function": frame.function}


def nplusone(app: Any) -> Claims:
    """Its Flask extension, its messages gathered instead of logged; only `n_plus_one`, it names no line."""
    extension = importlib.import_module("nplusone.ext.flask_sqlalchemy")
    heard: list[Any] = []

    class Gathering(extension.NPlusOne):  # type: ignore[misc, name-defined]
        def notify(self, message: Any) -> None:
            heard.append(message)

    Gathering(app)

    def claims(send: Callable[[], None]) -> list[dict[str, Any]]:
        heard.clear()
        send()
        texts = sorted({one.message for one in heard if one.label == "n_plus_one"})
        return [{"kind": "n_plus_one", "text": text, "file": None, "line": None, "function": None} for text in texts]

    return claims


PEERS = {"queryspy": queryspy, "nplusone": nplusone}


def _sent(app: Any, peer: Claims, requests: list[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    """A request that does not answer 200 with the peer in the application is told as such and claims nothing."""
    app.config["PROPAGATE_EXCEPTIONS"] = True
    client = app.test_client(use_cookies=False)
    for request in requests:
        words = {"method": request["method"], "headers": request["headers"], "data": request["body"]}

        def send(path: str = request["path"], words: dict[str, Any] = words) -> None:
            answer = client.open(path, **words)
            answer.get_data()
            if answer.status_code != 200:
                raise RuntimeError(f"answered {answer.status_code}")

        try:
            claims = peer(send)
        except Exception as problem:  # whatever a peer breaks
            yield {"request": request["name"], "error": f"{type(problem).__name__}: {problem}"}
            continue
        yield from ({"request": request["name"], **claim} for claim in claims)


def main() -> None:
    """One peer on one application; the folder of the application is the current one."""
    name, app_name = sys.argv[1:]
    module, _, attribute = app_name.partition(":")
    sys.path.insert(0, os.getcwd())
    set_up = PEERS[name]
    importlib.import_module(name)
    if name == "nplusone":  # it patches the ORM at import, so before the application's models are made
        importlib.import_module("nplusone.ext.flask_sqlalchemy")
    app = getattr(importlib.import_module(module), attribute)
    peer = set_up(app)
    for claim in _sent(app, peer, json.load(sys.stdin)):
        print(json.dumps(claim))


if __name__ == "__main__":
    main()
