"""The key pair of the auth service, the JWKS document with all keys that are still good, and the tokens it signs."""

from __future__ import annotations

import base64
import fcntl
import hashlib
import json
import secrets
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import jwt
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from discovery.ground.processes import write_private
from discovery.settings import TOKEN_ISSUER, TOKEN_LIFETIME

ALGORITHM = "RS256"
PRIVATE = "private.pem"
PUBLIC = "jwks.json"
LOCK = ".lock"
SECRET = "session.secret"
# A member of our own in a replaced key: seconds since 1970. Readers of a JWKS skip what they do not know (RFC 7517).
GOOD_UNTIL = "good_until"
MARGIN = 60  # seconds by which clocks may differ


def _number(value: int) -> str:
    raw = value.to_bytes((value.bit_length() + 7) // 8, "big")
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def public_document(key: rsa.RSAPrivateKey) -> dict[str, Any]:
    """The JWKS document of a key; its id is the thumbprint of RFC 7638."""
    numbers = key.public_key().public_numbers()
    core = {"e": _number(numbers.e), "kty": "RSA", "n": _number(numbers.n)}
    print_ = hashlib.sha256(json.dumps(core, separators=(",", ":"), sort_keys=True).encode()).digest()
    kid = base64.urlsafe_b64encode(print_).rstrip(b"=").decode()
    return {"keys": [{**core, "kid": kid, "use": "sig", "alg": ALGORITHM}]}


def load(folder: Path) -> rsa.RSAPrivateKey:
    """The private key in a folder; raises OSError or ValueError when there is none or it cannot be read."""
    key = serialization.load_pem_private_key((folder / PRIVATE).read_bytes(), password=None)
    if not isinstance(key, rsa.RSAPrivateKey):
        raise ValueError("not an RSA key")
    return key


def ensure(folder: Path) -> Path:
    """Make the key pair unless it is there, write the JWKS document and return its path."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    with _alone(folder):
        try:
            key = load(folder)
        except (OSError, ValueError):
            key = _new()
        _publish(folder, key)
        _keep(folder, key)
    return folder / PUBLIC


def rotate(folder: Path) -> str:
    """Replace the key pair and return the new key's id.

    The old key stays published for as long as a token that it signed can live.
    """
    with _alone(folder):
        key = _new()
        # Published first: a token of the new key can be checked as soon as there is one.
        _publish(folder, key)
        _keep(folder, key)
    return str(public_document(key)["keys"][0]["kid"])


def published(folder: Path) -> list[dict[str, Any]]:
    """The keys of the JWKS document, the one in use first; [] when there is no document yet."""
    try:
        found = json.loads((folder / PUBLIC).read_text())["keys"]
    except (OSError, ValueError, LookupError, TypeError):
        return []
    return list(found)


def session_secret(folder: Path) -> str:
    """What the applications sign cookies with; made at the first call."""
    file = folder / SECRET
    if not file.exists():
        write_private(file, secrets.token_urlsafe(32))
    return file.read_text()


@contextmanager
def _alone(folder: Path) -> Iterator[None]:
    """Nobody else changes the keys during the block."""
    with open(folder / LOCK, "w") as handle:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield


def _new() -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


def _keep(folder: Path, key: rsa.RSAPrivateKey) -> None:
    pem = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    write_private(folder / PRIVATE, pem.decode())


def _publish(folder: Path, key: rsa.RSAPrivateKey) -> None:
    """Write the document with this key first and, behind it, the replaced ones that are still good."""
    now = int(time.time())
    current = public_document(key)["keys"]
    replaced = [
        {GOOD_UNTIL: now + TOKEN_LIFETIME + MARGIN, **old}
        for old in published(folder)
        if old.get("kid") != current[0]["kid"]
    ]
    good = [old for old in replaced if old[GOOD_UNTIL] > now]
    write_private(folder / PUBLIC, json.dumps({"keys": [*current, *good]}, indent=1) + "\n")


def sign(key: rsa.RSAPrivateKey, user_id: int, lifetime: int = TOKEN_LIFETIME) -> str:
    """A token for a user, valid from now for lifetime seconds."""
    now = int(time.time())
    claims = {"sub": str(user_id), "iat": now, "exp": now + lifetime, "iss": TOKEN_ISSUER}
    return jwt.encode(claims, key, algorithm=ALGORITHM, headers={"kid": public_document(key)["keys"][0]["kid"]})
