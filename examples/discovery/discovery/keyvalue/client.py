"""The way to the key-value store: one client for a worker process, made when it is first needed."""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Callable
from typing import Any, TypeVar
from urllib.parse import urlsplit

from flask import Flask, current_app
from valkey import Valkey
from valkey.backoff import NoBackoff
from valkey.exceptions import ValkeyError
from valkey.retry import Retry

from discovery import settings
from discovery.breaker import Breaker

TIMEOUT = 0.2  # seconds for an answer, which takes a tenth of a millisecond
PAUSE = 3.0  # seconds without asking after a failure
EXTENSION = "keyvalue"

Value = TypeVar("Value")
log = logging.getLogger("discovery.keyvalue")


class Store:
    """The store as one database's applications see it; every key of theirs begins with `prefix`."""

    def __init__(self, url: str | None, database_url: str) -> None:
        self._url = url
        self._client: Valkey | None = None
        self._breaker = Breaker(PAUSE)
        self.namespace = namespace(database_url)
        self.prefix = f"discovery:{self.namespace}:"

    def ask(self, action: Callable[[Any], Value]) -> Value | None:
        """What `action` answers; None when there is no store or it does not answer in time.

        `action` is given the client, as Any: the client's own types do not tell whether it must be awaited.
        """
        if self._url is None or not self._breaker.may_try():
            return None
        try:
            answer = action(self._connect(self._url))
        # OSError: a name that cannot be resolved; ValueError: a URL that is none.
        except (ValkeyError, OSError, ValueError) as error:
            if self._breaker.failed():
                log.warning("the key-value store does not answer (%s); going on without", type(error).__name__)
            return None
        self._breaker.succeeded()
        return answer

    def _connect(self, url: str) -> Valkey:
        if self._client is None:
            self._client = Valkey.from_url(
                url,
                socket_timeout=TIMEOUT,
                socket_connect_timeout=TIMEOUT,
                # What a retry could mend, the pool sees by itself: a connection that the other side has closed.
                retry=Retry(NoBackoff(), 0),
                # Two round trips for each connection, to say who we are.
                lib_name=None,
                lib_version=None,
            )
        return self._client


def namespace(database_url: str) -> str:
    """Short name of a database: applications share what is in the store exactly if they share their database."""
    parts = urlsplit(database_url)
    place = f"{parts.hostname}:{parts.port or 5432}{parts.path}"
    return hashlib.sha256(place.encode()).hexdigest()[:12]


def install(app: Flask, database_url: str) -> Store:
    """Gives the application its store, which `store()` finds; connects to nothing yet."""
    made = Store(settings.keyvalue_url(), database_url)
    app.extensions[EXTENSION] = made
    return made


def store() -> Store:
    """The store of the application that handles the current request."""
    found: Any = current_app.extensions[EXTENSION]
    assert isinstance(found, Store)
    return found
