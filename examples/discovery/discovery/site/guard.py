"""What holds for every page: the browser's rules for it, the word that forms send back, and errors as pages."""

from __future__ import annotations

import hmac
from typing import NoReturn

from flask import Blueprint, Response, redirect, render_template, request, url_for
from werkzeug.exceptions import Forbidden, HTTPException, Unauthorized
from werkzeug.wrappers import Response as AnyResponse

from discovery.site.visit import current_visit

HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; form-action 'self'; "
        "base-uri 'none'; frame-ancestors 'none'"
    ),
    "Referrer-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
    "Permissions-Policy": "geolocation=(self)",
}
CSRF_FIELD = "csrf"
LARGEST_FORM = 100_000  # bytes


def protect(site: Blueprint) -> None:
    """Adds the checks and the headers to all pages of the blueprint."""
    site.before_request(check_form)
    site.after_request(add_headers)
    site.register_error_handler(Unauthorized, ask_to_log_in)
    site.register_error_handler(HTTPException, show_error)


def check_form() -> None:
    """Refuses a form that does not come from a page of this session."""
    request.max_content_length = LARGEST_FORM
    if request.method in ("GET", "HEAD", "OPTIONS"):
        return
    sent = request.form.get(CSRF_FIELD, "")
    if not hmac.compare_digest(sent.encode("utf-8", "replace"), current_visit().csrf.encode()):
        raise Forbidden("The form is too old or came from elsewhere. Go back, reload the page and send it again.")


def add_headers(response: Response) -> Response:
    """The browser's rules; pages are a person's own and are kept by no cache."""
    for name, value in HEADERS.items():
        response.headers.setdefault(name, value)
    if response.mimetype == "text/html":
        response.headers["Cache-Control"] = "no-store"
    return response


def ask_to_log_in(error: Unauthorized) -> AnyResponse:
    """To the login page, and back to this one afterwards."""
    del error
    back = request.full_path.rstrip("?") if request.method == "GET" else "/"
    return redirect(url_for("site.login", next=back), 303)


def show_error(error: HTTPException) -> tuple[str, int] | HTTPException:
    """A page that says what went wrong; redirects go through."""
    if error.code is None or error.code < 400:
        return error
    return render_template("site/error.html", status=error.code, name=error.name, text=error.description), error.code


def own_path(path: str | None) -> str:
    """Where to go after logging in: a path of this site, else the first page."""
    if path and path.startswith("/") and not path.startswith(("//", "/\\")) and "\n" not in path and "\r" not in path:
        return path
    return "/"


def refuse(status: int, message: str) -> NoReturn:
    """Raises the error page for what the API answered."""
    error = HTTPException(message)
    error.code = status
    raise error
