"""Who sends a request: checks bearer tokens of the auth service with its public keys, without any call elsewhere."""

from __future__ import annotations

import json
import logging
import time
from pathlib import Path

import jwt

from discovery.errors import Unauthorized
from discovery.params import MAX_ID

ISSUER = "discovery-auth"
ALGORITHM = "RS256"
CLAIMS = ["sub", "iat", "exp", "iss"]
LOOK_SECONDS = 3.0  # between two looks whether the keys were replaced

log = logging.getLogger("discovery.tokens")


class TokenVerifier:
    """Knows the public keys; make one when the worker starts and keep it.

    With a file it notices when the auth service replaces its keys: it looks for a change every few seconds, and at once
    when a token names a key that it does not know. A look is a question to the file system; no request waits for
    another process, and while the file cannot be read the keys known so far go on.
    """

    def __init__(self, keys: jwt.PyJWKSet, path: Path | None = None) -> None:
        self.keys = keys
        self._path = path
        self._seen = _state(path)
        self._next_look = time.monotonic() + LOOK_SECONDS

    @classmethod
    def from_file(cls, path: str | Path) -> TokenVerifier:
        """Reads the keys (a JWKS document); raises RuntimeError with the path when that cannot be done."""
        return cls(_read(Path(path)), Path(path))

    def user_id(self, authorization: str | None) -> int | None:
        """User id from the value of an `Authorization` header; None without a header; raises Unauthorized."""
        if authorization is None or not authorization.strip():
            return None
        scheme, _, token = authorization.strip().partition(" ")
        if scheme.lower() != "bearer":
            raise Unauthorized("The Authorization header must be 'Bearer' and a token.")
        try:
            claims = jwt.decode(
                token.strip(), self._key(token.strip()), [ALGORITHM], issuer=ISSUER, options={"require": CLAIMS}
            )
        except jwt.ExpiredSignatureError as error:
            raise Unauthorized("The token has expired.") from error
        except (jwt.PyJWTError, UnicodeError) as error:
            raise Unauthorized("The token is not valid.") from error
        return _user_number(claims["sub"])

    def required_user_id(self, authorization: str | None) -> int:
        """The same where a token is needed: raises Unauthorized without a header too."""
        user = self.user_id(authorization)
        if user is None:
            raise Unauthorized("This endpoint needs a bearer token.")
        return user

    def _key(self, token: str) -> jwt.PyJWK:
        """The key that the token names, the only one if it names none; raises PyJWTError when it is unknown."""
        kid = jwt.get_unverified_header(token).get("kid")
        if time.monotonic() >= self._next_look:
            self._look()
        key = self._known(kid)
        if key is None:
            self._look()
            key = self._known(kid)
        if key is None:
            raise jwt.InvalidKeyError("unknown key")
        return key

    def _known(self, kid: object) -> jwt.PyJWK | None:
        for key in self.keys.keys:
            if key.key_id == kid or (kid is None and len(self.keys.keys) == 1):
                return key
        return None

    def _look(self) -> None:
        """Reads the file again if it is another one than before."""
        self._next_look = time.monotonic() + LOOK_SECONDS
        seen = _state(self._path)
        if self._path is None or seen is None or seen == self._seen:
            return
        self._seen = seen
        try:
            self.keys = _read(self._path)
        except RuntimeError as error:
            log.warning("%s; the keys known so far go on", error)


def _state(path: Path | None) -> tuple[int, int] | None:
    """What changes when the file is replaced; None when there is no file."""
    try:
        status = path.stat() if path else None
    except OSError:
        return None
    return (status.st_ino, status.st_mtime_ns) if status else None


def _read(path: Path) -> jwt.PyJWKSet:
    try:
        document = json.loads(path.read_text(encoding="utf-8"))
        return jwt.PyJWKSet(document["keys"])
    except (OSError, ValueError, LookupError, TypeError, jwt.PyJWTError) as error:
        raise RuntimeError(f"{path}: cannot read the public keys of the auth service ({error})") from error


def _user_number(subject: str) -> int:
    """The user id in a token's `sub`; raises Unauthorized when it can be no user's."""
    if not (subject.isascii() and subject.isdigit()) or len(subject) > 10 or int(subject) > MAX_ID:
        raise Unauthorized("The token names no user.")
    return int(subject)
