"""Reading and checking of query parameters, bodies and the headers we care about."""
import hashlib
import json
from datetime import date, datetime, timezone
from decimal import Decimal, InvalidOperation
from urllib.parse import urlencode

from flask import g, jsonify, request

from . import config
from .errors import Forbidden, Invalid, Unauthorized
from .models import User


def text_arg(name, default=None):
    value = request.args.get(name)
    return default if value is None else value.strip()


def int_arg(name, default=None, minimum=None, maximum=None):
    raw = request.args.get(name)
    if raw is None or raw.strip() == "":
        return default
    try:
        value = int(raw)
    except ValueError:
        raise Invalid(f"{name} must be an integer", field=name)
    if minimum is not None and value < minimum:
        raise Invalid(f"{name} must be at least {minimum}", field=name)
    if maximum is not None and value > maximum:
        raise Invalid(f"{name} must be at most {maximum}", field=name)
    return value


def decimal_arg(name, default=None):
    raw = request.args.get(name)
    if raw is None or raw.strip() == "":
        return default
    try:
        value = Decimal(raw.strip())
    except InvalidOperation:
        raise Invalid(f"{name} must be a number", field=name)
    if not value.is_finite() or abs(value) >= Decimal("1e10"):
        raise Invalid(f"{name} is out of range", field=name)
    return value


def date_arg(name, default=None):
    raw = request.args.get(name)
    if raw is None or raw.strip() == "":
        return default
    try:
        return datetime.strptime(raw.strip(), "%Y-%m-%d").date()
    except ValueError:
        raise Invalid(f"{name} must be a date (YYYY-MM-DD)", field=name)


def bool_arg(name, default=None):
    raw = request.args.get(name)
    if raw is None or raw.strip() == "":
        return default
    lowered = raw.strip().lower()
    if lowered in ("1", "true", "yes"):
        return True
    if lowered in ("0", "false", "no"):
        return False
    raise Invalid(f"{name} must be true or false", field=name)


def list_arg(name, allowed=None):
    """A comma-separated list; empty parts are dropped, None when absent or empty."""
    raw = request.args.get(name)
    if raw is None:
        return None
    parts = [part.strip() for part in raw.split(",") if part.strip()]
    for part in parts:
        if allowed is not None and part not in allowed:
            raise Invalid(f"unknown {name}: {part}", field=name)
    return parts or None


def choice_arg(name, allowed, default):
    value = text_arg(name)
    if not value:
        return default
    if value not in allowed:
        raise Invalid(f"{name} must be one of {', '.join(allowed)}", field=name)
    return value


class Page:
    def __init__(self, number, size):
        self.number = number
        self.size = size

    @property
    def offset(self):
        return (self.number - 1) * self.size

    def cut(self, items):
        return items[self.offset:self.offset + self.size]

    def link_header(self, total):
        args = request.args.to_dict()
        links = []
        last = max(1, -(-total // self.size))
        for rel, number in (("prev", self.number - 1), ("next", self.number + 1)):
            if 1 <= number <= last:
                args["page"] = number
                links.append(f'<{request.path}?{urlencode(sorted(args.items()))}>; rel="{rel}"')
        return ", ".join(links)


def page_args():
    number = int_arg("page", 1, minimum=1, maximum=config.MAX_PAGE)
    size = int_arg("page_size", config.PAGE_SIZE, minimum=1)
    return Page(number, min(size, config.MAX_PAGE_SIZE))


def paged(items, page, total, **extra):
    response = jsonify({"items": items, "page": page.number, "page_size": page.size, "total": total, **extra})
    response.headers["X-Total-Count"] = str(total)
    link = page.link_header(total)
    if link:
        response.headers["Link"] = link
    return response


def json_body():
    body = request.get_json(silent=True)
    if not isinstance(body, dict):
        raise Invalid("a JSON object is needed")
    return body


def language():
    wanted = request.headers.get("X-Language", "").strip().lower()
    return wanted if wanted in config.LANGUAGES else config.DEFAULT_LANGUAGE


def current_user(required=True):
    raw = request.headers.get("X-User", "").strip()
    user = None
    if raw.isdecimal() and raw.isascii() and len(raw) < 10:
        user = g.session.get(User, int(raw))
    if user is None and required:
        raise Unauthorized("a known X-User is needed")
    return user


def require_role(*roles):
    user = current_user()
    if user.role not in roles:
        raise Forbidden(f"{user.role} may not do this")
    return user


def etag_of(payload):
    text = json.dumps(payload, sort_keys=True, ensure_ascii=False)
    return hashlib.sha1(text.encode()).hexdigest()[:20]


def parse_datetime(value, name):
    if not isinstance(value, str):
        raise Invalid(f"{name} must be a datetime", field=name)
    try:
        parsed = datetime.fromisoformat(value)
    except ValueError:
        raise Invalid(f"{name} must be a datetime", field=name)
    if parsed.tzinfo is None:
        parsed = parsed.replace(tzinfo=timezone.utc)
    return parsed


def day_start(day: date):
    return datetime(day.year, day.month, day.day, tzinfo=timezone.utc)
