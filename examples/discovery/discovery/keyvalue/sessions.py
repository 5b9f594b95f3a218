"""Sessions of the site's visitors: who somebody is travels in a signed cookie, the rest lies in the store.

`flask.session["token"]` and the like go into the cookie and survive whatever happens to the store;
`flask.session.notes["last_search"]` is what may be lost.
"""

from __future__ import annotations

import json
import secrets
from typing import Any

from flask import Flask, Request, Response
from flask.sessions import SecureCookieSession, SecureCookieSessionInterface, SessionMixin

from discovery import settings
from discovery.keyvalue.client import Store

COOKIE = "discovery_session"
SHELF = "shelf"  # the cookie's key that names the visitor's place in the store
SECONDS = 86_400  # for which notes are kept after they were last written
LARGEST = 20_000  # bytes of notes


class SiteSession(SecureCookieSession):
    """The content of the cookie, and `notes`: anything JSON can hold, read from the store when first asked for."""

    store: Store
    _notes: dict[str, Any] | None = None
    _before = "{}"

    @property
    def notes(self) -> dict[str, Any]:
        """What the store holds for the visitor; {} when it does not answer."""
        if self._notes is None:
            kept = None
            if SHELF in self:
                kept = self.store.ask(lambda client: client.get(self._place()))
            self._before = kept.decode() if kept else "{}"
            self._notes = dict(json.loads(self._before))
        return self._notes

    def write_notes(self) -> None:
        """Puts changed notes into the store, if it answers and they are not too large."""
        if self._notes is None:
            return
        text = json.dumps(self._notes)
        if text == self._before or len(text) > LARGEST:
            return
        if SHELF not in self:
            self[SHELF] = secrets.token_urlsafe(16)
        place = self._place()
        self.store.ask(lambda client: client.set(place, text, ex=SECONDS))

    def _place(self) -> str:
        return f"{self.store.prefix}session:{self[SHELF]}"


class SiteSessions(SecureCookieSessionInterface):
    """Flask's own signed cookie, with notes."""

    session_class = SiteSession

    def __init__(self, store: Store) -> None:
        self._store = store

    def open_session(self, app: Flask, request: Request) -> SiteSession | None:
        """The visitor's session; a cookie that is not ours counts as none. The store is not asked yet."""
        session = super().open_session(app, request)
        if isinstance(session, SiteSession):
            session.store = self._store
            return session
        return None

    def save_session(self, app: Flask, session: SessionMixin, response: Response) -> None:
        """Writes notes and cookie where they have changed."""
        if isinstance(session, SiteSession):
            session.write_notes()
        super().save_session(app, session, response)


def install(app: Flask, known: Store) -> None:
    """Gives the application its sessions."""
    app.secret_key = settings.session_secret()
    app.config.update(SESSION_COOKIE_NAME=COOKIE, SESSION_COOKIE_HTTPONLY=True, SESSION_COOKIE_SAMESITE="Lax")
    app.session_interface = SiteSessions(known)
