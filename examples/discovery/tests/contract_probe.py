"""Run by the example's own interpreter, because it imports the application: prints JSON.

`tokens`: bearer tokens of every kind that a client might send.
`count`: reads requests from standard input (a list of [path, token or null]), sends them to the optimised version in
this process and prints for each one the statements, the check-outs, the log lines, and how many connections were in use
while the response was built.
"""

from __future__ import annotations

import json
import logging
import os
import sys
import time
from typing import Any


def tokens() -> dict[str, str]:
    """Tokens by name; `user<N>` is valid."""
    import jwt
    from cryptography.hazmat.primitives.asymmetric import rsa
    from discovery import settings
    from discovery.external.auth import keys

    key = keys.load(settings.var_folder() / "keys")
    kid = keys.public_document(key)["keys"][0]["kid"]
    stranger = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    now = int(time.time())
    good: dict[str, Any] = {"sub": "1", "iat": now, "exp": now + 3600, "iss": settings.TOKEN_ISSUER}

    def signed(claims: dict[str, Any], by: rsa.RSAPrivateKey = key, named: str | None = kid) -> str:
        return jwt.encode(claims, by, "RS256", headers={"kid": named} if named else None)

    users = (1, 2, 3, 4, 5, settings.DELETED_USER_ID, 21, 22, 40, 999_999_999)
    return {f"user{user}": keys.sign(key, user) for user in users} | {
        "expired": signed(good | {"iat": now - 7200, "exp": now - 3600}),
        "other-key": signed(good, stranger),
        "unknown-key": signed(good, named="nobody"),
        "unnamed-key": signed(good, named=None),
        "other-issuer": signed(good | {"iss": "someone"}),
        "no-expiry": signed({name: value for name, value in good.items() if name != "exp"}),
        "no-subject": signed({name: value for name, value in good.items() if name != "sub"}),
        "word-subject": signed(good | {"sub": "admin"}),
        "huge-subject": signed(good | {"sub": "99999999999"}),
        "unsigned": jwt.encode(good, None, "none"),
        "shared-secret": jwt.encode(good, "x" * 40, "HS256", headers={"kid": kid}),
    }


def count(requests: list[tuple[str, str | None]]) -> list[dict[str, Any]]:
    """What each request cost."""
    os.environ["DISCOVERY_RESPONSE_CACHE"] = "off"
    from discovery.optimized.wsgi import app
    from sqlalchemy import Engine, event
    from sqlalchemy.pool import Pool

    seen = {"statements": 0, "checkouts": 0, "returned": 0, "lines": 0, "in_use_at_build": -1}

    def counter(name: str) -> Any:
        def add(*_: Any, **__: Any) -> None:
            seen[name] += 1

        return add

    event.listen(Engine, "before_cursor_execute", counter("statements"))
    event.listen(Pool, "checkout", counter("checkouts"))
    event.listen(Pool, "checkin", counter("returned"))
    handler = logging.Handler()
    handler.emit = counter("lines")  # type: ignore[method-assign]
    logging.getLogger("discovery.optimized").addHandler(handler)
    written = app.json.dumps

    def dumps(content: Any, **options: Any) -> str:
        seen["in_use_at_build"] = seen["checkouts"] - seen["returned"]
        return written(content, **options)

    app.json.dumps = dumps  # type: ignore[method-assign]
    client, found = app.test_client(), []
    for path, token in requests:
        seen.update(statements=0, checkouts=0, returned=0, lines=0, in_use_at_build=-1)
        response = client.get(path, headers={"Authorization": f"Bearer {token}"} if token else {})
        found.append({"status": response.status_code, "timing": response.headers.get("Server-Timing"), **seen})
    return found


if __name__ == "__main__":
    json.dump(tokens() if sys.argv[1] == "tokens" else count(json.load(sys.stdin)), sys.stdout)
