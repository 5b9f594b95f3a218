"""The key pair of the auth process, its public half as a JWKS document, and the tokens it signs."""

from __future__ import annotations

import base64
import hashlib
import json
import time
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
    try:
        key = load(folder)
    except (OSError, ValueError):
        key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        pem = key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
        write_private(folder / PRIVATE, pem.decode())
    write_private(folder / PUBLIC, json.dumps(public_document(key), indent=1) + "\n")
    return folder / PUBLIC


def sign(key: rsa.RSAPrivateKey, user_id: int, lifetime: int = TOKEN_LIFETIME) -> str:
    """A token for a user, valid from now for lifetime seconds."""
    now = int(time.time())
    claims = {"sub": str(user_id), "iat": now, "exp": now + lifetime, "iss": TOKEN_ISSUER}
    return jwt.encode(claims, key, algorithm=ALGORITHM, headers={"kid": public_document(key)["keys"][0]["kid"]})
