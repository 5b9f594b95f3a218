"""The site's way to the platform's JSON API: a request to the same WSGI application, without a socket between."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from flask import current_app, request
from werkzeug.exceptions import Unauthorized as LoginNeeded
from werkzeug.test import EnvironBuilder, run_wsgi_app
from werkzeug.wrappers import Response

from discovery.site.visit import current_visit


@dataclass(frozen=True, slots=True)
class Answer:
    """What the API answered; `content` is the JSON, {} where there is none."""

    status: int
    content: dict[str, Any]

    @property
    def ok(self) -> bool:
        """Whether it worked."""
        return self.status < 400

    @property
    def error(self) -> dict[str, Any]:
        """`{"code", "message", "parameter", …}` of an error."""
        return self.content.get("error") or {"code": "", "message": "The platform gave no answer.", "parameter": None}


def ask(
    method: str,
    path: str,
    *,
    query: dict[str, Any] | None = None,
    body: dict[str, Any] | None = None,
    headers: dict[str, str] | None = None,
) -> Answer:
    """Send a request as the user who is logged in; raises LoginNeeded when the API wants a valid token for it."""
    sent = dict(headers or {})
    token = current_visit().token
    if token:
        sent["Authorization"] = f"Bearer {token}"
    builder = EnvironBuilder(
        path,
        method=method,
        query_string={name: value for name, value in (query or {}).items() if value not in (None, "")},
        json=body,
        headers=list(sent.items()),
        # Limits count the person's address, not the server's.
        environ_base={"REMOTE_ADDR": request.remote_addr or ""},
    )
    try:
        response = Response(*_unpacked(run_wsgi_app(current_app.wsgi_app, builder.get_environ(), buffered=True)))
    finally:
        builder.close()
    if response.status_code == 401:
        if token:
            current_visit().log_out()
        raise LoginNeeded
    content = response.get_json(silent=True) if response.data else None
    return Answer(response.status_code, content if isinstance(content, dict) else {})


def _unpacked(answer: Any) -> tuple[Any, str, Any]:
    body, status, headers = answer
    return body, status, headers


def get(path: str, **query: Any) -> Answer:
    """A GET; parameters that are None or empty are left out."""
    return ask("GET", path, query=query)
