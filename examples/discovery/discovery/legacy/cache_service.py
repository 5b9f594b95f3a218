"""Pre-computed results from the cache service."""

import logging

import requests
from flask import current_app, request

from discovery import settings

log = logging.getLogger("discovery.cache")


def cached_search() -> bytes | None:
    """The answer if the cache service has it."""
    url = settings.cache_url()
    if url is None:
        return None
    namespace = current_app.extensions["keyvalue"].namespace
    try:
        # INC-311: it hung for minutes when the service was slow
        response = requests.get(f"{url}/results/{namespace}", params=request.args, timeout=0.3)
    except requests.RequestException as e:
        log.warning("cache service: %s", type(e).__name__)
        return None
    if response.status_code != 200:
        return None
    return response.content
