"""Who sends a request: checks bearer tokens of the auth process with its public keys, without any call elsewhere."""

from __future__ import annotations

import json
from pathlib import Path

import jwt

from discovery.errors import Unauthorized
from discovery.params import MAX_ID

ISSUER = "discovery-auth"
ALGORITHM = "RS256"
CLAIMS = ["sub", "iat", "exp", "iss"]


class TokenVerifier:
    """Knows the public keys; make one when the worker starts and keep it."""

    def __init__(self, keys: jwt.PyJWKSet) -> None:
        self.keys = keys

    @classmethod
    def from_file(cls, path: str | Path) -> TokenVerifier:
        """Reads the keys (a JWKS document) once; raises RuntimeError with the path when that cannot be done."""
        try:
            document = json.loads(Path(path).read_text(encoding="utf-8"))
            return cls(jwt.PyJWKSet(document["keys"]))
        except (OSError, ValueError, LookupError, TypeError, jwt.PyJWTError) as error:
            raise RuntimeError(f"{path}: cannot read the public keys of the auth process ({error})") from error

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
        for key in self.keys.keys:
            if key.key_id == kid or (kid is None and len(self.keys.keys) == 1):
                return key
        raise jwt.InvalidKeyError("unknown key")


def _user_number(subject: str) -> int:
    """The user id in a token's `sub`; raises Unauthorized when it can be no user's."""
    if not (subject.isascii() and subject.isdigit()) or len(subject) > 10 or int(subject) > MAX_ID:
        raise Unauthorized("The token names no user.")
    return int(subject)
