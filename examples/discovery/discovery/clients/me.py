"""`GET /v1/me`: whose the token is, and what that user may do."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, request
from sqlalchemy import Engine, select
from sqlalchemy.orm import Session

from discovery.errors import Forbidden
from discovery.models import Permission, User
from discovery.tokens import TokenVerifier


def me_blueprint(engine: Engine, tokens: TokenVerifier) -> Blueprint:
    """The endpoint; the e-mail address is not part of the answer, clients have no use for it."""
    blueprint = Blueprint("me", __name__)

    @blueprint.get("/v1/me")
    def me() -> dict[str, Any]:
        user_id = tokens.required_user_id(request.headers.get("Authorization"))
        with Session(engine) as session:
            user = session.get(User, user_id)
            if user is None:
                raise Forbidden("The user is unknown.")
            rights = session.execute(
                select(Permission.scope, Permission.location_id)
                .where(Permission.user_id == user_id)
                .order_by(Permission.scope, Permission.location_id.nulls_first(), Permission.id)
            )
            return {
                "id": user.id,
                "name": user.name,
                "plan": user.plan,
                "company": user.company,
                "permissions": [{"scope": scope, "location_id": location_id} for scope, location_id in rights],
            }

    return blueprint
