"""Errors that become JSON answers."""
from flask import jsonify
from sqlalchemy.exc import DataError
from werkzeug.exceptions import HTTPException


class ApiError(Exception):
    status = 400
    code = "bad_request"

    def __init__(self, message, **extra):
        super().__init__(message)
        self.message = message
        self.extra = extra

    def body(self):
        return {"error": self.code, "message": self.message, **self.extra}


class Unauthorized(ApiError):
    status = 401
    code = "unauthorized"


class Forbidden(ApiError):
    status = 403
    code = "forbidden"


class NotFound(ApiError):
    status = 404
    code = "not_found"


class Conflict(ApiError):
    status = 409
    code = "conflict"


class PreconditionFailed(ApiError):
    status = 412
    code = "precondition_failed"


class Invalid(ApiError):
    status = 422
    code = "invalid"


def register_errors(app):
    @app.errorhandler(ApiError)
    def api_error(error):
        response = jsonify(error.body())
        response.status_code = error.status
        if error.status == 401:
            response.headers["WWW-Authenticate"] = "X-User"
        return response

    @app.errorhandler(DataError)
    def data_error(error):
        return jsonify({"error": "invalid", "message": "value out of range"}), 422

    @app.errorhandler(HTTPException)
    def http_error(error):
        return jsonify({"error": error.name.lower().replace(" ", "_")}), error.code
