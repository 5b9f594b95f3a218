"""Every error is answered in the contract's form, whoever raised it."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import NoReturn

import pytest
from flask import Flask, abort
from flask.testing import FlaskClient

ROOT = Path(__file__).resolve().parent.parent
if str(ROOT) not in sys.path:
    sys.path.insert(0, str(ROOT))

from discovery.errors import (  # noqa: E402  (the package is not installed)
    Forbidden,
    InvalidParameter,
    NotFound,
    Unauthorized,
    register_error_handlers,
)

RAISED = {
    "parameter": InvalidParameter("page is odd.", "page"),
    "token": Unauthorized("No token."),
    "scope": Forbidden("Not you."),
    "city": NotFound("No city.", "city"),
    "crash": ZeroDivisionError("secret"),
}


@pytest.fixture(scope="module")
def client() -> FlaskClient:
    app = Flask("errors")
    app.logger.disabled = True
    register_error_handlers(app)

    @app.get("/raise/<name>")
    def fail(name: str) -> NoReturn:
        raise RAISED[name]

    @app.get("/abort/<int:status>")
    def stop(status: int) -> NoReturn:
        abort(status)

    return app.test_client()


@pytest.mark.parametrize(
    ("path", "status", "code", "parameter"),
    [
        ("/raise/parameter", 400, "invalid_parameter", "page"),
        ("/raise/token", 401, "unauthorized", None),
        ("/raise/scope", 403, "forbidden", None),
        ("/raise/city", 404, "not_found", "city"),
        ("/raise/crash", 500, "internal_error", None),
        ("/nowhere", 404, "not_found", None),
        ("/abort/400", 400, "bad_request", None),
        ("/abort/413", 413, "request_entity_too_large", None),
        ("/abort/500", 500, "internal_error", None),
        ("/abort/503", 503, "service_unavailable", None),
    ],
)
def test_one_form(client: FlaskClient, path: str, status: int, code: str, parameter: str | None) -> None:
    answer = client.get(path)
    error = answer.get_json()["error"]
    assert answer.status_code == status
    assert answer.content_type == "application/json"
    assert set(error) == {"code", "message", "parameter"}
    assert (error["code"], error["parameter"]) == (code, parameter)
    assert error["message"]
    assert "secret" not in answer.text


def test_headers_that_belong_to_an_error(client: FlaskClient) -> None:
    assert client.get("/raise/token").headers["WWW-Authenticate"] == "Bearer"
    wrong = client.post("/raise/token")
    assert wrong.status_code == 405
    assert wrong.get_json()["error"]["code"] == "method_not_allowed"
    assert "GET" in wrong.headers["Allow"]
