"""`/login` and `/logout`."""

from __future__ import annotations

import http.client
import json
from typing import Any
from urllib.parse import urlsplit

from flask import Blueprint, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from discovery import settings
from discovery.site import api, notices
from discovery.site.guard import own_path
from discovery.site.visit import current_visit

TIMEOUT = 3.0  # seconds for the auth service
LONGEST = 200  # characters


def add_to(site: Blueprint) -> None:
    """Adds the pages."""
    site.add_url_rule("/login", "login", login)
    site.add_url_rule("/login", "send_login", send_login, methods=["POST"])
    site.add_url_rule("/logout", "logout", logout, methods=["POST"])


def login() -> str | Response:
    """The form."""
    back = own_path(request.args.get("next"))
    if current_visit().person:
        return redirect(back, 303)
    return render_template("site/login.html", back=back, email="", problem=None)


def send_login() -> str | tuple[str, int] | Response:
    """Exchange address and password for a token at the auth service."""
    email, back = request.form.get("email", "").strip()[:LONGEST], own_path(request.form.get("next"))
    try:
        status, content = exchange(email, request.form.get("password", "")[:LONGEST])
    except (OSError, ValueError, http.client.HTTPException):
        problem = "Logging in does not work at the moment. Searching does; please try again in a few minutes."
        return render_template("site/login.html", back=back, email=email, problem=problem), 503
    if status != 200:
        problem = "The e-mail address or the password is wrong."
        return render_template("site/login.html", back=back, email=email, problem=problem), 400
    visit = current_visit()
    visit.log_in(content["token"], int(content["expires_in"]))
    me = api.get("/v1/me")
    if not me.ok:
        visit.log_out()
        return render_template("site/login.html", back=back, email=email, problem=me.error["message"]), me.status
    visit.introduce(me.content)
    return redirect(back, 303)


def exchange(email: str, password: str) -> tuple[int, dict[str, Any]]:
    """The auth service's status and JSON; raises OSError, ValueError or HTTPException when it gives none."""
    url = settings.auth_url()
    if url is None:
        raise OSError("nobody says where the auth service is")
    connection = http.client.HTTPConnection(urlsplit(url).netloc, timeout=TIMEOUT)
    try:
        connection.request(
            "POST", "/token", json.dumps({"email": email, "password": password}), {"Content-Type": "application/json"}
        )
        response = connection.getresponse()
        content = json.loads(response.read())
    finally:
        connection.close()
    if not isinstance(content, dict):
        raise ValueError("the auth service did not answer with an object")
    return response.status, content


def logout() -> Response:
    """Forget the token."""
    current_visit().log_out()
    notices.say("You are logged out.")
    return redirect(url_for("site.search"), 303)
