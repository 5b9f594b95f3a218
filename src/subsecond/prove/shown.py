"""A request for a reader: as a curl command that can be run, without the secrets it was sent with."""

from __future__ import annotations

import re
import shlex

from subsecond.harness import variables
from subsecond.harness.requests import without_secrets
from subsecond.model.target import RequestSpec

_ORIGIN = re.compile(r"[a-z+]+://[^/?#]*", re.I)
_HUSHED = re.compile(r"passw|secret|token|api_?key", re.I)
LONGEST_BODY = 1_000
_SECRET = ("authorization", "cookie", "proxy-authorization", "x-api-key")


def curl(spec: RequestSpec) -> str:
    """`curl "$BASE/rooms?page=0" -H "Authorization: Bearer $TOKEN"`; a body that sounds secret is `$BODY`."""
    known = dict(spec.variables)
    url = variables.resolve(spec.url, known, lambda name, part, path: f"${name.upper()}", spec.name)
    words = ["curl", "-g", f'"$BASE{without_secrets(_ORIGIN.sub("", url, count=1))}"']
    if spec.method != "GET":
        words.insert(1, f"-X {spec.method}")
    for name, value in spec.headers:
        if name.lower() in _SECRET or variables.uses_answer(value, known):
            scheme = "Bearer " if value.startswith("Bearer ") else ""
            words.append(f'-H "{name}: {scheme}$TOKEN"')
        else:
            words.append(f"-H {shlex.quote(f'{name}: {value}')}")
    if spec.body is not None:
        told = len(spec.body) <= LONGEST_BODY and not _HUSHED.search(spec.body)
        words.append(f"--data {shlex.quote(spec.body)}" if told else '--data "$BODY"')
    return " ".join(words)
