"""Request helpers: errors, who is asking, parameters, answers."""
import datetime as dt
import hashlib
import json
from decimal import Decimal, InvalidOperation
from urllib.parse import urlencode

from flask import Response, g, request

from courier.db import Session
from courier.models import Setting, User

ROLES = ("customer", "driver", "clerk", "admin")
LANGUAGES = ("en", "de", "hu")
MAX_PAGE_SIZE = 100
MAX_INT = 2 ** 31 - 1


class ApiError(Exception):
    def __init__(self, status, message, **extra):
        super().__init__(message)
        self.status = status
        self.body = {"error": message, **extra}


def bad(field, message="invalid value"):
    return ApiError(400, message, field=field)


def handle_api_error(error):
    return respond(error.body, status=error.status)


# -- who is asking -----------------------------------------------------------

def current_user():
    if "user" in g:
        return g.user
    raw = request.headers.get("X-User", "")
    if not raw.isdecimal() or int(raw) > MAX_INT:
        raise ApiError(401, "X-User missing")
    user = Session.get(User, int(raw))
    if user is None:
        raise ApiError(401, "unknown user")
    role = request.headers.get("X-Role")
    if role is not None:
        if role not in ROLES:
            raise bad("X-Role", "unknown role")
        if role != user.role and (user.role != "admin" or role != "clerk"):
            raise ApiError(403, "role not allowed")
    g.role = role or user.role
    g.user = user
    return user


def current_role():
    current_user()
    return g.role


def require(*roles):
    user = current_user()
    if g.role not in roles:
        raise ApiError(403, "not allowed")
    return user


def is_staff():
    return current_role() in ("clerk", "admin")


def language():
    header = request.headers.get("Accept-Language")
    if header:
        wanted = header.split(",")[0].split(";")[0].strip()[:2].lower()
        if wanted in LANGUAGES:
            return wanted
    user = current_user()
    return user.language or "en"


# -- settings ------------------------------------------------------------------

def setting(key):
    return Session.execute(
        Setting.__table__.select().where(Setting.key == key)).one().value


def today():
    return dt.date.fromisoformat(setting("today"))


def now():
    return dt.datetime.fromisoformat(setting("now"))


# -- parameters ----------------------------------------------------------------

def int_arg(name, default=None, low=None):
    raw = request.args.get(name)
    if raw is None or raw == "":
        return default
    try:
        value = int(raw)
    except ValueError:
        raise bad(name)
    if low is not None and value < low:
        raise bad(name, f"must be at least {low}")
    if abs(value) > MAX_INT:
        raise bad(name, "too large")
    return value


def decimal_arg(name):
    raw = request.args.get(name)
    if raw is None or raw == "":
        return None
    try:
        value = Decimal(raw)
    except InvalidOperation:
        raise bad(name)
    if not value.is_finite() or abs(value) > MAX_INT:
        raise bad(name)
    return value


def date_arg(name, default=None):
    raw = request.args.get(name)
    if raw is None or raw == "":
        return default
    try:
        value = dt.date.fromisoformat(raw)
    except ValueError:
        raise bad(name)
    if not 1900 <= value.year < 3000:
        raise bad(name)
    return value


def bool_arg(name):
    raw = request.args.get(name, "").lower()
    if raw == "":
        return None
    if raw in ("1", "true", "yes"):
        return True
    if raw in ("0", "false", "no"):
        return False
    raise bad(name)


def list_arg(name, allowed=None):
    """Comma-separated list; None when the parameter is missing or names nothing."""
    raw = request.args.get(name)
    if raw is None:
        return None
    values = [v.strip() for v in raw.split(",") if v.strip()]
    if allowed is not None:
        for value in values:
            if value not in allowed:
                raise bad(name, f"unknown value {value}")
    return values or None


def sort_arg(allowed, default):
    raw = request.args.get("sort") or default
    descending = raw.startswith("-")
    field = raw[1:] if descending else raw
    if field not in allowed:
        raise bad("sort")
    return field, descending


def page_args(default_size=20):
    page = int_arg("page", 1, low=1)
    size = int_arg("page_size", default_size, low=1)
    return page, min(size, MAX_PAGE_SIZE)


def json_body():
    body = request.get_json(silent=True)
    if not isinstance(body, dict):
        raise ApiError(400, "JSON object expected")
    return body


# -- answers -------------------------------------------------------------------

def respond(payload, status=200, headers=None):
    body = json.dumps(payload, ensure_ascii=False)
    response = Response(body, status=status, content_type="application/json; charset=utf-8")
    for name, value in (headers or {}).items():
        response.headers[name] = value
    return response


def respond_with_etag(payload):
    digest = hashlib.sha1(json.dumps(payload, sort_keys=True).encode()).hexdigest()[:20]
    if request.if_none_match.contains(digest):
        response = Response(status=304)
    else:
        response = respond(payload)
    response.set_etag(digest)
    response.headers["Cache-Control"] = "private, max-age=0"
    return response


def page_link(page):
    args = [(k, v) for k, v in request.args.items(multi=True) if k != "page"]
    return f"{request.path}?{urlencode(args + [('page', page)])}"


def page_headers(page, size, total):
    links = []
    if page > 1:
        links.append(f'<{page_link(page - 1)}>; rel="prev"')
    if page * size < total:
        links.append(f'<{page_link(page + 1)}>; rel="next"')
    headers = {"X-Total-Count": str(total), "X-Page": str(page)}
    if links:
        headers["Link"] = ", ".join(links)
    return headers
