"""Who is at the site: what the signed cookie carries, and what the key-value store holds beside it."""

from __future__ import annotations

import secrets
import time
from dataclasses import dataclass
from typing import Any

from flask import g, session

ADMIN = "admin:"


@dataclass(frozen=True, slots=True)
class Person:
    """The user who is logged in, as `/v1/me` told at that time."""

    id: int
    name: str
    scopes: frozenset[str]

    @property
    def initials(self) -> str:
        """Of the first and the last name."""
        parts = self.name.split() or ["?"]
        return (parts[0][0] + parts[-1][0] if len(parts) > 1 else parts[0][0]).upper()

    @property
    def administers(self) -> bool:
        """Whether any of the administrators' pages is for this user."""
        return any(scope.startswith(ADMIN) for scope in self.scopes)


class Visit:
    """One request's view of the session. The cookie alone is enough to stay logged in."""

    def __init__(self) -> None:
        token = session.get("token")
        expired = float(session.get("until", 0)) <= time.time()
        self.token: str | None = token if isinstance(token, str) and not expired else None

    @property
    def person(self) -> Person | None:
        """Who is logged in, None for nobody."""
        if self.token is None:
            return None
        return Person(session["id"], session["name"], frozenset(session["scopes"]))

    @property
    def csrf(self) -> str:
        """The word that every form of this session must send back."""
        if "csrf" not in session:
            session["csrf"] = secrets.token_urlsafe(24)
        return str(session["csrf"])

    def log_in(self, token: str, seconds: int) -> None:
        """Take the token; the session's word for forms is a new one."""
        session.clear()
        session["token"], session["until"] = token, time.time() + seconds
        self.token = token

    def introduce(self, me: dict[str, Any]) -> None:
        """Remember what `/v1/me` says: no page needs to ask for it again."""
        everywhere = sorted({right["scope"] for right in me["permissions"] if right["location_id"] is None})
        session["id"], session["name"], session["scopes"] = me["id"], me["name"], everywhere

    def log_out(self) -> None:
        """Forget everything."""
        session.clear()
        self.token = None


def current_visit() -> Visit:
    """The visit of this request."""
    if "visit" not in g:
        g.visit = Visit()
    visit: Visit = g.visit
    return visit
