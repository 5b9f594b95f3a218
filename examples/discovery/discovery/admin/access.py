"""Who may administer: a valid token, and a permission for all locations among the rows of `permissions`."""

from __future__ import annotations

from collections.abc import Callable

from flask import request
from sqlalchemy import Engine, Exists, exists, select
from sqlalchemy.orm import Session

from discovery.errors import Forbidden
from discovery.models import Permission, User
from discovery.tokens import TokenVerifier

INVENTORY = "admin:inventory"
HOLIDAYS = "admin:holidays"
CONFIG = "admin:config"


def requires(scope: str, engine: Engine, tokens: TokenVerifier) -> Callable[[], None]:
    """A check to run before each request of a blueprint, so that none of its endpoints can go without it.

    It raises Unauthorized (401) without a valid token, Forbidden (403) without the scope.
    """

    def check() -> None:
        user_id = tokens.required_user_id(request.headers.get("Authorization"))
        with Session(engine) as session:
            if not session.scalar(select(may(user_id, scope))):
                raise Forbidden(f"This needs the permission {scope}.")

    return check


def may(user_id: int, scope: str) -> Exists:
    """The condition that an existing user holds a scope for all locations."""
    return exists().where(
        User.id == user_id,
        Permission.user_id == User.id,
        Permission.scope == scope,
        Permission.location_id.is_(None),
    )
