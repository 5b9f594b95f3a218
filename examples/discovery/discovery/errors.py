"""Errors as clients see them: `{"error": {"code", "message", "parameter"}}`, whatever went wrong."""

from __future__ import annotations

import re
from typing import Any

from flask import Flask, Response, jsonify
from werkzeug.exceptions import HTTPException

CODES = {400: "bad_request", 404: "not_found", 405: "method_not_allowed", 500: "internal_error"}
"""Codes of the errors that the framework raises by itself; others are named after their HTTP name."""


class ApiError(Exception):
    """An answer that is no success; raise a subclass anywhere below a view."""

    status = 500
    code = "internal_error"

    def __init__(self, message: str, parameter: str | None = None, **more: Any) -> None:
        """`more` stands in the answer beside code, message and parameter."""
        super().__init__(message)
        self.message = message
        self.parameter = parameter
        self.more = more


class InvalidParameter(ApiError):  # noqa: N818 (named as HTTP names it)
    """400: a query parameter that does not parse or is out of range."""

    status = 400
    code = "invalid_parameter"


class Unauthorized(ApiError):  # noqa: N818 (named as HTTP names it)
    """401: no token where one is needed, or one that is bad or expired."""

    status = 401
    code = "unauthorized"


class Forbidden(ApiError):  # noqa: N818 (named as HTTP names it)
    """403: the user is unknown or may not do that."""

    status = 403
    code = "forbidden"


class NotFound(ApiError):  # noqa: N818 (named as HTTP names it)
    """404: there is no such city or location."""

    status = 404
    code = "not_found"


class Conflict(ApiError):  # noqa: N818 (named as HTTP names it)
    """409: what is asked for cannot stand beside what is there already."""

    status = 409
    code = "conflict"


class Unavailable(ApiError):  # noqa: N818 (named as HTTP names it)
    """503: it may well work in a moment."""

    status = 503
    code = "unavailable"


def error_response(status: int, code: str, message: str, parameter: str | None = None, **more: Any) -> Response:
    """The JSON answer for an error, inside an application context."""
    response = jsonify({"error": {"code": code, "message": message, "parameter": parameter, **more}})
    response.status_code = status
    if status == 401:
        response.headers["WWW-Authenticate"] = "Bearer"
    return response


def register_error_handlers(app: Flask) -> None:
    """Makes the application answer every error in the one JSON form, those of Flask and crashes too."""
    app.register_error_handler(ApiError, answer_api_error)
    app.register_error_handler(HTTPException, answer_http_error)
    app.register_error_handler(500, answer_crash)


def answer_api_error(error: ApiError) -> Response:
    """Answer for an error that we raised."""
    return error_response(error.status, error.code, error.message, error.parameter, **error.more)


def answer_http_error(error: HTTPException) -> Response:
    """Answer for an error of the framework: unknown path, wrong method and the like."""
    status = error.code or 500
    code = CODES.get(status) or re.sub(r"\W+", "_", error.name.lower())
    response = error_response(status, code, error.description or error.name)
    for name, value in error.get_headers():
        if name.lower() not in ("content-type", "content-length"):
            response.headers[name] = value
    return response


def answer_crash(error: Exception) -> Response:
    """Answer for an exception nobody caught; Flask has logged it already."""
    del error
    return error_response(500, "internal_error", "Something went wrong on our side.")
