"""Run by the example's own interpreter, because it imports the application: prints JSON.

Reads paths from standard input (a list of [path, user id or null]), sends them to the legacy version in this process
and prints for each one the statements, the check-outs, the places in our code they come from, the most connections
held at once, and the log lines.
"""

from __future__ import annotations

import json
import logging
import sys
from typing import Any

from discovery import settings
from discovery.external.auth import keys
from sqlalchemy import Engine, event
from sqlalchemy.pool import Pool

OWN = "/discovery/legacy/"


def own_place() -> str:
    """File and function of the innermost frame of the application."""
    frame = sys._getframe(1)
    while OWN not in frame.f_code.co_filename:
        assert frame.f_back is not None
        frame = frame.f_back
    return f"{frame.f_code.co_filename.rpartition(OWN)[2]}:{frame.f_code.co_name}"


def main(requests: list[tuple[str, int | None]]) -> list[dict[str, Any]]:
    """What each request cost."""
    from discovery.legacy.wsgi import app

    seen: dict[str, Any] = {}
    held: set[int] = set()

    def statement(_c: Any, _cursor: Any, text: str, *_: Any) -> None:
        seen["statements"].append(text)

    def out(connection: Any, *_: Any) -> None:
        held.add(id(connection))
        seen["places"].append(own_place())
        seen["most_held"] = max(seen["most_held"], len(held))

    event.listen(Engine, "before_cursor_execute", statement)
    event.listen(Pool, "checkout", out)
    event.listen(Pool, "checkin", lambda connection, *_: held.discard(id(connection)))
    handler = logging.Handler()
    handler.emit = lambda record: seen["lines"].append(len(record.getMessage()))  # type: ignore[method-assign]
    logging.getLogger("discovery.list").addHandler(handler)

    key = keys.load(settings.var_folder() / "keys")
    client, found = app.test_client(), []
    for path, user in requests:
        seen.update(statements=[], places=[], most_held=0, lines=[])
        response = client.get(path, headers={"Authorization": f"Bearer {keys.sign(key, user)}"} if user else {})
        found.append({"status": response.status_code, "body": response.get_json(), **seen})
    return found


if __name__ == "__main__":
    json.dump(main(json.load(sys.stdin)), sys.stdout)
