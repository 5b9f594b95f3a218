"""How many requests a user, or an address without a token, may send in a minute."""

from __future__ import annotations

import ipaddress
import math
import os
from typing import Any

from flask import Flask, Response, request

from discovery.errors import Unauthorized, error_response
from discovery.keyvalue.client import Store
from discovery.settings import BUSY_LIMIT, BUSY_USERS, RATE_LIMIT, RATE_LIMIT_VARIABLE, RATE_SECONDS
from discovery.tokens import TokenVerifier

FREE = frozenset({"/healthz"})
COUNT = """
local count = redis.call('INCR', KEYS[1])
if count == 1 then redis.call('PEXPIRE', KEYS[1], ARGV[1]) end
return {count, redis.call('PTTL', KEYS[1])}
"""


def install(app: Flask, known: Store, tokens: TokenVerifier) -> None:
    """Counts every request before it is handled and refuses what is too much; open when the store is gone."""
    usual = _usual_limit()

    @app.before_request
    def count() -> Response | None:
        if request.path in FREE:
            return None
        who, busy = _who(tokens)
        allowed = max(usual, BUSY_LIMIT) if busy else usual
        found = known.ask(lambda client: _count(client, f"{known.prefix}rate:{who}"))
        if found is None or found[0] <= allowed:
            return None
        message = f"That was more than {allowed} requests in {RATE_SECONDS} seconds."
        response = error_response(429, "rate_limited", message)
        response.headers["Retry-After"] = str(max(1, math.ceil(found[1] / 1000)))
        return response


def _usual_limit() -> int:
    given = os.environ.get(RATE_LIMIT_VARIABLE, "").strip()
    if not given:
        return RATE_LIMIT
    if not (given.isascii() and given.isdigit() and int(given) > 0):
        raise RuntimeError(f"{RATE_LIMIT_VARIABLE}={given}: not a number of requests, which must be 1 or more")
    return int(given)


def _who(tokens: TokenVerifier) -> tuple[str, bool]:
    """Whose requests are counted, and whether many are expected. A bad token counts for the address that sent it."""
    try:
        user = tokens.user_id(request.headers.get("Authorization"))
    except Unauthorized:
        user = None
    if user is not None:
        return f"user:{user}", user in BUSY_USERS
    address = request.remote_addr or ""
    try:
        loopback = ipaddress.ip_address(address).is_loopback
    except ValueError:  # no address: behind a socket
        loopback = True
    return f"address:{address}", loopback


def _count(client: Any, key: str) -> tuple[int, int]:
    """Counts one request; how many there were in the key's window, and how many milliseconds it still lasts."""
    count, left = client.eval(COUNT, 1, key, RATE_SECONDS * 1000)
    return int(count), int(left)
