"""Authentication by the gateway's X-User header, and the language of an answer."""
from functools import wraps

from flask import g, request

from .db import get_session
from .http import ApiError
from .models import LANGUAGES, Handler


def load_user():
    raw = request.headers.get("X-User", "").strip()
    if not raw:
        raise ApiError(401, "missing_user", "X-User header is required")
    if not raw.isascii() or not raw.isdecimal() or len(raw) > 9:
        raise ApiError(401, "bad_user", "X-User must be a number")
    user = get_session().get(Handler, int(raw))
    if user is None:
        raise ApiError(401, "unknown_user", "no such user")
    if not user.active:
        raise ApiError(403, "inactive_user", "the account is locked")
    return user


def require_user(*roles):
    def decorate(view):
        @wraps(view)
        def wrapper(*args, **kwargs):
            user = load_user()
            if roles and user.role not in roles:
                raise ApiError(403, "forbidden", "not allowed for role " + user.role)
            g.user = user
            return view(*args, **kwargs)

        return wrapper

    return decorate


def current_language():
    """X-Language wins, then the user's own language, then English."""
    wanted = request.headers.get("X-Language", "").strip().lower()[:2]
    if wanted in LANGUAGES:
        return wanted
    user = g.get("user")
    if user is not None and user.language:
        return user.language
    return "en"
