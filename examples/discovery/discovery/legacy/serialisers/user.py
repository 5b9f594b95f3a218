"""Users."""

from typing import Any

from discovery.models import User


def serialise_user(user: User) -> dict[str, Any]:
    """The user's own account."""
    return {"id": user.id, "name": user.name, "plan": user.plan, "company": user.company}
