"""The CRM, as far as we need one: takes events, each once, and keeps them as lines of JSON in `var/crm/events.jsonl`.

`POST /events` answers 201 for a new event and 200 for one whose id it has already. `POST /fault` makes it fail or slow
for a test: `{"status": 503}`, `{"seconds": 5}`, `{}` ends it.
"""

from __future__ import annotations

import json
import os
import threading
import time
from pathlib import Path
from typing import Any

from flask import Flask, jsonify, request

from discovery.settings import var_folder

Answer = tuple[dict[str, Any], int]


class Store:
    """The events, on disk before they are confirmed."""

    def __init__(self, file: Path) -> None:
        file.parent.mkdir(parents=True, exist_ok=True)
        self._file = file
        self._lock = threading.Lock()
        self._known = self._read()

    def add(self, event: dict[str, Any]) -> bool:
        """Keeps the event; False when its id is known."""
        with self._lock:
            if event["id"] in self._known:
                return False
            with open(self._file, "a", encoding="utf-8") as handle:
                handle.write(json.dumps(event) + "\n")
                handle.flush()
                os.fsync(handle.fileno())
            self._known.add(event["id"])
            return True

    def count(self) -> int:
        """How many events there are."""
        return len(self._known)

    def _read(self) -> set[str]:
        """Ids of the events in the file. A last line that a crash tore off was never confirmed: it is cut away."""
        if not self._file.exists():
            return set()
        content = self._file.read_bytes()
        whole = content[: content.rfind(b"\n") + 1]
        if len(whole) < len(content):
            with open(self._file, "r+b") as handle:
                handle.truncate(len(whole))
        return {json.loads(line)["id"] for line in whole.splitlines()}


def create_app() -> Flask:
    """The service; one process only, because it knows its events by heart."""
    service = Flask("discovery.external.crm")
    store = Store(var_folder() / "crm" / "events.jsonl")
    fault: dict[str, float] = {}

    @service.post("/events")
    def take() -> Answer:
        event = request.get_json(silent=True)
        time.sleep(fault.get("seconds", 0))
        if "status" in fault:
            return {"error": "out of order"}, int(fault["status"])
        if not isinstance(event, dict) or not isinstance(event.get("id"), str):
            return {"error": "an event is a JSON object with an id"}, 400
        return {"id": event["id"]}, 201 if store.add(event) else 200

    @service.post("/fault")
    def break_down() -> Answer:
        wanted = request.get_json(silent=True)
        if not isinstance(wanted, dict) or not _is_fault(wanted):
            return {"error": 'a fault is {"status": 400 to 599}, {"seconds": 0 to 60}, both, or {}'}, 400
        fault.clear()
        fault.update(wanted)
        return fault, 200

    @service.get("/healthz")
    def healthz() -> Any:
        return jsonify(status="ok", events=store.count())

    return service


def _is_fault(wanted: dict[str, Any]) -> bool:
    limits = {"status": (400, 599), "seconds": (0, 60)}
    return all(
        name in limits and isinstance(value, int | float) and limits[name][0] <= value <= limits[name][1]
        for name, value in wanted.items()
    )


app = create_app()
