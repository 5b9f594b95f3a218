"""The request that asks whether the app is up: the first of the target's, without what would log it in."""

from __future__ import annotations

from subsecond.harness import variables
from subsecond.harness.ready import HOST
from subsecond.harness.requests import SAFE_METHODS, quoted
from subsecond.model.target import RequestSpec

_LEFT_OUT = ("authorization", "cookie", "proxy-authorization", "content-length", "transfer-encoding")


def first_request(spec: RequestSpec, port: int) -> bytes:
    """The bytes of a GET (or HEAD) of the same path, without credentials and without a body."""
    known = dict(spec.variables)
    headers = {"host": f"{HOST}:{port}"}
    for name, value in spec.headers:
        if name.lower() not in _LEFT_OUT and not variables.uses_answer(value, known):
            headers[name.lower()] = variables.resolve(value, known, lambda *_: "", spec.name)
    headers["connection"] = "close"
    method = spec.method if spec.method in SAFE_METHODS else "GET"
    lines = [f"{method} {_path(spec, known)} HTTP/1.1", *(f"{name}: {value}" for name, value in headers.items())]
    return ("\r\n".join(lines) + "\r\n\r\n").encode()


def _path(spec: RequestSpec, known: dict[str, str]) -> str:
    if variables.uses_answer(spec.url, known):
        return "/"
    url = quoted(variables.resolve(spec.url, known, lambda *_: "", spec.name))
    return url if url.startswith("/") else "/" + url.partition("://")[2].partition("/")[2]
