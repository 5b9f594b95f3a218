"""What the tool asks for in a request's header, and whether it may."""

from __future__ import annotations

import os
import time
from _operator import _compare_digest  # what hmac.compare_digest is, without importing hmac and hashlib

from .protocol import ENV_EXPIRES, ENV_TOKEN, HEADER, MODE_RECORDING, MODES

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

KEY = "HTTP_" + HEADER.upper().replace("-", "_")
MARK_CHARACTERS = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-")
MAX_MARK = 64
TRIAL_CHARACTERS = frozenset("abcdefghijklmnopqrstuvwxyz0123456789-")
MAX_TRIAL = 40

token = os.environ.get(ENV_TOKEN, "").encode()
expires = os.environ.get(ENV_EXPIRES, "")


def take(environ: dict[str, Any]) -> tuple[str, str | None, str, str | None]:
    """Take the header out of a WSGI environ -> (mode, mark, steering as the protocol names it, trial's id)."""
    value = environ.pop(KEY, None)
    if value is None or not token:
        return MODE_RECORDING, None, "absent", None
    secret, _, rest = value.partition(":")
    mode, _, rest = rest.partition(":")
    mark, colon, trial = rest.partition(":")
    if not (is_token(secret) and is_near(environ.get("REMOTE_ADDR"))):
        return MODE_RECORDING, None, "refused", None
    if mode not in MODES or not 0 < len(mark) <= MAX_MARK or not MARK_CHARACTERS.issuperset(mark):
        return MODE_RECORDING, None, "refused", None
    if colon and not (0 < len(trial) <= MAX_TRIAL and TRIAL_CHARACTERS.issuperset(trial)):
        return MODE_RECORDING, None, "refused", None
    return mode, mark, "ok", trial or None


def is_token(secret: str) -> bool:
    """Is it this run's token, and is the run still on? Compared in constant time."""
    same = _compare_digest(secret.encode("utf-8", "replace"), token)
    try:
        return same and time.time() < float(expires)
    except ValueError:
        return False


def is_near(peer: str | None) -> bool:
    """Does the request come from this machine? A server on a unix socket gives no address."""
    if not peer:
        return True
    return peer == "::1" or peer.startswith("127.") or peer.startswith("::ffff:127.")
