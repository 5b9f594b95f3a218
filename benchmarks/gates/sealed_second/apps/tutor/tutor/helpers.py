"""Parsing of parameters, identity, and the shapes of answers."""
import hashlib
import json
from datetime import date, timezone
from decimal import Decimal, InvalidOperation
from urllib.parse import urlencode

from flask import Response, g, request

from . import repo, settings

LANGUAGES = ("en", "de", "fr")
TRUE_WORDS = ("1", "true", "yes")
FALSE_WORDS = ("0", "false", "no")
BIGGEST = 2**31 - 1


class ApiError(Exception):
    def __init__(self, status, message, **extra):
        super().__init__(message)
        self.status = status
        self.message = message
        self.extra = extra


def handle_api_error(error):
    return reply({"error": error.message, **error.extra}, error.status)


# parameters -----------------------------------------------------------------


def arg_text(name, default=None):
    value = request.args.get(name, "").strip()
    return value if value else default


def arg_int(name, default=None, low=None, high=None):
    text = arg_text(name)
    if text is None:
        return default
    try:
        value = int(text)
    except ValueError:
        raise ApiError(400, f"{name} must be a whole number")
    if abs(value) > BIGGEST:
        raise ApiError(400, f"{name} is too large")
    if low is not None and value < low:
        raise ApiError(400, f"{name} must be at least {low}")
    if high is not None and value > high:
        raise ApiError(400, f"{name} must be at most {high}")
    return value


def arg_decimal(name):
    text = arg_text(name)
    if text is None:
        return None
    try:
        value = Decimal(text)
    except InvalidOperation:
        raise ApiError(400, f"{name} must be a number")
    if not value.is_finite() or abs(value) > 10**12:
        raise ApiError(400, f"{name} is out of range")
    return value


def arg_date(name, default=None):
    text = arg_text(name)
    if text is None:
        return default
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise ApiError(400, f"{name} must be a date")


def arg_bool(name):
    text = arg_text(name)
    if text is None:
        return None
    if text.lower() in TRUE_WORDS:
        return True
    if text.lower() in FALSE_WORDS:
        return False
    raise ApiError(400, f"{name} must be true or false")


def arg_list(name):
    """Comma-separated words; an empty list where the parameter is missing."""
    words = []
    for part in request.args.getlist(name):
        for word in part.split(","):
            word = word.strip()
            if word and word not in words:
                words.append(word)
    return words


def arg_int_list(name):
    numbers = []
    for word in arg_list(name):
        if not word.isascii() or not word.isdigit() or int(word) > BIGGEST:
            raise ApiError(400, f"{name} must be a list of ids")
        numbers.append(int(word))
    return numbers


def arg_choice(name, choices, default):
    text = arg_text(name, default)
    if text not in choices:
        raise ApiError(400, f"{name} must be one of {', '.join(choices)}")
    return text


def paging():
    page = arg_int("page", 1, low=1)
    size = arg_int("page_size", settings.number("page_size", 20), low=1)
    return page, min(size, settings.number("page_size_max", 100))


def body():
    data = request.get_json(silent=True)
    if not isinstance(data, dict):
        raise ApiError(400, "a JSON object is needed")
    return data


def body_id(data, name):
    value = data.get(name)
    if isinstance(value, bool) or not isinstance(value, int) or not 0 < value <= BIGGEST:
        raise ApiError(422, f"{name} must be an id")
    return value


# identity -------------------------------------------------------------------


def current_user():
    if "user" not in g:
        text = request.headers.get("X-User", "").strip()
        if not text:
            raise ApiError(401, "X-User is missing")
        if not text.isascii() or not text.isdigit() or int(text) > BIGGEST:
            raise ApiError(400, "X-User must be an id")
        user = repo.find_user(int(text))
        if user is None:
            raise ApiError(401, "unknown user")
        g.user = user
    return g.user


def require(*roles):
    user = current_user()
    if user.role not in roles:
        raise ApiError(403, "not allowed")
    return user


def language(user=None):
    wanted = request.headers.get("X-Language", "").strip().lower()
    if wanted in LANGUAGES:
        return wanted
    if user is not None and user.language is not None:
        return user.language
    return settings.get("language", "en")


# answers --------------------------------------------------------------------


def money(value):
    return None if value is None else f"{value:.2f}"


def day(value):
    return None if value is None else value.isoformat()


def stamp(value):
    if value is None:
        return None
    return value.astimezone(timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")


def reply(data, status=200, headers=None):
    text = json.dumps(data, ensure_ascii=False, sort_keys=True)
    response = Response(text, status=status, content_type="application/json; charset=utf-8")
    for name, value in (headers or {}).items():
        response.headers[name] = value
    return response


def reply_tagged(data, headers=None):
    """An answer with an ETag; 304 where the caller has it already."""
    response = reply(data, headers=headers)
    tag = hashlib.sha1(response.get_data()).hexdigest()[:20]
    response.set_etag(tag)
    response.headers["Cache-Control"] = "private, no-cache"
    if request.if_none_match.contains(tag):
        response.status_code = 304
        response.set_data(b"")
    return response


def reply_page(items, total, page, size, **extra):
    headers = {"X-Total-Count": str(total)}
    links = []
    if page > 1:
        links.append(f'<{page_url(page - 1)}>; rel="prev"')
    if page * size < total:
        links.append(f'<{page_url(page + 1)}>; rel="next"')
    if links:
        headers["Link"] = ", ".join(links)
    return reply({"items": items, "page": page, "page_size": size, "total": total, **extra}, headers=headers)


def page_url(page):
    arguments = [(name, value) for name, value in request.args.items(multi=True) if name != "page"]
    arguments.append(("page", page))
    return f"{request.path}?{urlencode(arguments)}"
