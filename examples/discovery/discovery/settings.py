"""Where the parts of the running platform are, and the constants that both versions share.

Imported by every worker: standard library only, nothing is read before a function asks for it.
"""

from __future__ import annotations

import json
import os
import secrets
from datetime import date
from pathlib import Path
from typing import Any, Literal

ROOT = Path(__file__).resolve().parent.parent
Version = Literal["legacy", "optimized"]

# The connection pool of each worker process, in both versions.
POOL_SIZE = 5
MAX_OVERFLOW = 0
POOL_TIMEOUT = 10.0  # seconds

# Default ports; `python -m discovery up --help` names the flags and variables that change them.
DEFAULT_PORTS = {
    "legacy": 8101,
    "optimized": 8102,
    "auth": 8103,
    "postgres": 8104,
    "valkey": 8105,
    "cache": 8106,
    "crm": 8107,
    "otlp": 8108,
}

# The data: everything follows from the seed and the scale.
DEFAULT_SEED = 20260101
DEFAULT_SCALE = "medium"
# A Wednesday inside the bookings' range that is a holiday nowhere, so a benchmark never measures the short answer.
BENCH_DATE = date(2026, 10, 14)

# Accounts that every scale has. `user<N>@example.com` is the user with id N.
DEMO_PASSWORD = "discover-me"
DEMO_USER_ID = 1  # may read all locations
LIMITED_USER_ID = 2  # may read only a few
DELETED_USER_ID = 17  # has permissions, but the row in users is gone
DEMO_LOCATION_ID = 1  # active, in the largest city
DEMO_CITY = "lisbon"  # the largest

# Requests in a window of RATE_SECONDS, for a user, or for an address without a token. The demo user and this machine
# itself are where benchmarks and audits come from: they get the other limit, which two workers cannot reach.
RATE_SECONDS = 60
RATE_LIMIT = 600
RATE_LIMIT_VARIABLE = "DISCOVERY_RATE_LIMIT"  # another RATE_LIMIT
BUSY_LIMIT = 300_000
BUSY_USERS = frozenset({DEMO_USER_ID})

TOKEN_ISSUER = "discovery-auth"
TOKEN_LIFETIME = 3600  # seconds


class NotRunningError(RuntimeError):
    """The platform is not up and no variable says where its parts are."""


def var_folder() -> Path:
    """The folder that holds data, pid files and logs: $DISCOVERY_VAR, else `var` beside this package."""
    return Path(os.environ.get("DISCOVERY_VAR") or ROOT / "var").absolute()


def state_file() -> Path:
    """The file in which `up` tells applications and tools where everything is."""
    return var_folder() / "run" / "state.json"


def read_state() -> dict[str, Any]:
    """What `up` wrote. Raises NotRunningError when the platform is not up."""
    try:
        state: dict[str, Any] = json.loads(state_file().read_text())
    except FileNotFoundError:
        raise NotRunningError("the Discovery Platform is not running; run: python -m discovery up") from None
    except ValueError:
        raise NotRunningError(f"{state_file().name} cannot be read; run: python -m discovery down, then up") from None
    return state


def database_url(version: Version) -> str:
    """The URL of a version's database: $DISCOVERY_DATABASE_URL, else from the running platform (NotRunningError)."""
    return os.environ.get("DISCOVERY_DATABASE_URL") or str(read_state()["databases"][version])


def jwks_path() -> Path:
    """The file with the auth service's public keys: $DISCOVERY_JWKS, else from the running platform."""
    given = os.environ.get("DISCOVERY_JWKS")
    return Path(given) if given else Path(read_state()["jwks"])


def keyvalue_url() -> str | None:
    """The URL of the key-value store: $REDIS_URL, else from the running platform; None when there is none."""
    return os.environ.get("REDIS_URL") or _neighbour("keyvalue_url")


def cache_url() -> str | None:
    """The URL of the cache service: $DISCOVERY_CACHE_URL, else from the running platform; None when there is none."""
    return os.environ.get("DISCOVERY_CACHE_URL") or _neighbour("cache_url")


def auth_url() -> str:
    """The URL of the auth service: $DISCOVERY_AUTH_URL, else from the running platform (NotRunningError)."""
    return os.environ.get("DISCOVERY_AUTH_URL") or str(read_state()["auth_url"])


def session_secret() -> str:
    """What cookies are signed with: $DISCOVERY_SESSION_SECRET, else the running platform's.

    Where there is neither, a new one, which no other worker knows.
    """
    return os.environ.get("DISCOVERY_SESSION_SECRET") or _neighbour("session_secret") or secrets.token_urlsafe(32)


def _neighbour(name: str) -> str | None:
    """What `up` wrote about a part that an application can do without; None when there is no platform."""
    try:
        found = read_state().get(name)
    except NotRunningError:
        return None
    return found if isinstance(found, str) else None


def crm_url() -> str:
    """Where the CRM takes events: $DISCOVERY_CRM_URL, else from the running platform."""
    return os.environ.get("DISCOVERY_CRM_URL") or str(read_state()["crm_url"])
