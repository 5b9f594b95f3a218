"""Answers that the cache service has computed before; asked for only by requests with `cache=true`."""

from __future__ import annotations

import http.client
import logging
from urllib.parse import urlencode, urlsplit

from discovery.breaker import Breaker
from discovery.keyvalue.client import store
from discovery.keyvalue.searches import canonical
from discovery.params import DiscoveryParams

TIMEOUT = 0.3  # seconds to connect, and for each part of the answer
PAUSE = 3.0  # seconds without asking after it did not answer

log = logging.getLogger("discovery.optimized.listing")


class CacheService:
    """The service at a URL; a worker keeps one, so that it remembers when the service is gone."""

    def __init__(self, url: str | None) -> None:
        parts = urlsplit(url or "")
        self._place = (parts.hostname, parts.port or 80) if parts.hostname else None
        self._breaker = Breaker(PAUSE)

    def find(self, params: DiscoveryParams) -> bytes | None:
        """The answer's body; None when the service does not have it, is not there or takes too long."""
        if self._place is None or not self._breaker.may_try():
            return None
        try:
            status, body = self._ask(f"/results/{store().namespace}?{urlencode(canonical(params))}")
        except (OSError, http.client.HTTPException) as error:
            if self._breaker.failed():
                log.warning("the cache service does not answer (%s); going on without", type(error).__name__)
            return None
        self._breaker.succeeded()
        return body if status == 200 else None

    def _ask(self, path: str) -> tuple[int, bytes]:
        assert self._place is not None
        connection = http.client.HTTPConnection(*self._place, timeout=TIMEOUT)
        try:
            connection.request("GET", path)
            answer = connection.getresponse()
            return answer.status, answer.read()
        finally:
            connection.close()
