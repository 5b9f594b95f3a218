"""The cache service: answers of discovery, computed before they are asked for again.

`GET /results/NAMESPACE?…` with discovery's own parameters answers with the body that the platform would give, at most
`LONGEST_AGE` seconds old, or 404 at once. What it does not have, or has had for a while, it then asks the platform for,
one search after the other and beside the requests, so that the next one finds it. NAMESPACE is the short name of the
database that the asker uses (`keyvalue.client.namespace`): the two versions have one each, and only searches in the
running platform's own databases are computed.
"""

from __future__ import annotations

import logging
import queue
import threading
import time
import urllib.request
from collections import OrderedDict
from dataclasses import dataclass
from urllib.parse import urlencode

from flask import Flask, Response, jsonify, request

from discovery import settings
from discovery.errors import InvalidParameter
from discovery.keyvalue.client import namespace
from discovery.keyvalue.searches import canonical
from discovery.params import discovery_params

LONGEST_AGE = 60.0  # seconds
FRESH = 20.0  # seconds; an answer older than that is computed anew when somebody asks for it
PLATFORM_TIMEOUT = 30.0  # seconds for the platform to answer; the legacy version takes its time
MOST_KEPT = 1000
MOST_WAITING = 100

log = logging.getLogger("discovery.external.cache")


@dataclass(frozen=True, slots=True)
class Kept:
    """An answer, and when it was asked for (monotonic seconds)."""

    body: bytes
    since: float


class Results:
    """The answers by database and search, and the searches that wait to be computed."""

    def __init__(self) -> None:
        self._kept: OrderedDict[tuple[str, str], Kept] = OrderedDict()
        self._waiting: queue.Queue[tuple[str, str]] = queue.Queue(MOST_WAITING)
        self._wanted: set[tuple[str, str]] = set()
        self._lock = threading.Lock()
        threading.Thread(target=self._work, daemon=True).start()

    def find(self, database: str, search: str) -> Kept | None:
        """The answer if there is a good one; sees to it that there will be."""
        found, now = self._kept.get((database, search)), time.monotonic()
        if found is None or now - found.since > FRESH:
            self._want((database, search))
        return found if found is not None and now - found.since <= LONGEST_AGE else None

    def _want(self, search: tuple[str, str]) -> None:
        with self._lock:
            if search in self._wanted or self._waiting.full():
                return
            self._wanted.add(search)
            self._waiting.put_nowait(search)

    def _work(self) -> None:
        while True:
            search = self._waiting.get()
            since = time.monotonic()
            body = _ask_platform(*search)
            with self._lock:
                self._wanted.discard(search)
                if body is not None:
                    self._kept[search] = Kept(body, since)
                    self._kept.move_to_end(search)
                    if len(self._kept) > MOST_KEPT:
                        self._kept.popitem(last=False)


def _ask_platform(database: str, search: str) -> bytes | None:
    """The platform's answer; None when the database is not the platform's or there is no good answer."""
    try:
        state = settings.read_state()
        versions = {namespace(url): version for version, url in state["databases"].items()}
        if database not in versions:
            return None
        url = f"{state['apps'][versions[database]]}/v1/discovery?{search}"
        with urllib.request.urlopen(url, timeout=PLATFORM_TIMEOUT) as answer:
            return bytes(answer.read())
    except (OSError, settings.NotRunningError) as error:
        log.warning("no answer from the platform: %s", error)
        return None


def create_app() -> Flask:
    """The service; one process, because it keeps everything in memory."""
    service = Flask("discovery.external.cache")
    results = Results()

    @service.get("/results/<database>")
    def result(database: str) -> Response:
        try:
            search = urlencode(canonical(discovery_params(request.args)))
        except InvalidParameter as error:
            return Response(error.message, 400, mimetype="text/plain")
        found = results.find(database, search)
        if found is None:
            return Response("not computed yet", 404, mimetype="text/plain")
        answer = Response(found.body, mimetype="application/json")
        answer.headers["Age"] = str(int(time.monotonic() - found.since))
        return answer

    @service.get("/healthz")
    def healthz() -> Response:
        return jsonify(status="ok")

    return service


app = create_app()
