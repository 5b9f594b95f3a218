"""Bearer tokens: which are believed, and whose they are. Run by test_shared_tokens.py."""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import rsa

ROOT = Path(__file__).resolve().parent.parent
if str(ROOT) not in sys.path:
    sys.path.insert(0, str(ROOT))

from discovery.errors import Unauthorized  # noqa: E402  (the package is not installed)
from discovery.tokens import TokenVerifier  # noqa: E402

KEY = rsa.generate_private_key(public_exponent=65537, key_size=2048)
STRANGER = rsa.generate_private_key(public_exponent=65537, key_size=2048)


def document(**keys: rsa.RSAPrivateKey) -> dict[str, Any]:
    to_jwk = jwt.algorithms.RSAAlgorithm.to_jwk
    return {"keys": [json.loads(to_jwk(key.public_key())) | {"kid": kid, "alg": "RS256"} for kid, key in keys.items()]}


@pytest.fixture(scope="module")
def verifier(tmp_path_factory: pytest.TempPathFactory) -> TokenVerifier:
    path = tmp_path_factory.mktemp("keys") / "jwks.json"
    path.write_text(json.dumps(document(one=KEY, two=STRANGER)))
    return TokenVerifier.from_file(path)


def token(key: rsa.RSAPrivateKey = KEY, kid: str | None = "one", **claims: Any) -> str:
    now = int(time.time())
    good: dict[str, Any] = {"sub": "7", "iat": now, "exp": now + 60, "iss": "discovery-auth"}
    wanted = {name: value for name, value in (good | claims).items() if value is not None}
    signed = jwt.encode(wanted, key, "RS256", headers={"kid": kid} if kid else None)
    return f"Bearer {signed}"


def test_a_good_token_names_its_user(verifier: TokenVerifier) -> None:
    assert verifier.user_id(token()) == verifier.required_user_id(token()) == 7
    assert verifier.user_id(token().replace("Bearer", " bearer ")) == 7


@pytest.mark.parametrize("header", [None, "", "  "])
def test_no_token(verifier: TokenVerifier, header: str | None) -> None:
    assert verifier.user_id(header) is None
    with pytest.raises(Unauthorized):
        verifier.required_user_id(header)


@pytest.mark.parametrize(
    "header",
    [
        token(exp=int(time.time()) - 1),
        token(exp=None),
        token(iat=None),
        token(iat=int(time.time()) + 600),
        token(sub=None),
        token(iss="someone"),
        token(iss=None),
        token(STRANGER),
        token(kid="three"),
        token(kid=None),
        token(sub="admin"),
        token(sub="-7"),
        token(sub="٧"),
        token(sub="99999999999"),
        token(sub=""),
        token()[:-4] + "AAAA",
        "Bearer",
        "Bearer x.y.z",
        "Bearer \xe9.\xe9.\xe9",
        "Bearer \ud800",
        token().removeprefix("Bearer "),
        token().replace("Bearer", "Basic"),
        "Bearer " + jwt.encode({"sub": "7", "iss": "discovery-auth", "iat": 1, "exp": 9999999999}, None, "none"),
        "Bearer "
        + jwt.encode(
            {"sub": "7", "iss": "discovery-auth", "iat": 1, "exp": 9999999999},
            "x" * 40,
            "HS256",
            headers={"kid": "one"},
        ),
    ],
)
def test_other_tokens_are_not_believed(verifier: TokenVerifier, header: str) -> None:
    with pytest.raises(Unauthorized) as caught:
        verifier.user_id(header)
    assert caught.value.status == 401


def test_a_lone_key_needs_no_name() -> None:
    alone = TokenVerifier(jwt.PyJWKSet.from_dict(document(one=KEY)))
    assert alone.user_id(token(kid=None)) == 7


@pytest.mark.parametrize("content", [None, "", "{", "[]", '{"keys": []}', '{"keys": 1}', '{"keys": [{"kty": "RSA"}]}'])
def test_a_useless_key_file_is_named(tmp_path: Path, content: str | None) -> None:
    path = tmp_path / "jwks.json"
    if content is not None:
        path.write_text(content)
    with pytest.raises(RuntimeError, match=r"jwks\.json: cannot read the public keys"):
        TokenVerifier.from_file(path)
