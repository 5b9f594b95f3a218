"""Errors, request parameters, paging."""
from datetime import date
from decimal import Decimal, InvalidOperation
from urllib.parse import urlencode

from flask import current_app, jsonify, request

MAX_INT = 2_000_000_000


class ApiError(Exception):
    def __init__(self, status, code, message, **extra):
        super().__init__(message)
        self.status = status
        self.code = code
        self.message = message
        self.extra = extra


def init_app(app):
    @app.errorhandler(ApiError)
    def handle_api_error(err):
        body = {"error": err.code, "message": err.message}
        body.update(err.extra)
        return jsonify(body), err.status

    @app.errorhandler(404)
    def handle_not_found(err):
        return jsonify({"error": "not_found", "message": "no such resource"}), 404


def str_arg(name, default=None):
    raw = request.args.get(name)
    if raw is None:
        return default
    return raw.strip()


def int_arg(name, default=None, minimum=None):
    raw = str_arg(name)
    if raw is None or raw == "":
        return default
    try:
        value = int(raw)
    except ValueError:
        raise ApiError(400, "bad_parameter", f"{name} must be an integer", parameter=name)
    if abs(value) > MAX_INT or (minimum is not None and value < minimum):
        raise ApiError(400, "bad_parameter", f"{name} is out of range", parameter=name)
    return value


def decimal_arg(name):
    raw = str_arg(name)
    if not raw:
        return None
    return parse_decimal(raw, name)


def parse_decimal(raw, name, status=400):
    try:
        value = Decimal(str(raw))
    except InvalidOperation:
        raise ApiError(status, "bad_parameter", f"{name} must be a number", parameter=name)
    if not value.is_finite() or abs(value) >= Decimal("1e9"):
        raise ApiError(status, "bad_parameter", f"{name} is out of range", parameter=name)
    return value


def date_arg(name, default=None):
    raw = str_arg(name)
    if not raw:
        return default
    try:
        return date.fromisoformat(raw)
    except ValueError:
        raise ApiError(400, "bad_parameter", f"{name} must be a date (YYYY-MM-DD)", parameter=name)


def bool_arg(name):
    raw = str_arg(name)
    if raw is None or raw == "":
        return None
    if raw.lower() in ("1", "true", "yes"):
        return True
    if raw.lower() in ("0", "false", "no"):
        return False
    raise ApiError(400, "bad_parameter", f"{name} must be a boolean", parameter=name)


def list_arg(name, allowed=None):
    raw = str_arg(name, "")
    values = [part.strip() for part in raw.split(",") if part.strip()]
    if allowed is not None:
        for value in values:
            if value not in allowed:
                raise ApiError(400, "bad_parameter", f"{name}: unknown value {value}", parameter=name)
    return values


def json_body():
    body = request.get_json(silent=True)
    if not isinstance(body, dict):
        raise ApiError(400, "bad_json", "a JSON object is required")
    return body


class Page:
    def __init__(self, number, size):
        self.number = number
        self.size = size

    @classmethod
    def from_request(cls, default_size=20):
        number = int_arg("page", 1, minimum=1)
        size = int_arg("page_size", default_size, minimum=1)
        return cls(number, min(size, current_app.config["MAX_PAGE_SIZE"]))

    @property
    def offset(self):
        return (self.number - 1) * self.size

    def cut(self, items):
        return items[self.offset:self.offset + self.size]


def paged_response(items, total, page):
    last = max(1, -(-total // page.size))
    response = jsonify({"items": items, "page": page.number, "page_size": page.size, "total": total})
    response.headers["X-Total-Count"] = str(total)
    links = []
    if page.number > 1:
        links.append(_link(min(page.number - 1, last), "prev"))
    if page.number < last:
        links.append(_link(page.number + 1, "next"))
    links.append(_link(last, "last"))
    response.headers["Link"] = ", ".join(links)
    return response


def _link(number, rel):
    args = [(key, value) for key, value in request.args.items(multi=True) if key != "page"]
    args.append(("page", number))
    return f'<{request.path}?{urlencode(args)}>; rel="{rel}"'
