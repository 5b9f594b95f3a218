"""The auth service as a WSGI application."""

from __future__ import annotations

import hmac
import re
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric import rsa
from flask import Flask, jsonify, request

from discovery.external.auth import keys
from discovery.settings import DEMO_PASSWORD, TOKEN_LIFETIME, var_folder

EMAIL = re.compile(r"user([1-9][0-9]{0,8})@example\.com")
Answer = tuple[Any, int]


class CurrentKey:
    """The private key in a folder, read again when the file is another one."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._seen: tuple[int, int] | None = None
        self.key()

    def key(self) -> rsa.RSAPrivateKey:
        """The key to sign with now."""
        status = (self._folder / keys.PRIVATE).stat()
        seen = (status.st_ino, status.st_mtime_ns)
        if seen != self._seen:
            self._key, self._seen = keys.load(self._folder), seen
        return self._key


def make_app() -> Flask:
    """The application; it notices when the key pair is replaced (`python -m discovery rotate-keys`)."""
    app = Flask(__name__)
    app.config["MAX_CONTENT_LENGTH"] = 10_000
    folder = var_folder() / "keys"
    current = CurrentKey(folder)

    @app.get("/healthz")
    def health() -> Any:
        return jsonify(status="ok")

    @app.get("/.well-known/jwks.json")
    def public_keys() -> Any:
        return jsonify(keys=keys.published(folder))

    @app.post("/token")
    def token() -> Any:
        content = request.get_json(silent=True)
        user = _user(content)
        if user is None:
            return _refused(content)
        return jsonify(token=keys.sign(current.key(), user), token_type="Bearer", expires_in=TOKEN_LIFETIME)

    return app


def _user(content: object) -> int | None:
    """The user whose address and password these are, else None."""
    if not isinstance(content, dict):
        return None
    email, password = content.get("email"), content.get("password")
    if not isinstance(email, str) or not isinstance(password, str):
        return None
    found = EMAIL.fullmatch(email.strip().lower())
    right = hmac.compare_digest(password.encode(), DEMO_PASSWORD.encode())
    return int(found.group(1)) if found and right else None


def _refused(content: object) -> Answer:
    if isinstance(content, dict) and {"email", "password"} <= content.keys():
        return jsonify(error={"code": "unauthorized", "message": "Wrong e-mail or password.", "parameter": None}), 401
    message = 'Send a JSON object with "email" and "password".'
    return jsonify(error={"code": "invalid_parameter", "message": message, "parameter": None}), 400


app = make_app()
